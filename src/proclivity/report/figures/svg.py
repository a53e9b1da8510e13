"""The few SVG elements that the figures need, with every text escaped."""

from __future__ import annotations

from markupsafe import Markup, escape

from proclivity.shown import for_page


def element(name: str, *children: Markup, **attributes: object) -> Markup:
    """An element; underscores in attribute names become hyphens, a trailing one falls away."""
    written = Markup("").join(
        Markup(' {}="{}"').format(Markup(key.rstrip("_").replace("_", "-")), _plain(value))
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        return Markup("<{}{}/>").format(Markup(name), written)
    return Markup("<{}{}>{}</{}>").format(Markup(name), written, Markup("").join(children), Markup(name))


def text(content: str, x: float, y: float, *, class_: str = "", anchor: str = "start") -> Markup:
    """One line of text."""
    return element("text", escape(for_page(content)), x=x, y=y, class_=class_ or None, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def group(*children: Markup, class_: str = "", tip: str = "") -> Markup:
    """A group; `tip` is shown on hover."""
    return element("g", *children, class_=class_ or None, data_tip=tip or None)


def drawing(width: float, height: float, label: str, *children: Markup) -> Markup:
    """A whole drawing with the words that stand for it where it can't be seen.

    No <title>: browsers would show it as a tooltip over the marks' own.
    """
    return element(
        "svg",
        *children,
        viewBox=f"0 0 {_plain(width)} {_plain(height)}",
        width=width,
        height=height,
        role="img",
        aria_label=label,
        xmlns="http://www.w3.org/2000/svg",
    )


def _plain(value: object) -> object:
    if isinstance(value, str):
        return for_page(value)
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
