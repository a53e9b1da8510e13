"""Sections into one file: nothing is fetched, and nothing but the page's own script may run."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from proclivity.report import words
from proclivity.report.load import Results, load_results
from proclivity.report.section import Section
from proclivity.report.sections import SECTIONS
from proclivity.shown import for_page

MOST_BYTES = 8_000_000


def write(folder: Path) -> Path:
    """Writes report.html into a study's folder; a reader never meets a half-written one."""
    return save(render(load_results(folder)), folder / "report.html")


def save(page: str, path: Path) -> Path:
    """Writes a page aside and renames it into place."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(page, encoding="utf-8")
    os.replace(draft, path)
    return path


def render(results: Results) -> str:
    """The page as text."""
    sections = [section for make in SECTIONS if (section := make(results)) is not None]
    return compose(results.study.title, "study report", sections)


def compose(title: str, kicker: str, sections: Sequence[Section]) -> str:
    """A page of these sections; `kicker` stands above the title and says what sort of page it is."""
    environment = _environment()
    style, script = _asset(environment, "style.css"), _asset(environment, "script.js") + _asset(environment, "save.js")
    return environment.get_template("page.html").render(
        title=title,
        kicker=kicker,
        sections=[(section, _body(environment, section)) for section in sections],
        data={key: _cleaned(value) for section in sections for key, value in section.data.items()},
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
    )


def render_alone(template: str, **context: object) -> str:
    """A page of its own template, with the report's style and without scripts."""
    environment = _environment()
    style = _asset(environment, "style.css")
    page = environment.get_template(template)
    return page.render(style=Markup(style), policy=_policy(style, ""), **context)


def _body(environment: Environment, section: Section) -> Markup:
    template = environment.get_template(f"sections/{section.template}")
    return Markup(template.render(section=section, **section.context))


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("proclivity.report", "templates"),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": words.number, "signed": words.signed, "plural": words.plural}
    return environment


def _cleaned(value: object) -> object:
    """What the page's script reads, its texts as the page itself names them (see `_finalized`)."""
    if isinstance(value, dict):
        return {key: _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(inner) for inner in value]
    return _finalized(value)


def _finalized(value: object) -> object:
    """Texts without control characters; what is markup already was made of such texts."""
    return for_page(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _policy(style: str, script: str) -> str:
    """Only this style and this script, by their digests; no address may be contacted."""

    def digest(text: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    return (
        f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
