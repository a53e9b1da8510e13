"""What differs in how two studies were made, and what was measured in one of them only?"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from proclivity.report.comparison.pair import Pair
from proclivity.report.load import Results
from proclivity.report.section import Section, Table
from proclivity.report.sections.provenance import flat
from proclivity.report.sections.verdicts import KINDS

UNSAID = ("profiles", "command", "started", "finished", "seal", "seconds", "jobs_digest", "study", "study_digest")
"""Of the manifest: said elsewhere, or different wherever anything is."""
DIGEST = 64
NOT_SET = "–"


def section(pair: Pair) -> Section:
    """Differing values, the number of equal ones, both commands, and what stands in one study alone."""
    values = [_values(results) for results in pair.both]
    keys = list(dict.fromkeys([*values[0], *values[1]]))
    rows = [(key, *(one.get(key, NOT_SET) for one in values)) for key in keys]
    differing = [row for row in rows if row[1] != row[2]]
    return Section(
        id="made",
        title="How they were made",
        short="How made",
        template="compare_made.html",
        context={
            "names": pair.names,
            "commands": [str(results.manifest.get("command") or "") for results in pair.both],
            "differing": Table(columns=("what", *pair.names), rows=tuple(differing)) if differing else None,
            "equal": len(rows) - len(differing),
        },
    )


def _values(results: Results) -> dict[str, str]:
    """Every value of the study and of its manifest by its dotted name; digests by their first twelve signs."""
    manifest = {key: value for key, value in results.manifest.items() if key not in UNSAID}
    study = results.study.model_dump(mode="json")
    found = [*((f"study.{key}", value) for key, value in flat(study)), *flat(manifest)]
    return {key: f"{value[:12]}…" if len(value) == DIGEST and value.isalnum() else value for key, value in found}


def alone(pair: Pair) -> Table | None:
    """What one study has and the other lacks, a row a sort of thing; None where there is nothing."""
    rows = []
    for sort, names in SORTS.items():
        first, second = (list(dict.fromkeys(names(results))) for results in pair.both)
        only = [name for name in first if name not in second], [name for name in second if name not in first]
        if only[0] or only[1]:
            rows.append((sort, *(", ".join(own) or "nothing" for own in only)))
    if not rows:
        return None
    heads = tuple(f"in {name} only" for name in pair.names)
    return Table(columns=("what", *heads), rows=tuple(rows))


def _families(results: Results) -> Iterable[str]:
    from proclivity.report.words import family

    return (family(row.family) for row in results.effects.rows)


def _parts(results: Results) -> Iterable[str]:
    parts = {
        "self-report scales": results.scales,
        "completions": results.completions,
        "next words": results.next_token,
        "doses, steps or distances": results.curves,
        "directions": results.directions,
        "latent priors": results.priors,
    }
    return (name for name, found in parts.items() if found)


SORTS: dict[str, Callable[[Results], Iterable[str]]] = {
    "models": lambda results: (model.name for model in results.models),
    "arms": lambda results: (results.title(arm) for arm in results.study.arms),
    "families of probes": _families,
    "metrics": lambda results: (row.metric for row in results.effects.rows),
    "questions": lambda results: (KINDS.get(verdict.kind, verdict.kind) for verdict in results.verdicts),
    "parts": _parts,
}
"""Sorts of things that one study may have and the other lack."""
