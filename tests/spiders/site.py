"""A stand-in that answers what the test has put down: see :class:`tests.servers.base.StandIn` for the rest.

``answers``: by path, an object with ``status``, ``body``, ``headers`` and ``manner``; a path without one gets a short
page. In a header's value ``{query}`` is the query as it was asked. ``robots_text``: a robots.txt of the test's own.
"""

from dataclasses import replace
from urllib.parse import urlencode

from tests.servers.base import Answer, Asked, StandIn, html_answer, serve, text_answer

PAGE = html_answer("<!DOCTYPE html><html><body><p>云岫区今日停水</p></body></html>")


class Site(StandIn):
    """Answers by path."""

    def respond(self, asked: Asked) -> Answer:
        """As every stand-in, but for a robots.txt of the test's own."""
        if asked.path == "/robots.txt" and "robots_text" in self.scenario:
            return text_answer(self.scenario["robots_text"])
        if asked.path == "/robots.txt" and asked.path in self.scenario.get("answers", {}):
            return self.answer(asked)
        return super().respond(asked)

    def answer(self, asked: Asked) -> Answer:
        """What was put down for the path."""
        given = dict(self.scenario.get("answers", {}).get(asked.path, {}))
        headers = {
            name: value.replace("{query}", urlencode(asked.query)) for name, value in given.pop("headers", {}).items()
        }
        body = given.pop("body", None)
        return replace(
            PAGE,
            headers={**PAGE.headers, **headers},
            body=PAGE.body if body is None else body.encode(),
            **given,
        )


if __name__ == "__main__":
    serve(lambda _: Site())
