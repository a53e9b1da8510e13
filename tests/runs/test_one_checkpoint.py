"""One checkpoint without a study: whether it fits, what is written, and what is said when memory runs out."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from mini_pack import write_mini_pack
from proclivity.errors import ModelError, ProclivityError, UserError
from proclivity.models import load_model, memory
from proclivity.runs.room import longest_text, room_for
from proclivity.runs.single import Loading, measure_checkpoint
from proclivity.specs import load_pack
from tiny_models import save_tiny


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny("llama", tmp_path_factory.mktemp("one") / "llama")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mini_pack(tmp_path_factory.mktemp("pack") / "mini")


def test_the_estimate_is_that_of_the_loaded_model(folder, pack):
    model = load_model(folder)
    room = room_for(str(folder), pack, Loading(batch_size=4))
    shape = memory.shape_of(model.network)
    assert room.parameters == shape.parameters
    assert 0 <= room.tokens - longest_text(model, load_pack(pack)) <= 1  # a model's own count leaves its BOS out
    expected = memory.memory_need(shape, batch_size=4, tokens=room.tokens, element=4)
    assert room.need.weights == expected.weights == 4 * shape.parameters
    assert room.need.logits == expected.logits
    assert room_for(str(folder), pack, Loading(dtype="bfloat16")).need.weights == 2 * shape.parameters


def test_the_longest_text_covers_what_the_battery_reads(folder, pack, monkeypatch):
    model, content = load_model(folder), load_pack(pack)
    seen = []
    pieces = model.scorer.reader.pieces
    monkeypatch.setattr(
        model.scorer.reader,
        "pieces",
        lambda ids, *rest, **tree: seen.append(ids.shape[1]) or pieces(ids, *rest, **tree),
    )
    from proclivity.battery import measure

    measure(model, content, only=["choice", "cloze-feeling"])
    longest = longest_text(model, content)
    assert max(seen) <= longest
    assert longest <= max(seen) + 12  # options are counted behind a prompt that lists them already


def test_what_is_said_by_free_memory(folder, pack, monkeypatch):
    need = room_for(str(folder), pack, Loading(batch_size=64))
    monkeypatch.setattr(memory, "free_memory", lambda device: need.need.total / memory.USABLE)
    fits = room_for(str(folder), pack, Loading(batch_size=64))
    assert fits.largest == 64
    assert "--batch-size 64" in fits.sentence
    assert "too many" in room_for(str(folder), pack, Loading(batch_size=128)).sentence
    monkeypatch.setattr(memory, "free_memory", lambda device: 10.0)
    assert "doesn't fit" in room_for(str(folder), pack, Loading()).sentence
    monkeypatch.setattr(memory, "free_memory", lambda device: math.nan)
    unknown = room_for(str(folder), pack, Loading())
    assert "can't be told" in unknown.sentence
    assert unknown.as_dict()["free"] is None
    json.dumps(unknown.as_dict(), allow_nan=False)


def test_names_that_arent_there(folder, pack):
    with pytest.raises(ModelError, match="behind an API"):
        room_for("openai/gpt-4o", pack, Loading())
    with pytest.raises(UserError, match="no dtype"):
        room_for(str(folder), pack, Loading(dtype="float8"))
    with pytest.raises(UserError, match="Did you mean 'cloze-feeling'"):
        measure_checkpoint(str(folder), None, None, pack, pack / "out", families=["cloze-feelin"])


def test_what_is_written(folder, pack, tmp_path):
    told: list[str] = []
    how = Loading(dtype="bfloat16", batch_size=8)
    frame = measure_checkpoint(
        str(folder), None, None, pack, tmp_path, families=["cloze-feeling"], how=how, tell=told.append
    )
    assert told == [f"loading {folder}", "measuring cloze-feeling (1 of 1)"]
    assert set(frame["arm"]) == {"base"}
    pd.testing.assert_frame_equal(frame, pd.read_parquet(tmp_path / "measurements.parquet"))
    about = json.loads((tmp_path / "measured.json").read_text())
    assert (about["dtype"], about["batch_size"], about["quantization"]) == ("bfloat16", 8, "")
    assert json.loads((tmp_path / "completions.json").read_text()) == []


def test_a_reference_of_another_vocabulary_is_refused(folder, pack, tmp_path):
    from tiny_study import write_tiny_model

    other = write_tiny_model(tmp_path / "other", ["one two three"])
    with pytest.raises(UserError, match="different vocabularies"):
        measure_checkpoint(str(folder), None, str(other), pack, tmp_path / "out", families=["cloze-feeling"])


def test_running_out_of_memory_says_which_batch_size_fits(folder, pack, tmp_path, monkeypatch):
    from proclivity.models.hf import HFModel

    def full(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes")

    monkeypatch.setattr(HFModel, "continuation_log_probs", full)
    monkeypatch.setattr(HFModel, "next_token_log_probs", full)
    with pytest.raises(ProclivityError, match=r"Out of memory with 64 texts a batch.*--batch-size 32"):
        measure_checkpoint(str(folder), None, None, pack, tmp_path)
