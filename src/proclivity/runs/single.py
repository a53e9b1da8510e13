"""One stage without a study: a battery on any checkpoint, a second look at a finished study."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.errors import UserError, unknown_name
from proclivity.runs.collect import OUTPUTS
from proclivity.runs.results import measurement_schema, write_table
from proclivity.runs.storage import as_json, replace_bytes, replace_with_copy, writing
from proclivity.specs import BatterySpec, load_pack, load_study

if TYPE_CHECKING:
    import pandas as pd

Tell = Callable[[str], None]


def measure_checkpoint(
    model: str,
    adapter: Path | None,
    reference: str | None,
    pack: str | Path,
    out: Path,
    *,
    families: Sequence[str] = (),
    batch_size: int = 64,
    trust_remote_code: bool = False,
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
        batch_size: sequences a forward pass.
        trust_remote_code: run code that comes with the model.
        tell: is told of each family.

    Raises:
        UserError: for unknown names.
        ModelError: for what is no model or no fitting adapter.
    """
    from proclivity.battery import families as known_families
    from proclivity.battery import measure_family
    from proclivity.models import load_model

    content = load_pack(pack)
    battery = BatterySpec(families=list(families), batch_size=batch_size)
    known = known_families(content, BatterySpec())
    for name in families:
        if name not in known:
            raise unknown_name("probe family", name, known)
    _require_writable(out)
    tell(f"loading {model}")
    subject = load_model(model, adapter, batch_size=batch_size, trust_remote_code=trust_remote_code)
    other = None
    if reference is not None:
        other = load_model(reference, batch_size=batch_size, trust_remote_code=trust_remote_code)
        if other.vocab_size != subject.vocab_size:
            raise UserError(
                f"'{model}' has {subject.vocab_size} tokens and '{reference}' {other.vocab_size}; divergences of "
                f"different vocabularies can't be compared. Choose a reference with the same tokenizer."
            )
    name = Path(model).name
    rows: list[dict[str, Any]] = []
    completions: list[dict[str, Any]] = []
    for number, family in enumerate(chosen := known_families(content, battery), start=1):
        tell(f"measuring {family} ({number} of {len(chosen)})")
        found = None
        if other is not None or adapter is not None:
            if other is None:
                subject.set_adapter(None)
            identity: dict[str, Any] = {"model": name, "arm": "base", "seed": -1}
            found = measure_family(
                other or subject,
                content,
                family,
                study_battery=battery,
                identity=identity,
                reference=None,
                seed=0,
            )
            if other is None:
                subject.set_adapter(adapter)
        arm = "adapter" if adapter is not None else "model" if other is not None else "base"
        identity = {"model": name, "arm": arm, "seed": -1}
        result = measure_family(
            subject, content, family, study_battery=battery, identity=identity, reference=found, seed=0
        )
        rows += result.rows
        completions += result.completions or []
    replace_bytes(out / "completions.json", as_json(completions))
    about = {"model": model, "adapter": str(adapter) if adapter else None, "reference": reference}
    replace_bytes(out / "measured.json", as_json(about | {"pack": content.spec.id, "pack_digest": content.digest}))
    return _write_measurements(rows, out / "measurements.parquet")


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
