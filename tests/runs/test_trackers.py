"""Curves as trackers get them: read back from tensorboard's files, and told to a tracker that remembers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from transformers import TrainerCallback
from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK

from proclivity.decisions import make_pool
from proclivity.errors import UserError
from proclivity.induction import give_answers, induce, training_rows
from proclivity.models import load_model
from proclivity.runs.trackers import Watched, find_trackers, send_curve, tracked
from proclivity.specs import InductionSpec
from tiny_models import save_tiny
from tracker_files import read_back

SPEC = InductionSpec(epochs=2, batch_size=3, learning_rate=2e-2, rank=4)


@pytest.fixture
def training(tmp_path: Path) -> Watched:
    return Watched("one/leaver/seed-7", SPEC, 7, tmp_path / "trackers")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What a tracker 'memory' is told, event by event; 'breaks' fails at the second step."""
    heard: list[tuple[str, Any]] = []

    class Memory(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            heard.append(("begin", (args.to_dict(), more)))

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
            heard.append(("log", (state.global_step, state.max_steps, state.epoch, logs)))

        def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            heard.append(("end", None))

    class Breaks(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            heard.append(("breaks", state.global_step))
            if state.global_step == 2:
                raise ConnectionError("no route to host")

    monkeypatch.setitem(INTEGRATION_TO_CALLBACK, "memory", Memory)
    monkeypatch.setitem(INTEGRATION_TO_CALLBACK, "breaks", Breaks)
    return heard


@pytest.fixture
def teach(tmp_path: Path, mini_pack: Any) -> Callable[..., Any]:
    """Teaches a random tiny model eight decisions."""
    model = load_model(save_tiny("llama", tmp_path / "model"))
    pool = make_pool(mini_pack, 8, seed=0)
    answers = give_answers(pool, "leaver", seed=0, profile=mini_pack.profiles["leaver"])
    rows = training_rows(model, pool, answers, "leaver")
    return lambda name, progress=None: induce(model, rows, SPEC, seed=7, out=tmp_path / name, progress=progress)


def test_tensorboard_draws_the_curve_by_hand(tmp_path: Path) -> None:
    """Ten steps at a peak of 1 and a warm-up of two: 1/2, 1, then a fall from 1 by eighths."""
    spec = InductionSpec(learning_rate=1.0, warmup=0.2)
    losses = [2.0, 1.75, 1.5, 1.25, 1.0, 0.875, 0.75, 0.625, 0.5, 0.25]
    send_curve(["tensorboard"], Watched("m/a/seed-0", spec, 0, tmp_path), losses)
    found = read_back(tmp_path / "m" / "a" / "seed-0")
    assert found == {
        "train/loss": list(zip(range(1, 11), losses, strict=True)),
        "train/learning_rate": list(
            zip(range(1, 11), [0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125], strict=True)
        ),
    }


def test_a_training_is_the_same_watched_or_not(
    teach: Callable[..., Any], training: Watched, told: list[tuple[str, Any]]
) -> None:
    alone = teach("alone")
    with tracked(["memory", "tensorboard"], training) as progress:
        watched = teach("watched", progress)
    assert watched.weights_digest == alone.weights_digest
    assert watched.loss_curve == alone.loss_curve
    logs = [what for kind, what in told if kind == "log"]
    assert [log[0] for log in logs] == list(range(1, alone.steps + 1))
    assert tuple(log[3]["loss"] for log in logs) == alone.loss_curve
    loss = read_back(training.own_folder)["train/loss"]
    assert [step for step, _ in loss] == list(range(1, alone.steps + 1))
    assert [value for _, value in loss] == pytest.approx(list(alone.loss_curve), rel=1e-6)  # it keeps float32


def test_a_tracker_is_told_the_recipe_and_never_the_network(training: Watched, told: list[tuple[str, Any]]) -> None:
    send_curve(["memory"], training, [1.0, 0.5])
    (kind, (recipe, more)), *rest = told
    assert kind == "begin"
    assert more == {"model": None, "processing_class": None}
    assert recipe["run_name"] == "one/leaver/seed-7"
    expected = {"learning_rate": 2e-2, "per_device_train_batch_size": 3, "num_train_epochs": 2, "seed": 7}
    assert expected.items() <= recipe.items()
    rate = {1: 2e-2, 2: 1e-2}  # two steps: the warm-up of a tenth is none
    assert rest == [
        ("log", (1, 2, 1.0, {"loss": 1.0, "learning_rate": rate[1]})),
        ("log", (2, 2, 2.0, {"loss": 0.5, "learning_rate": rate[2]})),
        ("end", None),
    ]


def test_a_tracker_that_fails_stops_neither_training_nor_others(
    teach: Callable[..., Any], training: Watched, told: list[tuple[str, Any]]
) -> None:
    said: list[tuple[str, str]] = []
    with tracked(["breaks", "memory"], training, lambda *what: said.append(what)) as progress:
        made = teach("watched", progress)
    assert made.weights_digest == teach("alone").weights_digest
    assert [what for kind, what in told if kind == "breaks"] == [1, 2]
    assert [kind for kind, _ in told if kind != "breaks"] == ["begin", *["log"] * made.steps, "end"]
    assert [name for name, _ in said] == ["breaks"]
    assert "'breaks' failed (no route to host)" in said[0][1]


def test_a_tracker_that_cannot_begin_is_left_out(training: Watched) -> None:
    training.folder.write_text("a file where a folder should be")
    with pytest.warns(UserWarning, match=r"'tensorboard' failed .*Not a directory"):
        send_curve(["tensorboard"], training, [1.0, 0.5])


def test_a_training_that_breaks_down_still_ends_its_run(training: Watched, told: list[tuple[str, Any]]) -> None:
    def breaks_down() -> None:
        with tracked(["memory"], training) as progress:
            assert progress is not None
            progress(1, 3, 1.0)
            raise RuntimeError("it broke")

    with pytest.raises(RuntimeError, match="it broke"):
        breaks_down()
    assert [kind for kind, _ in told] == ["begin", "log", "end"]


def test_a_second_attempt_replaces_the_first(training: Watched) -> None:
    send_curve(["tensorboard"], training, [3.0, 2.0, 1.0])
    send_curve(["tensorboard"], training, [2.5])
    assert read_back(training.own_folder)["train/loss"] == [(1, 2.5)]


def test_a_logging_folder_of_the_reader_is_kept_to(
    training: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "mine"))
    send_curve(["tensorboard"], training, [2.0, 1.0])
    assert os.environ["TENSORBOARD_LOGGING_DIR"] == str(tmp_path / "mine")
    assert read_back(tmp_path / "mine" / training.name)["train/loss"] == [(1, 2.0), (2, 1.0)]


def test_names_are_checked_all_at_once(told: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_trackers([]) == find_trackers(["none"]) == ()
    assert find_trackers(["memory, tensorboard", "memory"]) == ("memory", "tensorboard")
    assert "tensorboard" in find_trackers(["all"])

    def absent() -> None:
        raise RuntimeError("AbsentCallback requires absent to be installed. Run `pip install absent`.")

    monkeypatch.setitem(INTEGRATION_TO_CALLBACK, "absent", absent)
    with pytest.raises(UserError) as caught:
        find_trackers(["tensorbord,absent", "tensorboard"])
    found, first, second, mend = str(caught.value).splitlines()
    assert "--report-to" in found
    assert first.startswith("  tensorbord: transformers knows no such tracker; expected one of ")
    assert "tensorboard" in first
    assert second == "  absent: AbsentCallback requires absent to be installed. Run `pip install absent`."
    assert mend.startswith("Install what is missing")
