"""Changes a crawling process from outside: it runs some lines before its own, so that a test need not wait, or goes
without a guard. The program has no setting for it."""

from pathlib import Path

_HEAD = "import sys\nif 'chengqing.crawl.child' in sys.orig_argv:\n"
IMPATIENT = "import spiders.settings\nspiders.settings.settings.__kwdefaults__['timeout'] = 1.0"
"""A host is given one second to answer in place of twenty."""
UNGUARDED = "import chengqing.crawl.work\nchengqing.crawl.work.CrawlWork._breakers = lambda *_: []"
"""Nothing is ever left alone."""


def patched(folder: Path, lines: str) -> dict[str, str]:
    """Variables of the environment under which processes that crawl run ``lines`` first; ``folder`` is made."""
    folder.mkdir()
    indented = "".join(f"    {line}\n" for line in lines.splitlines())
    (folder / "sitecustomize.py").write_text(_HEAD + indented, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}
