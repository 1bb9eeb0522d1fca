"""What one answer of a source came to, on its way into a page: texts, counts, closed words."""

from collections import Counter
from collections.abc import Iterable

from pipelines.page import Article, Fault, Known, Page, Post, Problem, Reads, Reason
from spiders.conversation import Task


class Harvest:
    """Collects readings and counts every one of them, as an import does: read = dropped + handed on."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """``names`` are unknown fields of the answer itself."""
        self._items: list[Post | Article] = []
        self._read = 0
        self._dropped: Counter[Reason] = Counter()
        self._quoted_read = 0
        self._quoted_dropped: Counter[Reason] = Counter()
        self._problems: list[Problem] = []
        self._unknown = Counter(names)

    def add(
        self, number: int, item: Post | Article | Reason, fault: Fault | None = None, names: Iterable[str] = ()
    ) -> None:
        """Take the reading of the answer's record ``number``, from 1; ``names`` are its unknown fields."""
        self._read += 1
        self._unknown.update(names)
        if fault is not None:
            self._problems.append(Problem(number, fault))
        if isinstance(item, str):
            self._dropped[item] += 1
        else:
            self._items.append(item)

    def add_quoted(self, item: Post | Article | Reason) -> None:
        """Take a parent that was met inside a repost: it is counted apart."""
        self._quoted_read += 1
        if isinstance(item, str):
            self._quoted_dropped[item] += 1
        else:
            self._items.append(item)

    def page(self, task: Task, *, resume: str, done: bool, known: Iterable[Known] = ()) -> Page:
        """The page of the answer, the next one of its window."""
        return Page(
            source=task.source,
            window=task.window,
            cursor=task.cursor + 1,
            resume=resume,
            done=done,
            reads=Reads(
                read=self._read,
                dropped=dict(self._dropped),
                quoted_read=self._quoted_read,
                quoted_dropped=dict(self._quoted_dropped),
            ),
            posts=tuple(item for item in self._items if isinstance(item, Post)),
            articles=tuple(item for item in self._items if isinstance(item, Article)),
            known=tuple(known),
            problems=tuple(self._problems),
            unknown=dict(self._unknown),
        )
