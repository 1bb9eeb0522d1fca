"""The publisher's pages: lists in HTML and in the jpage form of county portals, and the articles themselves.

Formats: the sources' notes, C1 (2 and 6) and C3. Around its text every article's page has what a reader must leave
out: navigation, other headlines, names of those who wrote and edited.
"""

import html
import json
import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

from tests.servers.base import Answer, html_answer, text_answer
from tests.servers.publisher_call import PAGE, Call, ago
from tests.servers.publisher_feeds import xml_answer
from tests.servers.publisher_stories import CHINA, OUTLET, PEOPLE, Story

JPAGE = "/module/web/jpage/dataproxy.jsp"
COLUMN = 4584
_ART = re.compile(rf"/art/[0-9]{{4}}/[0-9]{{1,2}}/[0-9]{{1,2}}/art_{COLUMN}_(.+)\.html")
_NAVIGATION = "".join(f'<a href="/{name}">{label}</a>' for name, label in (("news", "新闻"), ("service", "办事")))
CAPTCHA = html_answer(
    '<!DOCTYPE html><html><head><title></title></head><body><div class="weui-msg"><h2>环境异常</h2>'
    '<p>当前环境异常，完成验证后即可继续访问。</p><a id="js_verify">去验证</a></div></body></html>'
)
"""What a host answers that wants to see a person."""


def page(title: str, head: str, body: str, status: int = 200) -> Answer:
    """A page of HTML which names its encoding itself too."""
    document = (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{html.escape(title)}</title>\n{head}'
        f"</head>\n<body><nav>{_NAVIGATION}</nav>\n{body}\n<footer>{OUTLET} 版权所有</footer></body></html>\n"
    )
    return html_answer(document.encode(errors="xmlcharrefreplace").decode(), status)


def html_list(call: Call) -> Answer:
    """``/list.html`` and ``/index_N.html``: 20 entries each, times as people write them, ``rel=next`` to the next."""
    number = int(re.sub("[^0-9]", "", call.path) or 1)
    begin = (number - 1) * PAGE
    shown = enumerate(call.cut(begin, PAGE), start=begin)
    items = "\n".join(_list_item(call, story, place) for place, story in shown)
    kind = "cards" if call.broken else "list"
    body = f'<ul class="{kind}">\n{items}\n</ul>'
    if not call.more(begin + PAGE):
        return page(f"{OUTLET}新闻", "", body)
    named = call.given.get("channel")
    query = f"?channel={quote(named)}" if named else ""
    following = (call.path if call.looping else f"/index_{number + 1}.html") + query
    head = f'<link rel="next" href="{following}">\n'
    return page(f"{OUTLET}新闻", head, f'{body}\n<a rel="next" href="{following}">下一页</a>')


def _list_item(call: Call, story: Story, place: int) -> str:
    title = html.escape(story.title)
    link = f'<a href="{_path(story)}" title="{title}">{title}</a>'
    when, channel = _written(call, story, place), f'<em class="channel">{html.escape(story.shown)}</em>'
    return f'<div class="card">{link}{when}</div>' if call.broken else f"<li>{link}{channel}{when}</li>"


def _written(call: Call, story: Story, place: int) -> str:
    """A time in one of the ways of such lists: relative where it is new, else in turn with and without a year."""
    at, now = story.published.astimezone(CHINA), call.now.astimezone(CHINA)
    absolute = f"{at:%Y-%m-%d %H:%M}", f"{at:%m-%d %H:%M}", f"{at.month}月{at.day}日 {at:%H:%M}"
    relative = ago(at, now)
    if relative and (now - at).total_seconds() < 6 * 3_600:
        text = relative
    elif (now.date() - at.date()).days == 1:
        text = f"昨天 {at:%H:%M}"
    else:
        text = absolute[place % len(absolute)]
    return f'<span class="date">{text}</span>'


