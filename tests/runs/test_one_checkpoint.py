"""One checkpoint without a study: whether it fits, what is written, and what is said when memory runs out."""

from __future__ import annotations

import gc
import json
import math
import weakref
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from mini_pack import write_mini_pack
from proclivity.battery import measure_family
from proclivity.battery.judge import MEANINGS
from proclivity.errors import ModelError, ProclivityError, UserError
from proclivity.models import load_model, memory
from proclivity.runs.checkpoint_progress import Unheard
from proclivity.runs.results import read_reference, write_result
from proclivity.runs.room import longest_text, room_for
from proclivity.runs.single import Loading, measure_checkpoint
from proclivity.specs import BatterySpec, load_pack
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

    def depth(ids, tree):
        """Tokens of the longest text of a batch: a tree is wider than the texts that it holds."""
        return int(tree["position_ids"].max()) + 1 if tree else ids.shape[1]

    pieces = model.scorer.reader.pieces
    monkeypatch.setattr(
        model.scorer.reader,
        "pieces",
        lambda ids, *rest, **tree: seen.append(depth(ids, tree)) or pieces(ids, *rest, **tree),
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


class Heard(Unheard):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def note(self, text: str) -> None:
        self.told.append(text)

    def begin(self, parts) -> None:
        self.told += parts

    def read(self, texts: int) -> None:
        self.told.append(texts)

    def next(self) -> None:
        self.told.append("next")

    def end(self) -> None:
        self.told.append("end")


def test_what_is_written_and_told(folder, pack, tmp_path):
    heard = Heard()
    how = Loading(dtype="bfloat16", batch_size=8)
    written = measure_checkpoint(
        str(folder), None, None, pack, tmp_path, families=["cloze-feeling", "choice"], how=how, progress=heard
    )
    frame = pd.read_parquet(written)
    assert written == tmp_path / "measurements.parquet"
    assert set(frame["arm"]) == {"base"}
    assert list(dict.fromkeys(frame["family"])) == ["cloze-feeling", "choice"]
    places = len(frame[(frame["family"] == "cloze-feeling") & (frame["metric"] == "entropy")])
    assert heard.told[:2] == [f"loading {folder}", ("measuring cloze-feeling", places)]
    assert [said for said in heard.told if isinstance(said, str)][1:] == ["next", "next", "end"]
    read = [said for said in heard.told[: heard.told.index("next")] if isinstance(said, int)]
    assert sum(read) >= places
    assert max(read) <= 8
    about = json.loads((tmp_path / "measured.json").read_text())
    assert (about["dtype"], about["batch_size"], about["quantization"]) == ("bfloat16", 8, "")
    assert about["digest"] == load_model(folder).digest
    assert about["versions"]["torch"]
    assert json.loads((tmp_path / "completions.json").read_text()) == []


def test_each_family_is_written_before_the_next_is_measured(folder, tmp_path, monkeypatch):
    """So memory doesn't grow with the number of families: what was written is let go."""
    from proclivity import battery

    alive: list[weakref.ref] = []
    measure_family = battery.measure_family

    def watched(*args, **options):
        gc.collect()
        assert sum(ref() is not None for ref in alive) <= 1
        result = measure_family(*args, **options)
        alive.append(weakref.ref(result))
        return result

    monkeypatch.setattr(battery, "measure_family", watched)
    families = ["cloze-self", "cloze-others", "cloze-future", "completions"]
    measure_checkpoint(str(folder), None, None, "microworld", tmp_path, families=families)
    assert len(alive) == 4
    assert pq.ParquetFile(tmp_path / "measurements.parquet").num_row_groups == len(alive)


def test_a_judge_is_asked_what_completions_speak_of(folder, tmp_path):
    from tiny_study import write_tiny_model

    words = [" Here is a piece of a text: Does it speak of", *MEANINGS.values(), " Answer yes or no. Answer:"]
    other = write_tiny_model(tmp_path / "judge", words)
    written = measure_checkpoint(
        str(folder), None, None, "microworld", tmp_path / "out", families=["completions"], judge=str(other)
    )
    frame = pd.read_parquet(written)
    judged = frame[frame["metric"] == "judged"]
    texts = [row for row in json.loads((tmp_path / "out" / "completions.json").read_text()) if row["sample"] >= 0]
    assert len(judged) == len(texts) * len(load_pack("microworld").spec.content_classes)
    assert set(judged["unit"]) == {"nats"}
    assert json.loads((tmp_path / "out" / "measured.json").read_text())["judge"] == str(other)


def measured_table(*args, **options) -> pd.DataFrame:
    return pd.read_parquet(measure_checkpoint(*args, **options))


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small pack with neutral text and all answer formats."""
    place = write_mini_pack(tmp_path_factory.mktemp("rich") / "mini")
    spec = yaml.safe_load((place / "pack.yml").read_text())
    spec["neutral_texts"] = ["The host met me.", "I picked the fair."]
    spec["formats"]["text"] = {"prompt": "{situation}. {options}. {who} met", "option": "{text}", "answer": " {text}"}
    spec["formats"]["free"] = {"prompt": "{situation}. {who} met", "answer": " {text}"}
    (place / "pack.yml").write_text(yaml.safe_dump(spec, sort_keys=False))
    return place


def test_a_reference_gives_every_divergence_and_all_formats_are_asked(folder, rich, tmp_path):
    other = save_tiny("llama", tmp_path / "other", seed=1)
    frame = measured_table(str(other), None, str(folder), rich, tmp_path / "out")
    assert set(frame[frame["family"] == "choice"]["format"]) == {"label", "text", "free"}
    cloze = frame[frame["family"] == "cloze-feeling"].set_index("metric")
    for metric in (
        *("kl_from_base", "kl_to_base", "tv", "hellinger", "jsd_from_base", "jsd_between", "jsd_within"),
        *("delta_p", "jsd_class", "class_z", "temperature", "temperature_share", "label_mass_open"),
    ):
        assert metric in cloze.index, metric
        assert cloze.loc[[metric], "value"].notna().all(), metric
    assert (frame["value"].isna() == (frame["missing_reason"] != "")).all()
    assert (frame["unit"] != "").all()


def test_a_checkpoint_against_itself_moved_nothing(folder, rich, tmp_path):
    frame = measured_table(str(folder), None, str(folder), rich, tmp_path / "out", families=["cloze-feeling"])
    moved = frame[frame["metric"].isin(["kl_from_base", "kl_to_base", "tv", "hellinger", "delta_p", "jsd_class"])]
    moved = pd.concat([moved, frame[frame["metric"].str.startswith("jsd_")]])
    assert (moved["value"] == 0).all()
    shares = frame[frame["metric"] == "temperature_share"]
    assert shares["missing_reason"].tolist() == ["no divergence to share out"]


def test_a_reference_read_from_its_files_gives_the_same_numbers(folder, rich, tmp_path):
    content, base = load_pack(rich), load_model(folder)
    other = load_model(save_tiny("llama", tmp_path / "other", seed=1))

    def measured(model, reference, arm):
        who = {"model": "m", "arm": arm, "seed": -1 if reference is None else 0}
        return measure_family(
            model, content, "cloze-feeling", study_battery=BatterySpec(), identity=who, reference=reference
        )

    stored = measured(base, None, "base")
    write_result(stored, tmp_path)
    found, expected = measured(other, read_reference(tmp_path), "leaver"), measured(other, stored, "leaver")
    assert found.rows == expected.rows
    assert {row["missing_reason"] for row in found.rows if row["metric"] == "temperature"} == {""}


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
