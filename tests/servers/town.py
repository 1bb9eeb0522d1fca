"""Serves the sample town: every source of ``chengqing/town/live`` by the stand-in that speaks its form.

    python -m tests.servers.town COMMAND…

starts the servers, runs the command with their addresses in ``CHENGQING_TOWN``, stops them, and ends as it ended.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chengqing import demo, town_files
from chengqing.clock import CHINA
from tests.servers.running import Running, start

TOWN = Path(town_files.__file__).with_name("town")
COUNTY = "云岫区"
OUTLETS = {"rongmei": "云岫融媒", "jikong": "云岫区疾控中心", "wanbao": "澜州晚报"}
"""Servers of outlets that publish on a site of their own, and their names in the town."""
_PARAGRAPH = re.compile("<p>(.*?)</p>", re.DOTALL)
_SETTLED = timedelta(minutes=5)


@contextmanager
def town(end: datetime) -> Iterator[Mapping[str, Running]]:
    """The town's servers by name, while the block lasts; its data end at ``end``."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        files = {file.source: file.path for file in town_files.render(folder, end)}
        weibo = stack.enter_context(start("tests.servers.weibo", "--statuses", str(files["town-weibo"])))
        weibo.set(county=COUNTY)
        articles = folder / "fabu.jsonl"
        answer = json.loads(files["town-wechat-fabu"].with_name("fabu.json").read_text("utf-8"))
        _write(articles, answer["item"])
        found = {
            "weibo": weibo,
            "wechat": stack.enter_context(start("tests.servers.wechat", "--articles", str(articles))),
        }
        midnight = end.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
        for name in (*OUTLETS, "app"):
            path = folder / f"{name}.jsonl"
            _write(path, _stories(name, midnight))
            now = (end + _SETTLED).isoformat()
            found[name] = stack.enter_context(start("tests.servers.publisher", "--articles", str(path), "--now", now))
        yield found


def _stories(name: str, midnight: datetime) -> list[dict[str, Any]]:
    """The articles of one outlet, or of the app, as the publisher's stand-in takes them."""
    lines = town_files.read_lines("app.jsonl" if name == "app" else "wechat.jsonl")
    mine = [line for line in lines if name == "app" or (line["account"], line["state"]) == (OUTLETS[name], "article")]
    return [_story(number, line, midnight) for number, line in enumerate(mine, start=1)]


def _story(number: int, line: Mapping[str, Any], midnight: datetime) -> dict[str, Any]:
    story = {
        "id": 1_000 + number,
        "title": line["title"],
        "body": [line["body"]] if "body" in line else _PARAGRAPH.findall(line["html"]),
        "published": f"{town_files.moment(midnight, line['at']):%Y-%m-%d %H:%M:%S}",
    }
    if "channel" in line:
        story["channel"] = line["channel"]
    if "updated" in line:
        story["updated"] = f"{town_files.moment(midnight, line['updated']):%Y-%m-%d %H:%M:%S}"
    return story


def _write(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records), encoding="utf-8")


def main() -> None:
    """Run a command beside the servers."""
    end = demo.briefing(datetime.now(CHINA))
    with town(end) as servers:
        addresses = {name: server.url for name, server in servers.items()} | {demo.END: end.isoformat()}
        done = subprocess.run(sys.argv[1:], env={**os.environ, demo.SERVERS: json.dumps(addresses)}, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
