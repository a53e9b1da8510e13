"""From the outputs of all jobs to the study's tables: gathered in the plan's order, analysed, written the same way."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.records import measurement_schema
from proclivity.runs.arm_jobs import study_arm
from proclivity.runs.content import PRIORS
from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Ledger
from proclivity.runs.messages import Context
from proclivity.runs.next_token import next_token_rows
from proclivity.runs.results import prior_rows, read_distributions, write_table
from proclivity.runs.storage import as_json
from proclivity.specs import LoadedPack, Study
from proclivity.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

    from proclivity.analysis import Analysis, Design

OUTPUTS = (
    "measurements.parquet",
    "completions.parquet",
    "effects.parquet",
    "curves.parquet",
    "priors.parquet",
    "verdicts.json",
    "scales.json",
    "directions.json",
    "gates.json",
    "next_token.json",
)
"""Files of the analysis that are also laid at the top of the study's folder."""


def analyze_study(job: Job, folder: Path, context: Context, ledger: Ledger) -> None:
    """Gathers what was measured, analyses it, and writes the study's tables into `folder`."""
    from proclivity.analysis import analyze, candidate_tokens, scale_findings

    measurements = gather_measurements(job, folder, ledger)
    gather_completions(job, folder, context, ledger)
    gates = _gates(job, context.study, ledger) | {"candidates": candidate_tokens(measurements, context.pack.probes)}
    (folder / "gates.json").write_bytes(as_json(gates))
    architectures = {name: model.architecture for name, model in context.models.items()}
    design = study_design(context.study, context.pack, measurements, architectures)
    distributions = _distributions(job, context, ledger)
    analysis = analyze(measurements, design, distributions, gather_priors(job, context, ledger))
    write_analysis(analysis, folder)
    scales = scale_findings(measurements, list(context.pack.instruments.values()))
    (folder / "scales.json").write_bytes(as_json(scales))
    (folder / "directions.json").write_bytes(as_json(_directions(job, ledger)))
    rows = next_token_rows(_checkpoints(job, context, ledger), context.pack)
    (folder / "next_token.json").write_bytes(as_json(plain(rows)))


def write_analysis(analysis: Analysis, folder: Path) -> None:
    """effects.parquet, curves.parquet, priors.parquet and verdicts.json."""
    import pyarrow as pa

    write_table(pa.Table.from_pandas(analysis.effects, preserve_index=False), folder / "effects.parquet")
    write_table(pa.Table.from_pandas(analysis.curves, preserve_index=False), folder / "curves.parquet")
    write_table(pa.Table.from_pandas(analysis.priors, preserve_index=False), folder / "priors.parquet")
    (folder / "verdicts.json").write_bytes(as_json(plain(analysis.verdicts)))


def study_design(
    study: Study, pack: LoadedPack, measurements: pd.DataFrame, architectures: Mapping[str, str] | None = None
) -> Design:
    """What the study fixed before anything was measured, with the architecture of each model where it is known."""
    from proclivity.analysis import Design, ModelDesign, ProfileDesign

    floor = measurements.loc[measurements["metric"] == "jsd_numeric", "value"].dropna()
    return Design(
        profiles=[
            ProfileDesign(arm, pack.profiles[arm].action_class, pack.profiles[arm].content_class)
            for arm in study.arms
            if arm in pack.profiles
        ],
        controls=[arm for arm in study.arms if _is_control(arm, study, pack)],
        delta=study.analysis.delta,
        level=study.analysis.level,
        control_margin=study.analysis.control_delta,
        bootstrap_draws=study.analysis.bootstrap,
        numeric_floor=float(floor.mean()) if len(floor) else None,
        models={m.name: ModelDesign(m.world, (architectures or {}).get(m.name, "")) for m in study.models},
        novel=tuple(name for name, probe in pack.probes.items() if probe.novel),
    )


def _is_control(name: str, study: Study, pack: LoadedPack) -> bool:
    """Whether other arms are compared with this one; personas, speech and what was made elsewhere are not trained
    alike, so they are compared with the controls and controls of nothing."""
    arm = study_arm(name, study, pack)
    return arm.answers == "none" or (arm.asks_decisions and arm.answers != "profile")


