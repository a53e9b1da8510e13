"""Workers on GPUs, by hand."""

from __future__ import annotations

import pytest

from proclivity.errors import UserError
from proclivity.runs.gpus import seen_devices, visible_devices, workers_on
from proclivity.specs import ComputeSpec

FOUR = ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("gpus", "devices", "expected"),
    [
        (0.0, FOUR, 0),  # not counted
        (0.0, [], 0),
        (1.0, FOUR, 4),
        (0.25, FOUR, 16),
        (0.25, ["0"], 4),
        (1 / 3, ["0"], 3),
        (0.1, ["0"], 10),
        (0.3, ["0"], 3),  # a tenth of the GPU is left over
        (0.6, FOUR, 4),  # two don't fit on one
        (2.0, FOUR, 2),
        (3.0, FOUR, 1),
    ],
)
def test_room_by_hand(gpus: float, devices: list[str], expected: int) -> None:
    assert workers_on(gpus, devices) == expected


def test_devices_by_hand() -> None:
    assert [visible_devices(number, 1, FOUR) for number in range(5)] == ["0", "1", "2", "3", "0"]
    assert [visible_devices(number, 2, FOUR) for number in range(3)] == ["0,1", "2,3", "0,1"]
    assert [visible_devices(number, 3, FOUR) for number in range(2)] == ["0,1,2", "0,1,2"]
    assert [visible_devices(number, 0.5, ["4", "7"]) for number in range(4)] == ["4", "7", "4", "7"]
    assert visible_devices(5, 0, FOUR) == "0,1,2,3"
    assert visible_devices(0, 0, []) == ""


@pytest.mark.parametrize("gpus", [0.25, 0.5, 1, 2, 4])
def test_full_room_uses_every_gpu_equally(gpus: float) -> None:
    seen = [name for n in range(workers_on(gpus, FOUR)) for name in visible_devices(n, gpus, FOUR).split(",")]
    assert {name: seen.count(name) for name in seen} == dict.fromkeys(FOUR, max(1, round(1 / gpus)))


def test_too_few_are_told() -> None:
    with pytest.raises(UserError, match=r"asks for 2 GPUs a worker, and 1 are seen"):
        visible_devices(0, 2, ["0"])
    with pytest.raises(UserError, match=r"0\.5 GPUs a worker, and 0 are seen"):
        workers_on(0.5, [])


def test_devices_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-8f3a")
    assert seen_devices() == ["2", "GPU-8f3a"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert seen_devices() == []


def test_shares_of_a_second_gpu_are_refused() -> None:
    with pytest.raises(ValueError, match="whole number"):
        ComputeSpec(gpus=1.5)
