"""Templates of canaries: whatever term or place fills them, the rules alone must drop them."""

import json

from nlp.canary import CANARIES
from nlp.text import normalise
from nlp.voice import is_voice

TEMPLATES: list[str] = json.loads((CANARIES / "templates.json").read_text(encoding="utf-8"))


def test_the_voice_rules_alone_drop_every_template() -> None:
    """So that no combination of a term, a place and a template hangs on what a model happens to weigh."""
    kept = [n for n, t in enumerate(TEMPLATES, 1) if not is_voice(normalise(t.format(term="某物", place="某地")))]
    assert kept == []


def test_the_rules_keep_a_plain_claim() -> None:
    """The arm: not everything is a voice."""
    assert not is_voice(normalise("大蒜七瓣拍碎泡水一杯，早晚各一次，三天病毒全杀死"))
