"""The commented configuration that ``chengqing init`` writes."""

from pathlib import Path

from chengqing.config import ConfigError
from chengqing.messages import cause, say

_TEMPLATES = Path(__file__).with_name("starter")


def write_starter(folder: Path) -> list[Path]:
    """Write the starter files into ``folder``, which is made where needed; the paths written.

    Raises ConfigError, and writes nothing, where one of them is there already: nothing is ever overwritten.
    """
    templates = sorted(_TEMPLATES.rglob("*.toml"))
    targets = [folder / template.relative_to(_TEMPLATES) for template in templates]
    if there := [target for target in targets if target.exists()]:
        raise ConfigError("\n".join(f"{path}: {say('starter_there')}" for path in there))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for template, target in zip(templates, targets, strict=True):
            target.parent.mkdir(mode=0o700, exist_ok=True)
            with target.open("x", encoding="utf-8") as file:
                file.write(template.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{folder}: {say('starter_unwritable', why=cause(error))}") from None
    return targets
