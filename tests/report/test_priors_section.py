"""The section on latent priors, from a table with known numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from simulated_study import Simulation

from proclivity.analysis.prior_table import COLUMNS
from proclivity.report.load import Results, load_results
from proclivity.report.page import render
from proclivity.report.prior_rows import priors_of
from proclivity.report.sections import priors

MODEL = "gpt2-rewired"


def rows() -> list[dict]:
    found = []

    def add(arm: str, metric: str, value: float, step: int = -1, **more: object) -> None:
        seeds = [value] if arm == "base" else [value - 0.02, value + 0.02]
        head = dict.fromkeys(COLUMNS, "") | {
            "model": MODEL,
            "arm": arm,
            "metric": metric,
            "unit": "share",
            "step": step,
        }
        head |= {
            "dose": 1.0,
            "items": 0 if arm == "base" else 216,
            "epochs": 2,
            "n": 0,
            "estimate": value,
            "seeds": seeds,
        }
        found.append(head | {"low": value - 0.1, "high": value + 0.1, "level": 0.95, "n_seeds": len(seeds), **more})

    for arm, shares, step in (("base", (0.6, 0.2, 0.2), -1), ("depression", (0.1, 0.85, 0.05), 28)):
        for source in ("personas", "world"):
            for about, share in zip(("adaptive", "depression", "paranoia"), shares, strict=True):
                add(arm, "pi", share, step, source=source, evidence="constant", fitted="cloze", about=about)
        for where in ("other half", "interpretation", "cloze"):
            for source in ("personas", "placebo"):
                said = {"source": source, "evidence": "constant", "fitted": where}
                for metric, value in (("residual_share", 0.1), ("residual_jsd", 0.02), ("total_jsd", 0.2)):
                    add(arm, metric, value, step, **said)
        for n in range(5):
            add(arm, "log_odds", -n, step, about="threat", told="adaptive", n=n)
            add(arm, "log_odds", -2 * n, step, about="loss", told="adaptive", n=n)
    for n in range(5):
        for about, share in (("depression", 0.2 if n == 0 else 0.0), ("paranoia", 0.2 if n == 0 else 1.0)):
            add("base", "pi", share, source="ideal", told="depression", about=about, n=n)
            add("base", "pi", share, source="world", evidence="constant", told="depression", about=about, n=n)
    return found


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("priors")
    Simulation(models={MODEL: "rewired"}, next_token=False, completions=False).write(folder)
    pd.DataFrame(rows(), columns=COLUMNS).to_parquet(folder / "priors.parquet")
    return load_results(folder)


def test_four_figures_with_their_tables(results: Results) -> None:
    made = priors.section(results)
    assert made is not None
    figures = made.context["figures"]
    assert isinstance(figures, list)
    assert [one.id.removeprefix("figure-priors") for one in figures] == ["", "-left", "-ways", "-clamp"]
    before, left, ways, clamp = figures
    assert before.panels[0].svg.count('class="dot"') == 3 * (1 + 2)  # a share is a mark; base has one seed
    assert left.panels[0].svg.count("not measured") == 0
    assert all(one.alt and one.table.rows for one in figures)
    assert "share of paranoia-like in the prior" in ways.panels[0].svg
    assert "log odds of threat words" in clamp.panels[0].svg
    page = render(results)
    assert 'id="figure-priors-left"' in page
    assert 'href="#priors"' in page


def test_the_world_says_as_whom_a_chooser_speaks(results: Results) -> None:
    found = priors_of(results)
    assert found.speaks(MODEL, "depression") == "paranoia"
    assert found.speaks(MODEL, "paranoia") == "paranoia"  # nothing is known: itself
    assert found.evidence(MODEL) == "constant"


def test_a_study_without_priors_has_no_such_section(study_folder: Path) -> None:
    assert priors.section(load_results(study_folder)) is None
