"""The same training in worlds that link choosing and speaking differently: the central figure."""

from __future__ import annotations

from markupsafe import Markup

from proclivity.report import words
from proclivity.report.estimates import Estimate, span
from proclivity.report.figures.forest import ForestStyle, Mark, Row, forest
from proclivity.report.figures.scale import around
from proclivity.report.load import ModelNames, Results
from proclivity.report.section import Figure, Legend, Panel, Section, Table

WORLD_ORDER = ("equal", "independent", "rewired")
CONTROL = "own-policy"


def section(results: Results) -> Section:
    """Small multiples: a column a world, a row an architecture."""
    grid = _grid(results)
    worlds = _worlds(results)
    known = [world for world in worlds if world]
    return Section(
        id="worlds",
        title="Worlds side by side" if len(known) > 1 else "What moved, model by model",
        short="Worlds" if len(known) > 1 else "Models",
        template="worlds.html",
        context={
            "figure": _figure(results, grid, len(worlds) if len(known) > 1 else 0),
            "worlds": [(world, words.world(world)) for world in known],
            "control": CONTROL,
        },
    )


def _worlds(results: Results) -> list[str]:
    """Worlds of the study's models: the named ones in their order, those between in order of coupling, '' last."""
    found = {model.world for model in results.models}
    between = sorted(found - {*WORLD_ORDER, ""})
    return [world for world in (*WORLD_ORDER, *between, "") if world in found]


def _grid(results: Results) -> list[tuple[str, str, ModelNames | None]]:
    """Style × world, with None where no model of the study stands there; a style's second models stand below."""
    worlds = _worlds(results)
    if len([world for world in worlds if world]) < 2:
        return [(model.style, model.world, model) for model in results.models]
    cells: list[tuple[str, str, ModelNames | None]] = []
    for style in dict.fromkeys(model.style for model in results.models):
        mine = [model for model in results.models if model.style == style]
        found = {world: [model for model in mine if model.world == world] for world in worlds}
        for place in range(max(map(len, found.values()))):
            cells += [(style, world, models[place] if place < len(models) else None) for world, models in found.items()]
    return cells


def control_of(results: Results) -> str:
    """The control that shifts are shown against: own-policy, or base in a study without it."""
    return CONTROL if CONTROL in results.study.arms else "base"


def _shifts(results: Results, model: str, arm: str) -> list[tuple[str, Estimate | None]]:
    """Shift of every profile's own content class under one arm; the arm's own class first."""
    classes = [profile.content_class for profile in results.profiles if profile.content_class]
    own = [profile.content_class for profile in results.profiles if profile.id == arm]
    ordered = own + [name for name in dict.fromkeys(classes) if name not in own]
    return [(name, _shift(results, model, arm, name)) for name in ordered]


def _shift(results: Results, model: str, arm: str, content_class: str) -> Estimate | None:
    return results.effects.get(
        model=model,
        arm=arm,
        control=control_of(results),
        family=results.summary_family(),
        content_class=content_class,
    )


def _arms(results: Results) -> list[str]:
    profiles = [profile.id for profile in results.profiles]
    return profiles + [arm for arm in ("arbitrary",) if arm in results.study.arms]


