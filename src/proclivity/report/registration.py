"""Was the confirmatory part fixed before the first job, and does this report still rest on it?"""

from __future__ import annotations

from typing import Any

from proclivity.report import words
from proclivity.report.load import Results
from proclivity.specs import changes, confirmatory_part
from proclivity.specs.registered import ABSENT, NAME

EXPLORATORY = "what rests on the change is exploratory"


def changed(results: Results) -> list[str]:
    """What is no longer as it was fixed, each as 'analysis.delta .2 → .1'; [] where nothing is, or nothing is known."""
    if results.registration.state == "absent":
        return []
    now = confirmatory_part(results.study, _content(results))
    return [_change(*found) for found in changes(results.registration.confirmatory, now)]


def sentence(results: Results) -> str:
    """What registered.json says of this report."""
    found = results.registration
    if found.state == "absent":
        return f"This folder has no {NAME}, so nothing shows that the confirmatory part was fixed before the first job."
    if found.state == "damaged":
        return (
            f"{NAME} was damaged or edited: its digest isn't that of its content. It shows nothing about what was "
            "fixed before the first job."
        )
    head = f"The confirmatory part was fixed on {_date(found.fixed)}, before the first job"
    differences = changed(results)
    if differences:
        listed = "; ".join(differences)
        return f"{head} (SHA-256 {found.sha256}), and has changed since: {listed}. So {EXPLORATORY}."
    return f"{head}, and is unchanged (SHA-256 {found.sha256})."


def warning(results: Results) -> str:
    """One sentence for the top of the page where something changed; '' where all is as it was fixed."""
    if results.registration.state == "damaged":
        return f"{NAME}, which holds what was fixed before the run, was damaged or edited."
    differences = changed(results)
    if not differences:
        return ""
    return f"Changed since it was fixed before the run: {'; '.join(differences)}. So {EXPLORATORY}."


def _content(results: Results) -> dict[str, Any]:
    """Digests of the pack and the models' files, as the manifest knows them."""
    manifest = results.manifest
    models = {
        name: {key: row[key] for key in ("weights", "tokenizer") if key in row}
        for name, row in (manifest.get("models") or {}).items()
        if isinstance(row, dict)
    }
    pack = (manifest.get("pack") or {}).get("digest")
    return {"models": models} | ({"pack": pack} if pack else {})


def _change(key: str, before: Any, after: Any) -> str:
    if key.startswith("content."):
        return f"{key.removeprefix('content.')} has other content ({before[:8]}… → {after[:8]}…)"
    if isinstance(before, list) and isinstance(after, list):
        gone, new = ([x for x in side if x not in other] for side, other in ((before, after), (after, before)))
        parts = [*(f"without {_said(x)}" for x in gone), *(f"with {_said(x)}" for x in new)]
        return f"{key} {words.listing(parts) or 'in another order'}"
    return f"{key} {_said(before)} → {_said(after)}"


def _said(value: Any) -> str:
    if value is ABSENT:
        return "none"
    return f"{value:g}".removeprefix("0") if isinstance(value, float) and 0 < value < 1 else str(value)


def _date(moment: str) -> str:
    return moment.replace("T", " ").replace("Z", " UTC")
