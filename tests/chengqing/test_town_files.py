"""The sample town's files: as real as its readers ask, the same every time, and nobody's."""

import hmac
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

import pytest

from chengqing.clock import CHINA
from chengqing.config import load_config
from chengqing.source import ContractFiles
from chengqing.town_files import TownFile, render
from pipelines.page import Article, Post
from spiders.article import ArticleReading
from spiders.article_json import read_article
from spiders.edge import Edge, clean_html
from spiders.ndjson import decode, lines
from spiders.wechat import read_freepublish, read_page
from spiders.weibo import StatusReading, read_status

END = datetime(2026, 8, 23, 7, 0, tzinfo=CHINA)
ROOT = Path(__file__).parents[2]
TOWN = ROOT / "chengqing" / "town"
CONFIG = TOWN / "config"
BYLINES = ("闻小满", "卢青禾", "简知秋", "陆听澜", "辛晚舟", "纪云帆")


@dataclass(frozen=True)
class Signer:
    """HMAC-SHA256 with a key that everybody knows."""

    epoch: str = "e0"

    def post(self, platform: str, post_id: str) -> bytes:
        return hmac.digest(b"test key", f"post/{platform}/{post_id}".encode(), "sha256")[:8]

    def account(self, platform: str, account: str) -> bytes:
        return hmac.digest(b"test key", f"account/{platform}/{account}".encode(), "sha256")[:16]


class Signers:
    """Serves every hour since 1970."""

    def at(self, hour: int) -> Signer | None:
        return Signer() if hour > 0 else None


def edge(source: str, organisation: str | None = None) -> Edge:
    return Edge(source, Signers(), END, organisation)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[TownFile, ...]:
    return render(tmp_path_factory.mktemp("town"), END)


def sample(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (TOWN / name).read_text("utf-8").splitlines()]


def records(file: TownFile) -> Iterator[dict[str, Any]]:
    with file.path.open("rb") as stream:
        for line in lines(stream):
            assert isinstance(line.record, dict), f"{file.path.name} line {line.number}: {line.record}"
            yield line.record


def moment(at: str) -> datetime:
    days, time = at.split()
    return datetime.combine(END.date() + timedelta(days=int(days)), clock.fromisoformat(time), CHINA)


def of(town: tuple[TownFile, ...], form: str) -> list[TownFile]:
    return [file for file in town if file.format == form]


def statuses(town: tuple[TownFile, ...]) -> list[dict[str, Any]]:
    (file,) = of(town, "weibo-status")
    return list(records(file))


def readings(town: tuple[TownFile, ...]) -> list[StatusReading]:
    return [read_status(status, edge("town-weibo")) for status in statuses(town)]


def saved(file: TownFile) -> list[ArticleReading]:
    """The readings of one file of an official account: a page, or an answer of the account API."""
    content, declared = file.path.read_bytes(), edge(file.source, "云岫发布")
    return read_freepublish(decode(content), declared) if content.startswith(b"{") else [read_page(content, declared)]


def pages(town: tuple[TownFile, ...]) -> list[ArticleReading]:
    return [reading for file in of(town, "wechat-html") for reading in saved(file)]


def app(town: tuple[TownFile, ...]) -> list[ArticleReading]:
    (file,) = of(town, "article-json")
    return [read_article(record, edge(file.source, "云岫通")) for record in records(file)]


def articles(found: list[ArticleReading]) -> list[Article]:
    return [reading.item for reading in found if isinstance(reading.item, Article)]


def bytes_of(town: tuple[TownFile, ...]) -> dict[str, bytes]:
    return {file.path.name: file.path.read_bytes() for file in town}


def test_counts_are_those_of_the_readme(town: tuple[TownFile, ...]) -> None:
    told = dict(re.findall(r"^\| `(\w+)\.jsonl` \| ([0-9]+) \|", (TOWN / "README.md").read_text("utf-8"), re.MULTILINE))

    assert told == {"posts": str(len(statuses(town))), "wechat": str(len(pages(town))), "app": str(len(app(town)))}


