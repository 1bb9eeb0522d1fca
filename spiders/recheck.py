"""Asks once more for articles that stand here: one that its publisher took back goes here too (design, Bound 12).

A list only loses what was withdrawn, among all that it loses by age; the article's own address says so by 404 or 410.
"""

from urllib.parse import urlsplit

from pipelines.page import Article, Page, Reads
from spiders.conversation import Ask, Failure, Reply, Rule, Step, Task

LANE = "recheck"
_GONE = (404, 410)


class Recheck:
    """Looks at the articles of one publisher, one address after the other; ``resume`` is the number of the last."""

    official = False

    def __init__(self, rules: tuple[Rule, ...], organisation: str) -> None:
        self.rules = rules
        self._organisation = organisation

    def begin(self, task: Task) -> Ask:
        """The first address after the last that was looked at. Raises LookupError where there is none."""
        ask = self._after(task, int(task.resume or 0))
        if ask is None:
            raise LookupError("no article stands to be looked at")
        return ask

    def answer(self, task: Task, ask: Ask, reply: Reply) -> Step:
        """A page for every address: a tombstone where the article is gone, nothing where it stands."""
        number, key, link = ask.carry if isinstance(ask.carry, tuple) else (0, "", "")
        if reply.status not in (200, *_GONE):
            return Step(failure=Failure(kind="garbled"))
        then = self._after(task, number)
        page = Page(
            source=task.source,
            window=task.window,
            cursor=task.cursor + 1,
            resume=str(number),
            done=then is None,
            reads=Reads(),
            articles=(self._tombstone(task, key, link),) if reply.status in _GONE else (),
        )
        return Step(page=page, then=then)

    def _after(self, task: Task, number: int) -> Ask | None:
        for held in task.memory.held(number):
            parts = urlsplit(held.link)
            if any(rule.allows("GET", parts.netloc, parts.path or "/") for rule in self.rules):
                return Ask(url=held.link, carry=(held.number, held.key, held.link))
        return None

    def _tombstone(self, task: Task, key: str, link: str) -> Article:
        return Article(
            outlet=self._organisation, key=key, link=link, title="", text="", published=task.edge.now, status="deleted"
        )
