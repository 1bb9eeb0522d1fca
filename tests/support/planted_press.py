"""A publisher over HTTP whose every list, feed and page is full of people."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.servers.base import Answer, Asked, html_answer, json_answer
from tests.support import planted
from tests.support.planted import Identities
from tests.support.planted_http import MOODS, OUTLET, Crowded, error_page


class CrowdedPublisher(Crowded):
    """Seven forms of the same kind of articles, each also in a folder of any name, and the articles' own pages."""

    def __init__(self, who: Identities, words: str, at: datetime) -> None:
        super().__init__()
        self.crowd(who)
        self._words, self._at = words, at
        self._forms: Mapping[str, Callable[[str], Answer]] = {
            "list.json": self._json_list,
            "feed.rss": self._rss,
            "feed.atom": self._atom,
            "feed.json": self._json_feed,
            "sitemap.xml": self._sitemap,
            "list.html": self._html_list,
            "dataproxy.jsp": self._jpage,
        }

    def answer(self, asked: Asked) -> Answer:
        folder, _, name = asked.path.rpartition("/")
        if form := self._forms.get(name):
            return form(folder)
        return html_answer(self._article(name)) if folder.endswith("/article") else MOODS["404"](self.who, Answer())

    def _stories(self, folder: str) -> Iterator[tuple[str, str, str]]:
        """Address, title and time of each article; the title holds somebody's contacts."""
        take = self.who.take
        for number in range(1, 5):
            contact = f"（电话{take('phone')}，邮箱{take('email')}，@{take('nickname')} ）"
            at = self._at - timedelta(minutes=number)
            yield f"{folder}/article/{number}", f"停水三天？第{number}次核实：不实{contact}", at.isoformat()

    def _body(self) -> str:
        return planted.body(self.who, self._words)

    def _json_list(self, folder: str) -> Answer:
        take = self.who.take
        records: list[dict[str, Any]] = [
            {
                **planted.article(self.who, title, "", self._at),
                "id": f"{folder}-{link[-1]}",
                "url": link,
                "listTitle": title,
                "publishedAt": at,
                "commentList": [{"nick": take("nickname"), "text": planted.personal(self.who)}],
                "updatedBy": {"id": take("uid"), "name": take("name")},
            }
            for link, title, at in self._stories(folder)
        ]
        records += [{**records[0], **record} for record in foreign(self.who, folder)]
        inner = {"pages": 1, "records": records, "editor": take("name"), take("uid"): take("nickname")}
        return json_answer({"code": 0, "msg": take("nickname"), "data": {"articleList": inner}})

    def _rss(self, folder: str) -> Answer:
        take = self.who.take
        items = "".join(
            f"<item><title>{title}</title><link>{link}</link><guid isPermaLink='false'>{link}</guid><pubDate>{at}"
            f"</pubDate><author>{take('email')} ({take('name')})</author><dc:creator>{take('name')}</dc:creator>"
            f"<dc:contributor>{take('nickname')}</dc:contributor><comments>{take('permalink')}</comments>"
            f"<source url='{take('permalink')}'>{take('nickname')}</source><category>{take('nickname')}</category>"
            f"<media:credit>{take('name')}</media:credit><geo:lat>{take('coordinate')}</geo:lat>"
            f"<!-- {take('phone')} --><enclosure url='{take('avatar')}'/>"
            f"<x:by x:{take('handle')}='{take('uid')}'>{take('mid')}</x:by><x:{take('handle')}/>"
            f"<content:encoded><![CDATA[{self._body()}]]></content:encoded></item>"
            for link, title, at in self._stories(folder)
        )
        spaces = " ".join(
            f'xmlns:{prefix}="http://{where}"'
            for prefix, where in {
                "dc": "purl.org/dc/elements/1.1/",
                "content": "purl.org/rss/1.0/modules/content/",
                "media": "search.yahoo.com/mrss/",
                "geo": "www.w3.org/2003/01/geo/wgs84_pos#",
                "x": f"{take('domain')}/x",
            }.items()
        )
        head = (
            f"<title>{OUTLET}</title><link>/</link><managingEditor>{take('email')} ({take('name')})</managingEditor>"
            f"<webMaster>{take('email')}</webMaster><copyright>{take('nickname')}</copyright>"
            f"<image><title>{take('name')}</title></image><generator>{take('device')}</generator>"
        )
        return _xml(f"<rss version='2.0' {spaces}><channel>{head}{items}</channel></rss>")

    def _atom(self, folder: str) -> Answer:
        take = self.who.take
        person = f"<name>{take('name')}</name><uri>{take('permalink')}</uri><email>{take('email')}</email>"
        entries = "".join(
            f"<entry><id>{link}</id><title>{title}</title><link href='{link}'/><published>{at}</published>"
            f"<updated>{at}</updated><author>{person}<phone>{take('phone')}</phone></author>"
            f"<contributor><name>{take('nickname')}</name></contributor><category term='{take('nickname')}'/>"
            f"<rights>{take('name')}</rights><content type='html'><![CDATA[{self._body()}]]></content></entry>"
            for link, title, at in self._stories(folder)
        )
        head = f"<id>/</id><title>{OUTLET}</title><author>{person}</author><generator>{take('device')}</generator>"
        return _xml(f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}{entries}</feed>")

    def _json_feed(self, folder: str) -> Answer:
        take = self.who.take
        items = [
            {
                "id": link,
                "url": link,
                "title": title,
                "date_published": at,
                "content_html": self._body(),
                "author": {"name": take("name"), "url": take("permalink"), "avatar": take("avatar")},
                "authors": [{"name": take("nickname")}],
                "external_url": take("permalink"),
                "tags": [take("nickname")],
                f"_{take('handle')}": {take("nickname"): take("phone")},
                take("nickname"): take("mid"),
            }
            for link, title, at in self._stories(folder)
        ]
        head = {"version": "https://jsonfeed.org/version/1.1", "title": OUTLET, "user_comment": take("name")}
        people = {"authors": [{"name": take("name"), "url": take("permalink")}], take("uid"): take("region")}
        return json_answer({**head, **people, "items": items})

    def _sitemap(self, folder: str) -> Answer:
        take = self.who.take
        urls = "".join(
            f"<url><loc>{link}</loc><lastmod>{at}</lastmod><news:news><news:title>{title}</news:title>"
            f"<news:author>{take('name')}</news:author><news:publication_date>{at}</news:publication_date></news:news>"
            f"<image:image><image:caption>{take('name')} {take('region')}</image:caption></image:image></url>"
            for link, title, at in self._stories(folder)
        )
        spaces = "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9' xmlns:image='http://image.example'"
        return _xml(f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' {spaces}>{urls}</urlset>")

    def _html_list(self, folder: str) -> Answer:
        take = self.who.take
        lines = "".join(
            f"<li data-user='{take('uid')}'><a href='{link}' title='{title}'>{title}</a><i class='date'>{at}</i>"
            f"<b>{take('name')}</b><!-- {take('phone')} -->"
            f"<u onclick=\"chat('{take('handle')}')\">{take('nickname')}</u></li>"
            for link, title, at in self._stories(folder)
        )
        return html_answer(f"<html><body><ul class='list'>{lines}</ul>{error_page(self.who)}</body></html>")

    def _jpage(self, folder: str) -> Answer:
        take = self.who.take
        records = "".join(
            f"<record><![CDATA[<li><a href='{link}' title='{title}' rel='{take('uid')}'>{title}</a>"
            f"<i class='date'>{at}</i><em>{take('name')} {take('phone')}</em></li>]]></record>"
            for link, title, at in self._stories(folder)
        )
        return _xml(f"<datastore><nextgroup>{take('handle')}</nextgroup><recordset>{records}</recordset></datastore>")

    def _article(self, name: str) -> str:
        """An article's own page. Every fourth has no body where the configuration says that there is one."""
        take = self.who.take
        graph = {"@type": "NewsArticle", "author": {"name": take("name"), "telephone": take("phone")}}
        where = "section class='text'" if name.endswith("4") else "div class='content'"
        column = "网络问政" if name.startswith("users-") else "要闻"
        talk = f"<p class='comment-text'>{take('nickname')}：{planted.personal(self.who)}</p>"
        return (
            f"<html><head><title>停水三天？第{name}次核实</title><meta name='author' content='{take('name')}'>"
            f"<meta property='og:article:author' content='{take('name')}'><meta name='Editor' content='{take('name')}'>"
            f"<meta property='article:author' content='{take('permalink')}'>"
            f"<meta name='ColumnName' content='{column}'><meta name='keywords' content='{take('nickname')}'>"
            f"<meta name='description' content='{take('description')}'>"
            f"<script type='application/ld+json'>{json.dumps(graph, ensure_ascii=False)}</script></head><body>"
            f"<!-- {take('name')} {take('phone')} --><article><h1>停水三天？第{name}次核实</h1>"
            f"<div class='by'>{take('name')} {take('region')}</div>"
            f"<{where}>{self._body()}</{where.split()[0]}></article>"
            f"<div class='comments' id='comments'>{talk}</div>"
            f"<footer>{take('name')} {take('plate')}</footer></body></html>"
        )


def foreign(who: Identities, folder: str) -> list[dict[str, Any]]:
    """Records of a list that are nobody's article: a link to somebody's post and to somebody's site, what users write
    by its channel, its address and its page's own word, and one without an address."""
    kind = who.by_kind
    first, second, third, fourth, fifth, sixth = kind["mid"][:6]
    return [
        {"id": first, "url": kind["permalink"][0]},
        {"id": second, "url": f"https://{kind['domain'][0]}/{kind['bid'][0]}"},
        {"id": third, "url": f"{folder}/article/{third}", "channelName": "网络问政"},
        {"id": fourth, "url": f"{folder}/wenzheng/{fourth}"},
        {"id": fifth, "url": f"{folder}/article/users-{fifth}"},
        {"id": sixth, "url": "", "listTitle": kind["nickname"][0]},
    ]


def _xml(text: str) -> Answer:
    return Answer(200, f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode(), {"Content-Type": "text/xml"})
