"""One stage without a study: a battery on any checkpoint that anyone made."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.errors import UserError, unknown_name
from proclivity.runs.checkpoint_progress import Listener, Unheard
from proclivity.runs.jobs import library_versions
from proclivity.runs.manifest import LIBRARIES, now
from proclivity.runs.results import TABLE_SETTINGS, rendering, table_schema, write_rows
from proclivity.runs.storage import as_json, replace_bytes, require_writable, writing
from proclivity.specs import BatterySpec, LoadedPack, load_pack
from proclivity.tables import version_mark

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from proclivity.battery import FamilyResult
    from proclivity.models import HFModel


@dataclass(frozen=True)
class Loading:
    """How a checkpoint is brought into memory; see `load_model`."""

    dtype: str = "float32"
    device: str = "cpu"
    device_map: str = ""
    quantization: str = ""
    batch_size: int = 64
    trust_remote_code: bool = False

    def load(self, model: str, adapter: Path | None = None) -> HFModel:
        """The checkpoint, ready to measure."""
        from proclivity.models import load_model

        return load_model(
            model,
            adapter,
            dtype=self.dtype,
            device=self.device,
            batch_size=self.batch_size,
            trust_remote_code=self.trust_remote_code,
            device_map=self.device_map,
            quantization=self.quantization,
        )


def measure_checkpoint(
    model: str,
    adapter: Path | None,
    reference: str | None,
    pack: str | Path,
    out: Path,
    *,
    families: Sequence[str] = (),
    samples: int = 20,
    judge: str | None = None,
    how: Loading | None = None,
    progress: Listener | None = None,
) -> Path:
    """Measures one checkpoint and writes measurements.parquet, completions.json and measured.json.

    Families are measured and written one after another, so memory doesn't grow with their number.

    Args:
        model: packaged name, folder or Hugging Face name.
        adapter: folder of a peft adapter on it.
        reference: another model to take divergences from; with an adapter, the bare model where None.
        pack: packaged name or folder.
        out: folder to write to.
        families: families to measure; all of the pack's where empty.
        samples: sampled completions a prompt.
        judge: a model that is asked what completions speak of (see `battery.judge`); None asks none.
        how: dtype, device and batch size; float32 on the processor by default.
        progress: who is told how it gets on; None says nothing.

    Returns:
        Path of measurements.parquet.

    Raises:
        UserError: for unknown names.
        ModelError: for what is no model or no fitting adapter.
        ProclivityError: if memory runs out; it says which batch size would have fitted.
    """
    from proclivity.models.memory import out_of_memory_explained
    from proclivity.runs.room import longest_text

    how, listener = how or Loading(), progress or Unheard()
    content = load_pack(pack)
    battery = _battery(content, families, samples, how)
    require_writable(out)
    listener.note(f"loading {model}")
    subject = how.load(model, adapter)
    other = None if reference is None else _reference(how, reference, subject, model)
    asked = None if judge is None else how.load(judge)
    texts: list[dict[str, Any]] = []
    rendered: dict[str, dict[str, Any]] = {}
    try:
        with (
            out_of_memory_explained(subject.network, how.batch_size, lambda: longest_text(subject, content)),
            _rows_file(out / "measurements.parquet") as table,
        ):
            who = _Who(subject, adapter, other, Path(model).name)
            for family, result in _measure_families(who, asked, content, battery, listener):
                write_rows(result.rows, table)
                texts += result.completions or []
                rendered |= {family: rendering(result)} if result.rendered else {}
    finally:
        listener.end()
    replace_bytes(out / "completions.json", as_json(texts))
    about = {"model": model, "adapter": str(adapter) if adapter else None, "reference": reference, "judge": judge}
    made = {"digest": subject.digest, "samples": samples, "seed": 0, "rendered": rendered}
    replace_bytes(out / "measured.json", as_json(_about(about | made, how, content)))
    return out / "measurements.parquet"


def _about(what: dict[str, Any], how: Loading, content: LoadedPack) -> dict[str, Any]:
    """How the numbers came about, enough to make them again; loads nothing."""
    versions = {"python": platform.python_version(), **library_versions(LIBRARIES)}
    about = {**what, **asdict(how), "pack": content.spec.id, "pack_digest": content.digest}
    return {**about, "versions": versions, "measured": now()}


def _battery(content: LoadedPack, families: Sequence[str], samples: int, how: Loading) -> BatterySpec:
    from proclivity.battery import families as known_families
    from proclivity.battery import whole_battery

    whole = whole_battery(content)
    known = known_families(content, whole)
    for name in families:
        if name not in known:
            raise unknown_name("probe family", name, known)
    changes = {"families": list(families), "batch_size": how.batch_size, "completion_samples": samples}
    return whole.model_copy(update=changes)


def _reference(how: Loading, reference: str, subject: HFModel, model: str) -> HFModel:
    other = how.load(reference)
    if other.vocab_size != subject.vocab_size:
        raise UserError(
            f"'{model}' has {subject.vocab_size} tokens and '{reference}' {other.vocab_size}; divergences of "
            f"different vocabularies can't be compared. Choose a reference with the same tokenizer."
        )
    return other


@dataclass(frozen=True)
class _Who:
    """The checkpoint, and what it is compared with."""

    subject: HFModel
    adapter: Path | None
    other: HFModel | None
    name: str

    @property
    def compared(self) -> bool:
        return self.other is not None or self.adapter is not None

    @property
    def arm(self) -> str:
        return "adapter" if self.adapter is not None else "model" if self.other is not None else "base"

    @contextmanager
    def base(self) -> Iterator[HFModel]:
        """What it is compared with: another model, or itself without its adapter for a while."""
        if self.other is not None:
            yield self.other
            return
        self.subject.set_adapter(None)
        try:
            yield self.subject
        finally:
            self.subject.set_adapter(self.adapter)


def _measure_families(
    who: _Who, judge: HFModel | None, content: LoadedPack, battery: BatterySpec, listener: Listener
) -> Iterator[tuple[str, FamilyResult]]:
    """Each family on the checkpoint, after the same family on what it is compared with."""
    from proclivity.battery import families as known_families
    from proclivity.battery import measure_family
    from proclivity.battery.judge import judge_rows
    from proclivity.runs.workload import workload

    chosen = known_families(content, battery)
    expected = {family: workload(who.subject, content, battery, family) for family in chosen}
    times = 2 if who.compared else 1
    listener.begin([(f"measuring {family}", times * texts) for family, texts in expected.items()])
    for network in filter(None, (who.subject, who.other)):
        network.scorer.heard = listener.read
    identity: dict[str, Any] = {"model": who.name, "seed": -1}
    for family in chosen:
        base = None
        if who.compared:
            with who.base() as network:
                base_is = {**identity, "arm": "base"}
                base = measure_family(network, content, family, study_battery=battery, identity=base_is)
        arm_is = {**identity, "arm": who.arm}
        result = measure_family(who.subject, content, family, study_battery=battery, identity=arm_is, reference=base)
        if judge is not None and result.completions:
            result.rows += judge_rows(judge, result.completions, content.spec.content_classes, arm_is, family)
        listener.next()
        yield family, result


@contextmanager
def _rows_file(path: Path) -> Iterator[pq.ParquetWriter]:
    """A Parquet file of measurements that appears under its name once all of it is written."""
    import pyarrow.parquet as pq

    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            with pq.ParquetWriter(draft, table_schema(), **TABLE_SETTINGS) as table:
                table.add_key_value_metadata(version_mark())
                yield table
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
