"""Lanes: what is asked of a source at each reading; for a search, shipped terms and counties alone (Bound 2)."""

from collections.abc import Mapping

from chengqing.fields import county_name
from chengqing.source import Crawled, WeiboSearch
from nlp.packs import Hazard, Packs

TERMS = 6
"""Terms of a hazard that are searched for: one that holds another adds nothing to it and is passed over."""


def lanes_of(source: Crawled, packs: Packs) -> tuple[str, ...]:
    """What is asked of the source at each reading."""
    return tuple(queries(source, packs.hazards)) if isinstance(source, WeiboSearch) else source.lanes()


def queries(source: WeiboSearch, hazards: Mapping[str, Hazard]) -> dict[str, str]:
    """The search behind every lane ``HAZARD.COUNTY.N``: a shipped term and a county's name (design, Bound 2)."""
    wanted = [h for h in hazards.values() if h.id in source.hazards or h.scope in source.hazards]
    return {
        f"{hazard.id}.{division}.{number}": f"{county_name(division)} {term}"
        for hazard in wanted
        for division in source.divisions
        for number, term in enumerate(search_terms(hazard))
    }


def hazard_of(lane: str) -> str:
    """The hazard of a search's lane."""
    return lane.split(".")[0]


def search_terms(hazard: Hazard) -> tuple[str, ...]:
    """The first terms of a hazard that find something that the ones before them don't."""
    chosen: list[str] = []
    for term in hazard.terms:
        if len(chosen) < TERMS and not any(other in term for other in chosen):
            chosen.append(term)
    return tuple(chosen)