def test_every_status_is_read_but_those_that_must_not_be(town: tuple[TownFile, ...]) -> None:
    found = readings(town)
    kinds = Counter(item if isinstance(item := reading.item, str) else type(item).__name__ for reading in found)

    assert kinds == {"Post": 650, "Article": 9, "not_public": 7, "too_old": 5}
    assert {reading.fault for reading in found} == {None}
    assert {name for reading in found for name in reading.unknown} == set()


def test_posts_are_of_330_accounts_and_every_repost_brings_its_parent(town: tuple[TownFile, ...]) -> None:
    people = {status["user"]["idstr"] for status in statuses(town) if status["user"]["verified_type"] < 1}
    reposts = [reading for reading in readings(town) if reading.quoted is not None]

    assert len(people) == 330
    assert len(reposts) == 25
    assert all(isinstance(reading.item, Post) and isinstance(reading.quoted, Post) for reading in reposts)
    originals = {reading.item.token for reading in readings(town) if isinstance(reading.item, Post)}
    assert {reading.quoted.token for reading in reposts if isinstance(reading.quoted, Post)} <= originals


def test_statuses_run_in_the_order_of_time_and_carry_the_towns_words(town: tuple[TownFile, ...]) -> None:
    found = statuses(town)
    when = [datetime.strptime(status["created_at"], "%a %b %d %H:%M:%S %z %Y") for status in found]

    assert when == sorted(when)
    assert max(when) < END
    assert len({status["mid"] for status in found}) == len(found)
    words = {reading.item.text for reading in readings(town) if isinstance(reading.item, Post)}
    told = {post["text"] for post in sample("posts.jsonl") if not {"org", "visible", "deleted", "late"} & post.keys()}
    assert words == (told | {""}) - {"转发微博"}


def test_long_posts_are_cut_and_read_whole(town: tuple[TownFile, ...]) -> None:
    long = [status for status in statuses(town) if status["isLongText"]]

    assert len(long) == 3
    for status in long:
        item = read_status(status, edge("town-weibo")).item
        assert status["text"] == status["longText"]["longTextContent"][:140] + "…全文"
        assert isinstance(item, Post)
        assert item.text == status["longText"]["longTextContent"]


def test_verified_bodies_are_organisations_and_well_known_people_are_not(town: tuple[TownFile, ...]) -> None:
    outlets = {reading.item.outlet for reading in readings(town) if isinstance(reading.item, Article)}
    celebrities = [status for status in statuses(town) if status["user"]["verified_type"] == 0]

    assert outlets == {"云岫发布", "云岫融媒", "云岫区疾控中心", "云岫公安分局反诈中心"}
    assert celebrities
    assert all(isinstance(read_status(status, edge("town-weibo")).item, Post) for status in celebrities)


def test_every_page_is_its_article_or_the_notice_that_the_town_tells(town: tuple[TownFile, ...]) -> None:
    told = sample("wechat.jsonl")
    whole = [line for line in told if line["state"] == "article"]
    found = pages(town)

    assert sorted((article.title, article.text, article.published) for article in articles(found)) == sorted(
        (line["title"], clean_html(line["html"]), moment(line["at"])) for line in whole
    )
    states = {"blocked": "blocked_by_platform"}
    assert Counter(reading.state for reading in found) == Counter(
        states.get(line["state"], line["state"]) for line in told
    )
    assert Counter(reading.fault for reading in found) == {None: 37, "not_an_article": 2}
    assert {name for reading in found for name in reading.unknown} == set()


def test_one_account_comes_from_the_account_api_and_nothing_twice(town: tuple[TownFile, ...]) -> None:
    (answer,) = (file for file in of(town, "wechat-html") if file.path.suffix == ".json")
    rest = [file for file in of(town, "wechat-html") if file.source == answer.source and file is not answer]

    assert len(articles(saved(answer))) == 9
    assert [saved(file)[0].state for file in rest] == ["client_only"]


