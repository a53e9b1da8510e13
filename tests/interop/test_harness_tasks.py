"""Questions as lm-evaluation-harness asks them: its own log probabilities beside ours, pair by pair."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from verbs import run_verb

from mini_pack import write_sound_pack
from proclivity.battery import measure
from proclivity.errors import UserError
from proclivity.interop.harness_scores import scores
from proclivity.interop.harness_tasks import LEFT_OUT, write_tasks
from proclivity.interop.questions import questions_of
from proclivity.models import load_model
from proclivity.specs import BatterySpec, load_pack
from tiny_study import write_pack_model

FAMILIES = ("cloze-self", "interpretation", "choice")


@pytest.fixture(scope="module")
def model():
    return load_model("llama-equal")


@pytest.fixture(scope="module")
def harness(model):
    from lm_eval.models.huggingface import HFLM

    return HFLM(pretrained=model.network, tokenizer=model.tokenizer, max_length=model.window, batch_size=32)


@pytest.fixture(scope="module")
def found(model, harness, tmp_path_factory):
    """The harness's results on an exported folder."""
    import lm_eval
    from lm_eval.tasks import TaskManager

    folder = tmp_path_factory.mktemp("tasks")
    rows = write_tasks(model, load_pack("microworld"), folder, families=FAMILIES, choice_items=36)
    manager = TaskManager(include_path=str(folder), include_defaults=False)
    return lm_eval.simple_evaluate(
        model=harness,
        tasks=[row["task"] for row in rows],
        task_manager=manager,
        log_samples=True,
        bootstrap_iters=0,
    )


def test_a_score_by_hand() -> None:
    doc = {"classes": ["loss", "threat", "loss"], "least_mass": 0.5}
    results = [(math.log(p), False) for p in (0.3, 0.2, 0.1)]
    found = scores(doc, results)
    assert found == pytest.approx(
        {"score_loss": math.log(0.4 / 0.2), "score_threat": math.log(0.2 / 0.4), "candidate_mass": 0.6}
    )
    assert scores({**doc, "least_mass": 0.7}, results) == pytest.approx({"candidate_mass": 0.6})


def test_every_pair_is_scored_as_here(model, found) -> None:
    asked = 0
    for samples in found["samples"].values():
        pairs = [tuple(one["args"]) for sample in samples for one in _arguments(sample)]
        theirs = [float(answer[0][0]) for sample in samples for answer in sample["resps"]]
        ours = model.continuation_log_probs(pairs)
        assert np.abs(ours - np.array(theirs)).max() < 1e-4
        asked += len(pairs)
    assert asked > 500


def _arguments(sample):
    arguments = sample["arguments"]
    listed = arguments.values() if isinstance(arguments, dict) else arguments
    for one in listed:
        yield {"args": [one["arg_0"], one["arg_1"]] if isinstance(one, dict) else list(one)}


@pytest.mark.parametrize("family", FAMILIES)
def test_mean_scores_are_those_of_the_battery(model, found, family) -> None:
    pack = load_pack("microworld")
    battery = BatterySpec(choice_items=36, choice_formats=list(pack.spec.formats))
    rows = measure(model, pack, battery, only=[family])[family].rows
    theirs = found["results"][f"proclivity_microworld_{family}"]
    classes = {row["content_class"] for row in rows if row["metric"] == "score"}
    assert len(classes) > 1
    for name in classes:
        own = [
            row["value"]
            for row in rows
            if row["metric"] == "score" and row["content_class"] == name and not math.isnan(row["value"])
        ]
        assert theirs[f"score_{name},none"] == pytest.approx(np.mean(own), abs=1e-4), name


def test_what_the_harness_would_cut_elsewhere_is_left_out_and_named(tmp_path: Path) -> None:
    folder = write_sound_pack(tmp_path / "mini")
    model = load_model(write_pack_model(tmp_path / "model", folder))
    pack = load_pack(folder)
    family = next(name for name, probes in pack.probes.items() if probes.kind == "cloze")
    sound = questions_of(model, pack, family)
    probes = pack.probes[family]
    bad = probes.items[0].model_copy(update={"id": "bad", "text": probes.items[0].text + "\n"})
    items = [*probes.items, bad]
    pack.probes[family] = probes.model_copy(update={"items": items, "wrappers": probes.wrappers[:1]})
    (row,) = write_tasks(model, pack, tmp_path / "out", families=[family])
    gone = [json.loads(line) for line in (tmp_path / "out" / LEFT_OUT).read_text().splitlines()]
    assert [(one["family"], "elsewhere" in one["reason"]) for one in gone] == [(family, True)]
    assert row["questions"] == len(probes.items) <= len(sound)
    pack.probes[family] = probes.model_copy(update={"items": [bad]})
    with pytest.raises(UserError, match="elsewhere"):
        write_tasks(model, pack, tmp_path / "none", families=[family])


def test_a_family_that_is_not_asked_so_is_refused(model) -> None:
    pack = load_pack("microworld")
    instrument = next(name for name, probes in pack.probes.items() if probes.kind == "controls")
    with pytest.raises(UserError, match="interpretation"):
        questions_of(model, pack, instrument)


def test_the_verb_writes_and_refuses(tmp_path: Path, capsys) -> None:
    folder = write_sound_pack(tmp_path / "mini")
    model = write_pack_model(tmp_path / "model", folder)
    words = ["export", "lm-eval", "--model", model, "--pack", folder, "--out"]
    code, out, _ = run_verb(capsys, *words, tmp_path / "tasks", "--json")
    assert code == 0
    tasks = json.loads(out)["tasks"]
    assert {path.stem for path in (tmp_path / "tasks").glob("*.yaml")} == {row["task"] for row in tasks}
    code, _, told = run_verb(capsys, *words, tmp_path / "x", "--family", "nothing")
    assert (code, "no probe family" in told) == (2, True)
    code, _, told = run_verb(capsys, *words, model / "config.json")
    assert (code, "--out" in told) == (1, True)
