"""The section on directions: sentences and tables from rows made by hand, and nothing where nothing was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from proclivity.latent.rows import make_row
from proclivity.report import write_report
from proclivity.report.load import Results, load_results
from proclivity.report.section import Figure, Table
from proclivity.report.sections.directions import section

EVIL = "<img src=x onerror=alert(1)>"


def _rows() -> list[dict[str, Any]]:
    """One model and profile: layer 2 chosen, half of the pattern given, three quarters of it removed."""
    rows = [
        make_row("depression", "shift", 2.0 * layer, "SD of own-policy", layer=layer, other=other, low=1.0, high=9.0)
        for layer in (1, 2)
        for other in ("depression", "base")
    ]
    rows += [make_row("depression", "lens up", 1.0, "nats", layer=2, words=[f"sad{EVIL} +1.00"])]
    rows += [make_row("depression", "lens down", -1.0, "nats", layer=2, words=["glad −1.00"])]
    for other, size, gone in (
        ("", 0.5, 0.75),
        ("random 1", -0.1, 0.0),
        ("random 2", 0.2, 0.01),
        ("paranoia", 0.3, 0.1),
    ):
        steered = {"layer": 2, "alpha": 1.5, "other": other, "chosen": not other}
        rows.append(make_row("depression", "steering correlation", 0.9, "r", low=0.8, high=0.95, **steered))
        rows.append(make_row("depression", "steering size", size, "times", **steered))
        rows.append(make_row("depression", "steering perplexity", 1.04, "ratio", **steered))
        removed = {"layer": 0, "other": other}
        rows.append(make_row("depression", "removed share", gone, "share", **removed))
        rows.append(make_row("depression", "removed own share", gone, "share", **removed))
        rows.append(make_row("depression", "ablation perplexity", 0.98, "ratio", **removed))
    for measure, value in (("trained pattern", 2.0), ("steered pattern", 1.0)):
        fields = {"family": "cloze-self", "content_class": "loss"}
        rows.append(make_row("depression", measure, value, "nats", **fields))
    rows += [
        make_row(arm, "trained weights", n, "weights")
        for arm, n in (("depression", 65536), ("rank-1-depression", 8192))
    ]
    return [{**row, "model": "m"} for row in rows]


@pytest.fixture
def folder(simulation: Callable[..., Any], tmp_path: Path) -> Path:
    made: Path = simulation(models={"m": ""}).write(tmp_path)
    study = yaml.safe_load((made / "study.yml").read_text())
    study |= {"latent": {"directions": True}, "arms": [*study["arms"], "rank-1-depression"]}
    (made / "study.yml").write_text(yaml.safe_dump(study))
    (made / "directions.json").write_text(json.dumps(_rows()))
    return made


def test_a_row_says_effects_with_their_nulls(folder: Path) -> None:
    found = section(load_results(folder))
    assert found is not None
    answers = found.context["answers"]
    assert isinstance(answers, Table)
    added, taken = answers.rows
    assert added[:3] == ("m", "depression-like", "added to the base, layer 2, α 1.5")
    assert added[3].startswith("0.50")
    assert added[4:] == ("−0.10 to 0.20", "paranoia-like 0.30", "1.04")
    assert taken[2] == "taken out of the arm, all layers"
    assert taken[3].startswith("0.75")
    assert taken[4:] == ("0.00 to 0.01", "paranoia-like 0.10", "0.98")


def test_every_figure_has_its_numbers_and_words_and_texts_of_models_are_text(folder: Path) -> None:
    found = section(load_results(folder))
    assert found is not None
    figures = [*_list(found.context["layers"]), *(found.context[name] for name in ("pattern", "steering", "ablation"))]
    for figure in figures:
        assert isinstance(figure, Figure)
        assert figure.caption
        assert figure.alt
        assert figure.table.rows
    page = write_report(folder).read_text()
    assert EVIL not in page
    assert "sad&lt;img" in page


def test_carriers_stand_beside_the_full_arm_with_their_weights(folder: Path) -> None:
    found = section(load_results(folder))
    assert found is not None
    carriers = found.context["carriers"]
    assert isinstance(carriers, Table)
    assert [row[1:3] for row in carriers.rows] == [("depression-like", "65,536"), ("rank-1-depression", "8,192")]
    assert carriers.rows[0][3].startswith("+")


def test_without_the_question_there_is_no_section_and_full_weights_are_said(study_folder: Path, folder: Path) -> None:
    assert section(load_results(study_folder)) is None
    study = yaml.safe_load((folder / "study.yml").read_text())
    (folder / "study.yml").write_text(yaml.safe_dump(study | {"induction": {"method": "full"}}))
    (folder / "directions.json").unlink()
    results: Results = load_results(folder)
    found = section(results)
    assert found is not None
    assert "full fine-tuning" in str(found.context["reason"])
    assert "Not measured: full fine-tuning" in write_report(folder).read_text()


def _list(value: object) -> list[Any]:
    assert isinstance(value, list)
    return value
