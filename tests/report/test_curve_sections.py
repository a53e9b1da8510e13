"""Sections on doses, trajectories, later training and distance: drawn where such points exist, and from those."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from simulated_curves import MODEL, STEPS, doses, everything, with_reason, write

from proclivity.report.load import load_results
from proclivity.report.page import render
from proclivity.report.section import Figure, Section
from proclivity.report.sections import distance, dose, reversal, trajectory


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("curves"), everything())


@pytest.fixture(scope="module")
def dosed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("doses"), doses())
    row = {"model": MODEL, "profile": "depression", "kind": "dose", "verdict": "rises with dose", "evidence": []}
    found = [*json.loads((folder / "verdicts.json").read_text()), {**row, "numbers": {}, "sentence": "Words <rise>."}]
    (folder / "verdicts.json").write_text(json.dumps(found), encoding="utf-8")
    return folder


def figures(section: Section | None) -> list[Figure]:
    assert section is not None
    found = section.context["figures"]
    assert isinstance(found, list)
    return found


def test_a_study_without_curves_has_no_such_section(study_folder: Path) -> None:
    results = load_results(study_folder)
    assert [part.section(results) for part in (dose, trajectory, reversal, distance)] == [None] * 4


def test_doses_stand_at_the_policy_that_they_achieved(dosed: Path) -> None:
    policy, by_share = figures(dose.section(load_results(dosed)))
    assert (len(policy.panels), len(by_share.panels)) == (2, 4)
    assert [entry.text for entry in policy.legend][-1] == "216 decisions, seen twice"
    assert policy.panels[0].svg.count('class="bar"') == 20  # one mark a dose
    assert policy.panels[0].svg.count('class="dot"') == 20 * 6
    assert "polyline" not in policy.panels[0].svg
    assert by_share.panels[0].svg.count("<polyline") == 4
    assert len(policy.table.rows) == 2 * 20 * 2


def test_a_verdict_stands_above_its_figure(dosed: Path) -> None:
    page = render(load_results(dosed))
    section = page[page.index('<section id="dose"') : page.index('id="figure-dose-policy"')]
    assert "Words &lt;rise&gt;." in section
    assert "Does more teaching move more words?" in page
    assert 'href="#dose"' in page
    assert 'id="trajectory"' not in page


def test_doses_of_decisions_alone_are_drawn_by_decisions(tmp_path: Path) -> None:
    points = [p for p in doses() if p.point.dose == 1]
    _, by_items = figures(dose.section(load_results(write(tmp_path, points))))
    assert by_items.title == "Words and choices by decisions trained on"
    assert [entry.text for entry in by_items.legend] == ["seen once, share 1.00", "seen twice, share 1.00"]


def test_a_trajectory_starts_at_the_untrained_model(trained: Path) -> None:
    (figure,) = figures(trajectory.section(load_results(trained)))
    choices, words = (panel.svg for panel in figure.panels)
    assert choices.count("<polyline") == words.count("<polyline") == 2
    assert "depression-like, untrained: 0 by construction" in words
    assert "depression-like, untrained: 0." in choices
    lengths = [len(points.split()) for points in re.findall(r'points="([^"]*)" class="path"', words)]
    assert lengths == [len(STEPS) + 1] * 2


def test_later_training_starts_where_the_training_before_ended(trained: Path) -> None:
    (figure,) = figures(reversal.section(load_results(trained)))
    assert len(figure.panels) == 2
    texts = [entry.text for entry in figure.legend]
    assert texts[:2] == ["then adaptive", "then own-policy"]
    assert "then adaptive, then the same again" in texts
    svg = figure.panels[0].svg
    assert svg.count("<polyline") == 4
    assert svg.count('class="path dashed"') == 1
    end = next(p for p in everything() if (p.arm, p.quantity, p.point.step) == ("depression", "words", 28))
    assert f"depression-then-adaptive, step 0: +{end.crossed.estimate:.2f} nats" in svg


def test_distances_stand_at_equal_steps(trained: Path) -> None:
    (figure,) = figures(distance.section(load_results(trained)))
    (panel,) = figure.panels
    assert all(f">{tokens}</text>" in panel.svg for tokens in (0, 16, 32, 64, 96))
    assert panel.svg.count("<polyline") == 2
    assert len(figure.table.rows) == 10


def test_a_point_without_a_number_is_left_out_of_the_drawing(tmp_path: Path) -> None:
    folder = write(tmp_path, [])
    with_reason(everything(), 1, "low mass").to_parquet(folder / "curves.parquet")
    (figure,) = figures(trajectory.section(load_results(folder)))
    assert all("nan" not in panel.svg for panel in figure.panels)
    assert len(figure.table.rows) == 2 + 2 * 2 * len(STEPS) - 1


def test_every_panel_has_words_and_every_row_its_counts(trained: Path, dosed: Path) -> None:
    shown = [figures(part.section(load_results(trained))) for part in (trajectory, reversal, distance)]
    shown.append(figures(dose.section(load_results(dosed))))
    for figure in [figure for found in shown for figure in found]:
        assert figure.alt
        assert figure.caption
        for panel in figure.panels:
            assert re.search(r'aria-label="[^"]+: [^"]+ \[', panel.svg)
        columns = figure.table.columns
        for row in figure.table.rows:
            assert len(row) == len(columns)
            assert row[columns.index("clusters")] == "8"