def gather_measurements(job: Job, folder: Path, ledger: Ledger) -> pd.DataFrame:
    """measurements.parquet, in the plan's order."""
    import pyarrow as pa

    schema = measurement_schema()
    tables = [
        read_table(ledger.folder(digest) / "measurements.parquet").select(schema.names).cast(schema)
        for role, digest in job.inputs.items()
        if role.startswith(("measure ", "judge "))
    ]
    table = pa.concat_tables([schema.empty_table(), *tables]).combine_chunks()
    write_table(table, folder / "measurements.parquet")
    frame: pd.DataFrame = table.to_pandas()
    return frame


def gather_priors(job: Job, context: Context, ledger: Ledger) -> pd.DataFrame:
    """Rows about priors of all checkpoints and points, in the plan's order; empty where a study asked for none."""
    import pyarrow as pa

    paths = [
        ledger.folder(digest) / "priors.parquet"
        for role, digest in job.inputs.items()
        if role.startswith("measure ") and context.jobs[digest].family == PRIORS
    ]
    table = pa.concat_tables([prior_rows([]), *(read_table(path) for path in paths)])
    frame: pd.DataFrame = table.to_pandas()
    return frame


def gather_completions(job: Job, folder: Path, context: Context, ledger: Ledger) -> None:
    """completions.parquet; empty where the study samples none."""
    import pyarrow as pa

    rows: list[dict[str, Any]] = []
    for measured, place in _measured(job, context, ledger):
        path = place / "completions.json"
        if path.exists():
            own = {"model": measured.model, "arm": measured.arm, "seed": measured.seed}
            rows += [{**own, **row} for row in json.loads(path.read_text(encoding="utf-8"))]
    kinds = {"seed": pa.int64(), "sample": pa.int64(), "flagged": pa.bool_()}
    names = ["model", "arm", "seed", "prompt", "sample", "text", "flagged", "reply"]
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
    columns = {name: pa.array([row.get(name) for row in rows], schema.field(name).type) for name in names}
    write_table(pa.table(columns, schema=schema), folder / "completions.parquet")


def _gates(job: Job, study: Study, ledger: Ledger) -> dict[str, Any]:
    """The gates that the pools passed, and each base model's own policy in the study's format."""
    found: dict[str, Any] = {"passed": None, "rows": [], "own_policy": []}
    for role, digest in job.inputs.items():
        stage, _, rest = role.partition(" ")
        own = rest.split(" ")[0] == study.decisions.format
        if stage == "gates":
            gates = json.loads((ledger.folder(digest) / "gates.json").read_text(encoding="utf-8"))
            named = (
                gates["rows"] if own else [{**row, "name": f"{row['name']}, {rest} format"} for row in gates["rows"]]
            )
            found["passed"] = gates["passed"] and found["passed"] is not False
            found["rows"] += named
        elif stage == "policy" and own:
            text = (ledger.folder(digest) / "own_policy.json").read_text(encoding="utf-8")
            found["own_policy"].append(json.loads(text))
    return found


def _directions(job: Job, ledger: Ledger) -> list[dict[str, Any]]:
    """What jobs on directions found, model by model; empty where the study asks for none."""
    places = [ledger.folder(digest) for role, digest in job.inputs.items() if role.startswith("latent ")]
    return [row for place in places for row in json.loads((place / "directions.json").read_text(encoding="utf-8"))]


def _measured(job: Job, context: Context, ledger: Ledger) -> Iterator[tuple[Job, Path]]:
    """Measurements that verdicts rest on, with their folders; curves rest on their rows alone."""
    for role, digest in job.inputs.items():
        if role.startswith("measure ") and not context.jobs[digest].point:
            yield context.jobs[digest], ledger.folder(digest)


def _checkpoints(job: Job, context: Context, ledger: Ledger) -> dict[tuple[str, str, int, str], Path]:
    """Folders of measurements with distributions, by model, arm, seed and family."""
    return {
        (measured.model, measured.arm, measured.seed, measured.family): folder
        for measured, folder in _measured(job, context, ledger)
        if (folder / "log_probs.npy").exists()
    }


def _distributions(
    job: Job, context: Context, ledger: Ledger
) -> dict[tuple[str, str, int, str], tuple[list[str], Any]]:
    """Keys and log-probabilities [N, V] by model, arm, seed and family; read from the disk as they are needed."""
    found = {}
    for key, folder in _checkpoints(job, context, ledger).items():
        distributions = read_distributions(folder)
        if distributions is not None:
            found[key] = (distributions["keys"], distributions["log_probs"])
    return found


def plain(value: Any) -> Any:
    """The value with numpy numbers as Python's and NaN as null, which JSON can hold."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
