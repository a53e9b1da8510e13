"""A second look at a finished study: the same measurements, analysed with other settings."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proclivity.errors import UserError
from proclivity.runs.collect import OUTPUTS, analyze_study
from proclivity.runs.ledger import Ledger
from proclivity.runs.manifest import read_manifest, write_manifest
from proclivity.runs.messages import Context
from proclivity.runs.publish import study_text
from proclivity.runs.registration import copy_registration
from proclivity.runs.storage import replace_bytes, replace_with_copy, require_writable
from proclivity.runs.study import plan_study
from proclivity.specs import load_study


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
    require_writable(out)
    context = Context(str(folder.resolve()), plan.study, plan.pack, plan.models, plan.by_digest, plan.judge)
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
    copy_registration(folder, out)
    write_report(out)
    verdicts: list[dict[str, Any]] = json.loads((out / "verdicts.json").read_text(encoding="utf-8"))
    return verdicts
