"""The source's claims on the page: in their order, with every case, and only where there are any."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from proclivity.report.load import load_results
from proclivity.report.page import render
from proclivity.report.sections.claims import CLAIMS, section


def claim(number: int, verdict: str, *units: tuple[str, str, list[str], str]) -> dict[str, Any]:
    rows = [
        {"model": model, "profile": profile, "worlds": worlds, "state": state, "found": "spread", "numbers": {}}
        for model, profile, worlds, state in units
    ]
    return {
        "model": "",
        "profile": "",
        "kind": f"claim-{number}",
        "verdict": verdict,
        "evidence": [],
        "numbers": {"units": rows},
        "sentence": f"What was found of claim {number}.",
    }


@pytest.fixture
def folder(study_folder: Path, tmp_path: Path) -> Path:
    copied = Path(shutil.copytree(study_folder, tmp_path / "study"))
    verdicts = json.loads((copied / "verdicts.json").read_text())
    case = ("llama-equal", "depression", ["equal"], "yes")
    pair = ("llama-equal", "depression / paranoia", [], "against")
    claims = [
        claim(6, "consistent with", case),
        claim(2, "partly", case, pair),
        claim(1, "supported", case),
        claim(3, "not tested here"),
        claim(4, "open"),
        claim(5, "contradicted", pair),
    ]
    (copied / "verdicts.json").write_text(json.dumps(verdicts + claims))
    return copied


def test_six_claims_in_order_after_the_verdicts(folder: Path) -> None:
    text = render(load_results(folder))
    places = [text.index(f"What was found of claim {number}.") for number in range(1, 7)]
    assert places == sorted(places)
    assert text.index('id="verdicts"') < text.index('id="claims"') < places[0]
    assert places[-1] < text.index('id="worlds"')
    assert "its authors put the link between choosing and speaking into it" in text


def test_badges_say_how_each_stands(folder: Path) -> None:
    found = section(load_results(folder))
    assert found is not None
    claims: Any = found.context["claims"]
    assert [(c.badge, c.tone) for c in claims] == [
        ("supported", "yes"),
        ("partly", "mixed"),
        ("not tested here", "open"),
        ("open", "open"),
        ("contradicted", "no"),
        ("consistent with", "yes"),
    ]
    assert [c.text for c in claims] == list(CLAIMS.values())
    assert claims[1].table.rows == (
        ("llama-equal", "depression-like", "equal", "holds", "spread"),
        (
            "llama-equal",
            "depression-like / paranoia-like",
            "–",
            "the opposite, or none of the size that matters",
            "spread",
        ),
    )
    assert claims[2].table is None


def test_an_older_folder_has_no_such_section(study_folder: Path) -> None:
    assert section(load_results(study_folder)) is None


def test_context_generality_is_a_headline_and_in_the_answer(folder: Path) -> None:
    verdicts = json.loads((folder / "verdicts.json").read_text())
    new = {"kind": "generality", "evidence": [], "numbers": {}, "sentence": "A new context."}
    words = {"depression": "context-general", "paranoia": "too few contexts"}
    verdicts += [{"model": "llama-equal", "profile": p, "verdict": word, **new} for p, word in words.items()]
    (folder / "verdicts.json").write_text(json.dumps(verdicts))
    text = render(load_results(folder))
    head = text[text.index('<table class="overview">') : text.index("</table>", text.index('<table class="overview">'))]
    assert "Would a new context show the same?" in head
    assert "context-general" in head
    assert (
        "Verdict on whether a new context would show the same: context-general for depression-like in llama-equal; "
        "too few contexts for paranoia-like in llama-equal." in text
    )
