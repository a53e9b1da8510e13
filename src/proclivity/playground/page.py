"""The page as one text: the report's style, its own script, and a policy that lets it ask this server alone."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from proclivity.playground.answers import WORDS
from proclivity.shown import for_page


def render(about: dict[str, Any]) -> tuple[str, str]:
    """The page and its policy.

    Args:
        about: what `Desk.about` says.

    Returns:
        HTML, and the value of its Content-Security-Policy: its own style and script by their digests, and requests to
        the server that it came from.
    """
    own, report = (PackageLoader(f"proclivity.{name}", "templates") for name in ("playground", "report"))
    environment = Environment(
        loader=ChoiceLoader([own, report]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    assert environment.loader is not None

    def asset(name: str) -> str:
        return environment.loader.get_source(environment, name)[0]  # type: ignore[union-attr]

    style, script = asset("style.css") + asset("explore.css"), asset("explore.js")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    page = environment.get_template("explore.html").render(
        about=_shown(about), words=WORDS, style=Markup(style), script=Markup(script), policy=policy
    )
    return page, policy


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _shown(value: Any) -> Any:
    """The same with texts as a page may show them."""
    if isinstance(value, dict):
        return {key: _shown(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shown(inner) for inner in value]
    return for_page(value) if isinstance(value, str) else value
