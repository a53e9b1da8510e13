"""Priors once through the whole path, on a tiny model with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from arms_pack import PERSONAS, write_arms_pack
from mini_pack import MINI_PROFILE
from proclivity.runs.plan import make_plan
from proclivity.runs.study import RunSummary, plan_study, run_study
from proclivity.specs import load_study
from tiny_study import pack_texts, write_study, write_tiny_model

RECIPE = {"epochs": 1, "batch_size": 2, "rank": 2, "alpha": 4, "learning_rate": 1e-2}
LATENT = {"priors": True, "bootstrap": 50}


def told(disposition: str, words: str, placebo: str = "") -> list[dict[str, object]]:
    """Three wordings."""
    return [
        {
            **{"id": f"{disposition}-{n}", "disposition": disposition, "wording": n, "placebo": placebo},
            **{"told": f"You are one who {words} {when}.", "first": f"I am one who {words} {when}."},
        }
        for n, when in enumerate(("early", "soon", "first"), start=1)
    ]


def study_of(folder: Path, **changes: object) -> Path:
    pack = write_arms_pack(folder / "mini")
    spec = yaml.safe_load((pack / "pack.yml").read_text())
    free = {"prompt": "{situation}. {who} chose to", "option": "{text}", "answer": " {text}", "end": "."}
    spec["formats"]["free"] = free
    stayer = {
        **MINI_PROFILE,
        "id": "adaptive",
        "title": "adaptive",
        "action_class": "stay",
        "content_class": "positive",
    }
    personas = [*PERSONAS, *told("adaptive", "stays"), *told("placebo", "sees maps", "maps")]
    files = {"pack.yml": spec, "profiles/adaptive.yml": stayer, "personas.yml": {"personas": personas}}
    for name, value in files.items():
        (pack / name).write_text(yaml.safe_dump(value, sort_keys=False))
    model = write_tiny_model(folder / "model", [*pack_texts(pack), " A", " B", " 1", " 2", " ; Options : I picked"])
    given = {"arms": ["base", "leaver", "own-policy"], "decisions": {"n": 8}, "induction": RECIPE}
    given |= {"battery": {"families": ["cloze-feeling"]}, "seeds": 2, "latent": LATENT}
    return write_study(folder / "study.yml", pack, {"one": model}, **(given | changes))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunSummary:
    folder = tmp_path_factory.mktemp("priors")
    summary = run_study(load_study(study_of(folder)), folder / "out", workers=1)
    assert summary.complete, summary.failures
    return summary


def test_random_weights_end_as_not_separable(finished: RunSummary) -> None:
    verdicts = json.loads((finished.out / "verdicts.json").read_text())
    (found,) = [one for one in verdicts if one["kind"] == "priors"]
    assert (found["model"], found["profile"], found["verdict"]) == ("one", "leaver", "not separable")
    assert "say nothing" in found["sentence"]


def test_shares_of_every_arm_stand_in_the_table(finished: RunSummary) -> None:
    table = pd.read_parquet(finished.out / "priors.parquet")
    pi = table[(table["metric"] == "pi") & (table["source"] == "personas") & (table["told"] == "")]
    assert set(pi["arm"]) == {"base", "leaver", "own-policy"}
    sums = pi.groupby(["arm", "evidence", "fitted"])["estimate"].sum()
    assert sums.to_numpy() == pytest.approx(1.0, abs=1e-6)
    assert set(pi["about"]) == {"adaptive", "leaver"}
    assert (pi[pi["arm"] == "leaver"]["n_seeds"] == 2).all()
    answers = table[(table["metric"] == "log_odds") & (table["arm"] == "leaver")]
    assert sorted(answers["n"].unique()) == [0, 1, 2, 3, 4]


def test_the_report_has_the_section(finished: RunSummary) -> None:
    page = (finished.out / "report.html").read_text()
    assert '<section id="priors"' in page
    assert "not separable" in page


def test_nothing_is_planned_unless_asked(tmp_path: Path) -> None:
    path = study_of(tmp_path)
    asked, silent = (plan_study(load_study(path, [f"latent.priors={on}"])) for on in ("true", "false"))
    families = [{job.family for job in plan.stage("measure")} for plan in (asked, silent)]
    assert families[0] - families[1] == {"priors"}
    kept = {job.digest for job in asked.jobs} & {job.digest for job in silent.jobs}
    assert len(kept) == len(silent.jobs) - 2  # analysis and report alone differ
    other = asked.study.model_copy(update={"latent": asked.study.latent.model_copy(update={"seed": 1})})
    again = make_plan(other, asked.pack, asked.models)
    changed = [job.family for job in again.stage("measure") if job.digest not in asked.by_digest]
    assert set(changed) == {"priors"}