def test_every_app_record_is_its_article(town: tuple[TownFile, ...]) -> None:
    told = sample("app.jsonl")
    found = app(town)

    assert {(reading.fault, reading.unknown) for reading in found} == {(None, frozenset())}
    assert [(article.title, article.text, article.published) for article in articles(found)] == [
        (line["title"], line["body"], moment(line["at"])) for line in told
    ]
    edited = [article.updated != article.published for article in articles(found)]
    assert edited == ["updated" in line for line in told]


def test_articles_have_keys_of_their_own_and_were_published_within_three_days(town: tuple[TownFile, ...]) -> None:
    found = articles(pages(town)) + articles(app(town))

    assert len({article.key for article in found}) == len(found) == 34 + 38
    assert all(article.link for article in found)
    assert all(timedelta(0) <= END - article.published <= timedelta(hours=72) for article in found)


def test_people_whom_articles_name_are_there_to_be_dropped(town: tuple[TownFile, ...]) -> None:
    raw = b"".join(bytes_of(town).values()).decode("utf-8")
    read = "".join(article.title + article.text for article in articles(pages(town)) + articles(app(town)))

    assert all(name in raw for name in BYLINES)
    assert not any(name in read for name in BYLINES)


def test_accounts_and_official_accounts_are_nobodys(town: tuple[TownFile, ...]) -> None:
    (file,) = of(town, "weibo-status")
    numbers = re.findall(r"(?<![0-9])[0-9]{10}(?![0-9])", file.path.read_text("utf-8"))
    found = "".join(page.path.read_text("utf-8") for page in of(town, "wechat-html"))
    accounts = set(re.findall(r'(?:__biz=|var biz = ")(.*?)(?:"|&)', found))

    assert len(set(numbers)) == 330 + 4
    assert all(number.startswith("999") for number in numbers)
    assert len(accounts) == 4
    assert all(account.endswith("0AAA==") for account in accounts)


def test_the_same_day_gives_the_same_bytes_and_another_day_other_ids(
    town: tuple[TownFile, ...], tmp_path: Path
) -> None:
    again = render(tmp_path / "again", END.astimezone(UTC))
    next_day = render(tmp_path / "next", END + timedelta(days=1))

    assert bytes_of(again) == bytes_of(town)
    assert len(bytes_of(town)) == len(town) == 1 + (39 - 8) + 1
    assert not {status["mid"] for status in statuses(next_day)} & {status["mid"] for status in statuses(town)}
    assert not {a.key for a in articles(pages(next_day))} & {a.key for a in articles(pages(town))}


def test_another_process_gives_the_same_bytes(town: tuple[TownFile, ...], tmp_path: Path) -> None:
    code = "import sys, datetime as d, pathlib as p, chengqing.town_files as t; "
    code += "t.render(p.Path(sys.argv[1]), d.datetime.fromisoformat(sys.argv[2]))"
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT), "LC_ALL": "C", "TZ": "America/Lima"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path), END.isoformat()], env=environment, check=True)

    written = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == bytes_of(town)


def test_an_end_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        render(tmp_path, END.replace(tzinfo=None))


def test_the_demo_declares_every_source_with_what_it_hands_over(town: tuple[TownFile, ...]) -> None:
    config = load_config(CONFIG)

    assert [region.name for region in config.regions] == ["yunxiu.toml"]
    assert {file.source: {file.format} for file in town} == {
        name: set(source.formats) for name, source in config.sources.items() if isinstance(source, ContractFiles)
    }
    assert all(source.stores(END.date()) for source in config.sources.values())
    assert len([source for source in config.sources.values() if source.organisation]) == 5


def test_articles_are_of_the_official_account_that_their_source_declares(town: tuple[TownFile, ...]) -> None:
    sources = load_config(CONFIG).sources

    for file in of(town, "wechat-html"):
        source = sources[file.source]
        assert isinstance(source, ContractFiles)
        assert {article.key.split(":")[1] for article in articles(saved(file))} <= set(source.biz)


def test_the_demos_region_is_the_one_that_ships() -> None:
    shipped = ROOT / "nlp" / "packs" / "regions" / "yunxiu.toml"

    assert (CONFIG / "regions" / "yunxiu.toml").read_bytes() == shipped.read_bytes()
