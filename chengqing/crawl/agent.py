"""The User-Agent: what this is, in which version, and whom to write to."""

from importlib.metadata import version

from chengqing.config import Config


def user_agent(config: Config) -> str:
    """As ``chengqing/0.1.0 (+https://desk.example/about)``: truthful, with the desk's own contact."""
    return f"chengqing/{version('chengqing')} (+{config.desk.contact})"
