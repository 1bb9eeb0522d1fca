"""Words of a text, behind one small interface.

jieba's dictionary and semantics without its hidden Markov model, with the terms of the packs as further words. The Rust
implementation ``rjieba`` gives the same words many times faster; where no wheel of it exists, jieba itself serves, with
a tokenizer of our own: the module-level one is shared, logs at DEBUG and caches in the shared temporary folder.
"""

import logging
from collections.abc import Callable, Iterable
from functools import cache

from nlp.packs import load_packs

Cut = Callable[[str], list[str]]
"""Cuts a normalised text into words in order; their concatenation is the text."""
_FREQUENCY = 20_000
"""How often a user word counts as seen: more than its parts together, for every term of the packs."""


def fast(terms: Iterable[str]) -> Cut | None:
    """The Rust implementation with ``terms`` as user words, or None on platforms without a wheel of it."""
    try:
        from rjieba import Jieba
    except ImportError:  # pragma: no cover - platforms without a wheel
        return None
    tokenizer = Jieba()
    for term in terms:
        if not tokenizer.has_word(term):  # the two count a word's old frequency differently, which decides ties
            tokenizer.add_word(term, _FREQUENCY, None)
    return lambda text: tokenizer.cut(text, False)


def reference(terms: Iterable[str]) -> Cut:
    """jieba's own implementation with ``terms`` as user words: the reference that the fast path must equal."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.cache_file = None
    # The dictionary is built in memory: jieba's cache is a marshal file in a shared folder.
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    for term in terms:
        if not tokenizer.FREQ.get(term):
            tokenizer.add_word(term, _FREQUENCY)
    return lambda text: tokenizer.lcut(text, HMM=False)


def user_words() -> tuple[str, ...]:
    """All terms of the packs, sorted: the order in which both implementations are told of them."""
    return tuple(sorted({term for hazard in load_packs().hazards.values() for term in hazard.terms}))


@cache
def _shipped() -> Cut:
    terms = user_words()
    return fast(terms) or reference(terms)


def words(text: str) -> list[str]:
    """Words of a normalised text in order, by the fastest implementation at hand."""
    return _shipped()(text)