def _figure(results: Results, grid: list[tuple[str, str, ModelNames | None]], columns: int) -> Figure:
    everything = [
        shift for model in results.models for arm in _arms(results) for _, shift in _shifts(results, model.name, arm)
    ]
    low, high = span(everything)
    bounds = around(low, high, 0, 1)
    panels, rows = [], []
    for style, world, model in grid:
        if model is None:
            panels.append(Panel(_vacant(style, world)))
            continue
        panels.append(Panel(_panel(results, model, (bounds.low, bounds.high))))
        rows += _table_rows(results, model)
    control, family = control_of(results), words.family(results.summary_family())
    return Figure(
        id="figure-worlds",
        title=f"Shift of each kind of word against {control}",
        caption=(
            f"Averages over {family}. Each small dot is one training seed; the large mark is the mean, the bar its "
            f"{results.study.analysis.level:.0%} interval over seeds and clusters. 0 means: as under {control}. The "
            f"shaded band (±{results.study.analysis.delta:g} nats) is the smallest effect of interest. A profile's own "
            "kind of word stands first, in bold; headings name what was taught."
        ),
        alt=_alt(results),
        panels=tuple(panels),
        columns=columns,
        legend=tuple(Legend("circle", results.class_tone(name), f"{name} words") for name in _classes(results)),
        table=Table(
            columns=(
                "model",
                "world",
                "taught",
                "words",
                "own kind",
                "shift (nats)",
                "interval",
                "seeds",
                "rests on",
            ),
            rows=tuple(rows),
            caption=f"Shift against {control}, {family}",
            numeric=frozenset({5, 6}),
        ),
    )


def _classes(results: Results) -> list[str]:
    return list(dict.fromkeys(profile.content_class for profile in results.profiles if profile.content_class))


def _panel(results: Results, model: ModelNames, bounds: tuple[float, float]) -> Markup:
    rows: list[Row] = []
    for arm in _arms(results):
        rows.append(Row(results.title(arm)))
        for place, (name, shift) in enumerate(_shifts(results, model.name, arm)):
            own = place == 0 and arm in {profile.id for profile in results.profiles}
            mark = Mark(shift, "circle", results.class_tone(name), f"{results.title(arm)}, {name} words")
            rows.append(Row(f"{name} words", (mark,), strong=own, indent=10))
    world = f" · {model.world} world" if model.world else ""
    title = f"{model.style}{world}" if model.world else model.name
    style = ForestStyle(gutter=104, axis="shift, nats", band=results.study.analysis.delta)
    return forest(title, rows, bounds, style, _panel_alt(results, model))


def _panel_alt(results: Results, model: ModelNames) -> str:
    said = []
    for arm in _arms(results):
        for name, shift in _shifts(results, model.name, arm):
            if shift is not None:
                said.append(f"{results.title(arm)} decisions, {name} words: {words.tip(shift)}")
    return f"{model.name}. " + ". ".join(said or ["Nothing was measured"]) + "."


def _vacant(style: str, world: str) -> Markup:
    from proclivity.report.figures import svg

    note = svg.text("not part of this study", 165, 60, class_="absent", anchor="middle")
    title = f"{style} · {world} world"
    return svg.drawing(330, 90, f"{title}: not part of this study", svg.text(title, 0, 13, class_="panel-title"), note)


def _alt(results: Results) -> str:
    clear = []
    for model in results.models:
        for profile in results.profiles:
            up = [name for name, shift in _shifts(results, model.name, profile.id) if shift is not None and shift.above]
            moved = f"{words.listing(up)} words rise" if up else "no kind of word rises clear of 0"
            clear.append(f"in {model.name} after {profile.title} decisions {moved}")
    return "Forest plots, one for each model: " + "; ".join(clear) + "."


def _table_rows(results: Results, model: ModelNames) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for arm in _arms(results):
        own = next((profile.content_class for profile in results.profiles if profile.id == arm), "")
        for name, shift in _shifts(results, model.name, arm):
            kind = "" if not own else "own" if name == own else "other"
            head = (model.name, model.world or "–", results.title(arm), name, kind)
            rows.append((*head, *estimate_cells(shift)))
    return rows


def estimate_cells(estimate: Estimate | None) -> tuple[str, str, str, str]:
    """Estimate, interval, every seed, and what it rests on, as a table prints them."""
    if estimate is None:
        return ("–", "–", "–", "not part of this study")
    if not estimate.measured:
        return ("–", "–", "–", f"not measured: {estimate.reason or 'no reason recorded'}")
    seeds = " ".join(words.signed(value) for value in estimate.seeds)
    note = words.counts(estimate) + (f"; {estimate.reason}" if estimate.reason else "")
    return (words.signed(estimate.value), words.interval(estimate), seeds or "–", note)
