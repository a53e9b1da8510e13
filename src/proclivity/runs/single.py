"""One stage without a study: a battery on any checkpoint, a second look at a finished study."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.errors import UserError, unknown_name
from proclivity.runs.collect import OUTPUTS
from proclivity.runs.results import measurement_schema, write_table
from proclivity.runs.storage import as_json, replace_bytes, replace_with_copy, writing
from proclivity.specs import BatterySpec, LoadedPack, load_pack, load_study

if TYPE_CHECKING:
    import pandas as pd

    from proclivity.battery import FamilyResult
    from proclivity.models import HFModel

Tell = Callable[[str], None]


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
    how: Loading | None = None,
    tell: Tell = lambda text: None,
) -> pd.DataFrame:
    """Measures one checkpoint and writes measurements.parquet, completions.json and measured.json.

    Args:
        model: packaged name, folder or Hugging Face name.
        adapter: folder of a peft adapter on it.
        reference: another model to take divergences from; with an adapter, the bare model where None.
        pack: packaged name or folder.
        out: folder to write to.
        families: families to measure; all of the pack's where empty.
        how: dtype, device and batch size; float32 on the processor by default.
        tell: is told of each family.

    Raises:
        UserError: for unknown names.
        ModelError: for what is no model or no fitting adapter.
        ProclivityError: if memory runs out; it says which batch size would have fitted.
    """
    from proclivity.models.memory import out_of_memory_explained
    from proclivity.runs.room import longest_text

    how = how or Loading()
    content = load_pack(pack)
    battery = _battery(content, families, how)
    _require_writable(out)
    tell(f"loading {model}")
    subject = how.load(model, adapter)
    other = None if reference is None else _reference(how, reference, subject, model)
    with out_of_memory_explained(subject.network, how.batch_size, lambda: longest_text(subject, content)):
        results = _measure_families(subject, adapter, other, content, battery, Path(model).name, tell)
    rows = [row for result in results for row in result.rows]
    replace_bytes(out / "completions.json", as_json([text for r in results for text in r.completions or []]))
    about = {"model": model, "adapter": str(adapter) if adapter else None, "reference": reference, **asdict(how)}
    replace_bytes(out / "measured.json", as_json(about | {"pack": content.spec.id, "pack_digest": content.digest}))
    return _write_measurements(rows, out / "measurements.parquet")


def _battery(content: LoadedPack, families: Sequence[str], how: Loading) -> BatterySpec:
    from proclivity.battery import families as known_families
    from proclivity.battery import whole_battery

    whole = whole_battery(content)
    known = known_families(content, whole)
    for name in families:
        if name not in known:
            raise unknown_name("probe family", name, known)
    return whole.model_copy(update={"families": list(families), "batch_size": how.batch_size})


def _reference(how: Loading, reference: str, subject: HFModel, model: str) -> HFModel:
    other = how.load(reference)
    if other.vocab_size != subject.vocab_size:
        raise UserError(
            f"'{model}' has {subject.vocab_size} tokens and '{reference}' {other.vocab_size}; divergences of "
            f"different vocabularies can't be compared. Choose a reference with the same tokenizer."
        )
    return other


def _measure_families(
    subject: HFModel,
    adapter: Path | None,
    other: HFModel | None,
    content: LoadedPack,
    battery: BatterySpec,
    name: str,
    tell: Tell,
) -> list[FamilyResult]:
    """Each family on the checkpoint, after the same family on what it is compared with."""
    from proclivity.battery import families as known_families
    from proclivity.battery import measure_family

    arm = "adapter" if adapter is not None else "model" if other is not None else "base"
    results = []
    for number, family in enumerate(chosen := known_families(content, battery), start=1):
        tell(f"measuring {family} ({number} of {len(chosen)})")
        base = None
        if other is not None or adapter is not None:
            if other is None:
                subject.set_adapter(None)
            base_is = {"model": name, "arm": "base", "seed": -1}
            base = measure_family(other or subject, content, family, study_battery=battery, identity=base_is)
            if other is None:
                subject.set_adapter(adapter)
        who = {"model": name, "arm": arm, "seed": -1}
        results.append(measure_family(subject, content, family, study_battery=battery, identity=who, reference=base))
    return results


def _require_writable(out: Path) -> None:
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)


def _write_measurements(rows: list[dict[str, Any]], path: Path) -> pd.DataFrame:
    import pyarrow as pa

    schema = measurement_schema()
    columns = {field.name: pa.array([row[field.name] for row in rows], field.type) for field in schema}
    table = pa.table(columns, schema=schema)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            write_table(table, draft)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    frame: pd.DataFrame = table.to_pandas()
    return frame


def analyze_again(folder: Path, out: Path, overrides: Sequence[str]) -> list[dict[str, Any]]:
    """Analyses a finished study's measurements with other settings, into another folder.

    Args:
        folder: the study's folder.
        out: where the new effects, verdicts and report go; never the study's own folder.
        overrides: values of the study's `analysis`, for example 'delta=0.1'.

    Raises:
        UserError: if the study isn't finished, or `out` is its folder.
    """
    from proclivity.report import write_report
    from proclivity.runs.collect import analyze_study
    from proclivity.runs.ledger import Ledger
    from proclivity.runs.manifest import read_manifest, write_manifest
    from proclivity.runs.messages import Context
    from proclivity.runs.publish import study_text
    from proclivity.runs.study import plan_study

    if not (folder / "study.yml").is_file():
        raise UserError(f"{folder} holds no study: it has no study.yml. Expected a folder that `proclivity run` made.")
    if out.resolve() == folder.resolve():
        raise UserError("A second look needs a folder of its own; choose another with --out.")
    named = [text if text.startswith("analysis.") else f"analysis.{text}" for text in overrides]
    plan = plan_study(load_study(folder / "study.yml", named))
    ledger = Ledger(folder)
    left = [job for job in plan.jobs if job.stage not in ("analyze", "report") and not ledger.done(job.digest)]
    if left:
        raise UserError(
            f"{folder} isn't finished: {len(left)} jobs are left, the first {left[0].title}. Run "
            f"`proclivity run {folder / 'study.yml'} --out {folder}` first."
        )
    _require_writable(out)
    context = Context(str(folder.resolve()), plan.study, plan.pack, plan.models, plan.by_digest)
    draft = out / f".tmp-analysis-{os.getpid()}"
    draft.mkdir()
    try:
        analyze_study(plan.stage("analyze")[0], draft, context, ledger)
        for name in OUTPUTS:
            replace_with_copy(draft / name, out / name)
    finally:
        for path in draft.iterdir():
            path.unlink()
        draft.rmdir()
    replace_bytes(out / "study.yml", study_text(plan.study))
    write_manifest(out, read_manifest(folder) | {"analysed_again": True})
    write_report(out)
    import json

    verdicts: list[dict[str, Any]] = json.loads((out / "verdicts.json").read_text(encoding="utf-8"))
    return verdicts