def jpage(call: Call) -> Answer:
    """``dataproxy.jsp``: records ``startrecord`` to ``endrecord``, parameters from the query or the form alike."""
    per_page, start = call.size("perpage", 100), max(call.number("startrecord", 1), 1)
    end = call.number("endrecord", start + per_page - 1)
    records = "".join(f"<record><![CDATA[{_row(s)}]]></record>\n" for s in call.cut(start - 1, end - start + 1))
    total = f"<totalrecord>{len(call.stories)}</totalrecord><totalpage>{call.pages(per_page)}</totalpage>"
    listed = f"<rows>{records}</rows>" if call.broken else f"<recordset>\n{records}</recordset>"
    return xml_answer(f"<datastore>{total}{listed}</datastore>", "text/xml")


def _row(story: Story) -> str:
    at, title = story.published.astimezone(CHINA), html.escape(story.title)
    href = f"/art/{at.year}/{at.month}/{at.day}/art_{COLUMN}_{quote(str(story.id))}.html"
    return f'<li><a href="{href}" title="{title}" target="_blank">{title}</a><span>{at:%Y-%m-%d}</span></li>'


def art_id(path: str) -> str | None:
    """The id of the article at a path ``/art/2026/11/23/art_4584_60353.html``."""
    found = _ART.fullmatch(path)
    return unquote(found[1]) if found else None


def art_page(call: Call, story: Story) -> Answer:
    """A portal's article: its text is ``#zoom``, between two meta elements that mark its ends."""
    at, creator = story.published.astimezone(CHINA), html.escape(story.creator)
    named = {
        "ArticleTitle": story.title,
        "PubDate": f"{at:%Y-%m-%d %H:%M}",
        "ContentSource": OUTLET,
        "ColumnName": story.shown,
        "SiteName": OUTLET,
        "Author": story.creator,
    }
    head = "".join(f'<meta name="{name}" content="{html.escape(value)}">\n' for name, value in named.items())
    body = (
        f'<h1>{html.escape(story.title)}</h1><p class="info">发布时间：{at:%Y-%m-%d %H:%M}　作者：{creator}</p>\n'
        f'<meta name="ContentStart"/><div id="zoom">{story.markup}</div><meta name="ContentEnd"/>\n'
        f"{_others(call.stories, story)}{_editors(story)}"
    )
    return page(story.title, head, body)


def article(call: Call, story: Story) -> Answer:
    """``/article/ID``: the text is ``article .content`` without the blocks ``.rec`` and ``.editor``."""
    address, title = html.escape(call.permanent(story)), html.escape(story.title)
    head = (
        f'<link rel="canonical" href="{address}">\n<meta property="og:url" content="{address}">\n'
        f'<meta property="og:title" content="{title}">\n<meta name="author" content="{html.escape(story.creator)}">\n'
        f'<script type="application/ld+json">{_linked_data(call, story)}</script>\n'
    )
    at, creator = story.published.astimezone(CHINA), html.escape(story.creator)
    body = (
        f'<article><h1>{title}</h1><p class="info">{at:%Y-%m-%d %H:%M}　来源：{OUTLET}　记者：{creator}</p>\n'
        f'<div class="content">{story.markup}\n{_others(call.stories, story)}{_editors(story)}</div></article>'
    )
    return page(story.title, head, body)


def _linked_data(call: Call, story: Story) -> str:
    value = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "mainEntityOfPage": call.permanent(story),
        "datePublished": story.published.isoformat(),
        "dateModified": story.updated.isoformat(),
        "author": {"@type": "Person", "name": story.creator},
    }
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def _others(stories: Sequence[Story], story: Story) -> str:
    """Headlines of the newest other articles."""
    shown = [other for other in stories[:4] if other.id != story.id][:3]
    links = "".join(
        f'<li><a href="/article/{quote(str(other.id))}">{html.escape(other.title)}</a></li>' for other in shown
    )
    return f'<div class="rec"><h4>相关阅读</h4><ul>{links}</ul></div>\n'


def _path(story: Story) -> str:
    return f"/article/{quote(str(story.id))}"


def _editors(story: Story) -> str:
    return f'<div class="editor">责任编辑：{PEOPLE[1]}　审核：{html.escape(story.changed_by)}</div>\n'


def missing(status: int = 404) -> Answer:
    """No such page, or (410) no more."""
    return page("页面不存在", "", "<h1>您访问的页面不存在或已被删除</h1>", status)


def bad_request() -> Answer:
    """A parameter that can't be read."""
    return text_answer("Bad Request\n", 400)
