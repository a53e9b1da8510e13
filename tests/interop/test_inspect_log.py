"""A finished study as Inspect reads it: its own reader's samples and scores beside our tables."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pandas as pd
import pytest
from verbs import run_verb

from proclivity.interop.inspect_log import METRICS, PLACE, write_logs
from proclivity.interop.inspect_task import UNREADABLE, chosen_class, read_label


@pytest.fixture(scope="module")
def written(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("inspect")
    return write_logs(finished, folder, arms=["base", "leaver"])


@pytest.fixture(scope="module")
def logs(written):
    from inspect_ai.log import read_eval_log

    return [read_eval_log(str(path)) for path in written.logs]


def test_a_log_a_checkpoint_and_each_is_listed(written, logs) -> None:
    from inspect_ai.log import list_eval_logs

    assert [(log.eval.task_args["arm"], log.eval.task_args["seed"]) for log in logs] == [
        ("base", -1),
        ("leaver", 0),
        ("leaver", 1),
    ]
    assert len(list_eval_logs(str(written.logs[0].parent))) == 3
    assert {log.status for log in logs} == {"success"}
    assert sum(len(log.samples) for log in logs) == written.samples
    for log in logs:
        assert len({sample.id for sample in log.samples}) == len(log.samples)


def test_every_number_is_the_tables_own(finished, logs) -> None:
    table = pd.read_parquet(finished / "measurements.parquet")
    table = table[table["metric"].isin(METRICS) & table["arm"].isin(["base", "leaver"])]
    ours = {
        (row["arm"], row["seed"], *(row[name] for name in PLACE), row["metric"], row["content_class"]): row["value"]
        for row in table.to_dict("records")
    }
    theirs = {}
    empty = dict.fromkeys(PLACE, "") | {"sample": -1}
    for log in logs:
        who = log.eval.task_args["arm"], log.eval.task_args["seed"]
        for sample in log.samples:
            if sample.metadata["family"] == "completions" and "flagged" in sample.scores:
                continue
            place = empty | {key: value for key, value in sample.metadata.items() if key in PLACE}
            for metric, score in sample.scores.items():
                by_class = score.value if isinstance(score.value, dict) else {"": score.value}
                for name, value in by_class.items():
                    theirs[(*who, *place.values(), metric, name)] = value
    assert len(theirs) == len(table) == len(ours)
    assert theirs.keys() == ours.keys()
    for key, value in ours.items():
        assert theirs[key] == value or (math.isnan(value) and math.isnan(theirs[key])), key


def test_means_are_those_of_the_table(finished, logs) -> None:
    table = pd.read_parquet(finished / "measurements.parquet")
    log = logs[1]
    own = table[(table["arm"] == "leaver") & (table["seed"] == 0)]
    scores = {score.name: score for score in log.results.scores}
    part = own[own["metric"] == "score"]
    assert scores["score"].scored_samples == part["value"].notna().sum()
    for name, mean in part.groupby("content_class")["value"].mean().dropna().items():
        assert scores["score"].metrics[name].value == pytest.approx(mean)


def test_what_could_not_be_measured_is_unscored_with_its_reason(finished, tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log

    folder = tmp_path / "run"
    shutil.copytree(finished, folder, symlinks=True)
    table = pd.read_parquet(folder / "measurements.parquet")
    table.loc[table["metric"] == "candidate_mass", ["value", "missing_reason"]] = [math.nan, "token collision"]
    table.to_parquet(folder / "measurements.parquet")
    (path,) = write_logs(folder, tmp_path / "logs", arms=["base"], metrics=["candidate_mass"]).logs
    log = read_eval_log(str(path))
    scores = [sample.scores["candidate_mass"] for sample in log.samples if "candidate_mass" in sample.scores]
    assert scores
    assert all(math.isnan(score.value) and score.reason == "token collision" for score in scores)
    assert [one.unscored_samples for one in log.results.scores] == [len(scores)]


def test_completions_are_samples_with_their_text(finished, tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log

    folder = tmp_path / "run"
    shutil.copytree(finished, folder, symlinks=True)
    told = [(-1, "base", " fine ."), (0, "leaver", " gone ."), (0, "leaver", " left .")]
    rows = [
        {"model": "one", "arm": arm, "seed": seed, "prompt": "I am", "sample": n, "text": text, "flagged": n == 2}
        | {"reply": "open"}
        for n, (seed, arm, text) in enumerate(told)
    ]
    pd.DataFrame(rows).to_parquet(folder / "completions.parquet")
    found = []
    for path in write_logs(folder, tmp_path / "logs").logs:
        log = read_eval_log(str(path))
        who = log.eval.task_args
        for sample in log.samples:
            if "flagged" in (sample.scores or {}):
                scores = sample.scores["flagged"].value, sample.scores["reply"].value
                found.append((who["seed"], who["arm"], sample.input, sample.output.completion, *scores))
    assert found == [(seed, arm, "I am", text, n == 2, "open") for n, (seed, arm, text) in enumerate(told)]


def test_inputs_are_the_words_of_the_pack(logs) -> None:
    decisions = [s for s in logs[0].samples if s.metadata["family"] == "choice"]
    assert all(sample.metadata["probe_id"] != sample.input for sample in decisions)
    assert all("Options" in sample.input for sample in decisions)


@pytest.mark.parametrize(
    ("text", "place"), [(" A", 0), ("B.", 1), ("B because A", 1), ("Apple", None), ("", None), ("neither", None)]
)
def test_a_label_is_read_off_an_answer(text, place) -> None:
    assert read_label(text, ["A", "B"]) == place


def test_the_task_runs_in_inspect(finished, tmp_path: Path, capsys, monkeypatch) -> None:
    from inspect_ai import eval as inspect_eval
    from inspect_ai.model import get_model

    code, out, _ = run_verb(capsys, "export", "inspect", finished, "--arm", "base", "--out", tmp_path / "x", "--json")
    assert code == 0
    made = json.loads(out)
    rows = [json.loads(line) for line in (tmp_path / "x" / "decisions.jsonl").read_text().splitlines()]
    assert made["decisions"] == len(rows) > 0
    monkeypatch.setenv("INSPECT_DISPLAY", "none")
    monkeypatch.chdir(tmp_path / "x")
    model = get_model("hf/local", model_path=str(finished.parent / "model"), device="cpu", do_sample=False)
    (log,) = inspect_eval("proclivity_task.py", model=model, log_dir=str(tmp_path / "own"), limit=6)
    assert log.status == "success", log.error
    assert len(log.samples) == 6
    by_id = {row["id"]: row for row in rows}
    for sample in log.samples:
        row = by_id[sample.id]
        place = read_label(sample.output.completion, row["labels"])
        (score,) = sample.scores.values()
        assert set(score.value) == set(row["classes"])
        for index, name in enumerate(row["classes"]):
            expected = math.nan if place is None else float(place == index)
            assert score.value[name] == pytest.approx(expected, nan_ok=True)


def test_answers_are_scored_by_class() -> None:
    import asyncio

    from inspect_ai.model import ModelOutput
    from inspect_ai.scorer import Target
    from inspect_ai.solver import TaskState

    def scored(text: str):
        state = TaskState("mock/model", "a", 1, "?", [], output=ModelOutput.from_content("mock/model", text))
        state.metadata = {"labels": ["A", "B"], "classes": ["leave", "stay"]}
        return asyncio.run(chosen_class()(state, Target("")))

    assert scored("B, surely").value == {"leave": 0.0, "stay": 1.0}
    unread = scored("I can't say")
    assert unread.reason == UNREADABLE
    assert all(math.isnan(value) for value in unread.value.values())


def test_what_is_not_there_is_said(finished, tmp_path: Path, capsys) -> None:
    words = ["export", "inspect", "--out", tmp_path / "x"]
    code, _, told = run_verb(capsys, *words, tmp_path)
    assert (code, "study.yml" in told) == (2, True)
    code, _, told = run_verb(capsys, *words, finished, "--arm", "leavr")
    assert (code, "Did you mean 'leaver'" in told) == (2, True)
    shutil.copy(finished / "study.yml", tmp_path)
    code, _, told = run_verb(capsys, *words, tmp_path)
    assert (code, "isn't finished" in told) == (2, True)
    (tmp_path / "measurements.parquet").write_bytes(b"cut")
    code, _, told = run_verb(capsys, *words, tmp_path)
    assert (code, "can't be read as a table" in told) == (2, True)
