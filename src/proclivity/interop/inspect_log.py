"""How does Inspect show a finished study? One log a checkpoint, with the study's own numbers as scores.

A sample is one item in one wrapper, format and order; its scores are the metrics that were measured there, by class
where a metric has classes. Nothing is measured again and nothing is rounded; what could not be measured is unscored
(NaN) with its reason. Completions are samples of their own, with their text as the output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.errors import UserError, unknown_name
from proclivity.interop.inspect_inputs import Inputs
from proclivity.runs.manifest import read_manifest
from proclivity.runs.storage import writing
from proclivity.runs.study import study_file
from proclivity.specs import Study, digest_of, load_study
from proclivity.tables import read_frame

if TYPE_CHECKING:
    import pandas as pd
    from inspect_ai.log import EvalLog, EvalSample

CHECKPOINT = ("model", "arm", "dose", "items", "epochs", "seed", "step")
"""Columns that say which checkpoint a row is about."""
PLACE = ("family", "probe_id", "wrapper", "split", "format", "alphabet", "order", "distance", "sample")
"""Columns that say which sample of its log a row is about."""
ABOUT = ("item_id", "cluster", "domain", "referent")
"""Columns that a sample keeps beside them."""
METRICS = (
    *("score", "p_class", "contrast", "candidate_mass", "jsd_from_base", "nats_per_token"),
    *("chosen", "option_mass", "refused", "rating", "content", "acquiescence", "scale_score"),
)
"""What is exported where no metric is named; all stand in measurements.parquet."""
COMPLETIONS = "completions"
SCALAR = "mean"
"""Name of the mean of a metric without classes."""


@dataclass(frozen=True)
class Exported:
    """What was written."""

    logs: list[Path]
    samples: int
    inputs: str
    """Where samples' inputs come from: 'pack', or 'ids' where the pack isn't there."""


def write_logs(
    folder: Path,
    out: Path,
    *,
    models: Sequence[str] = (),
    arms: Sequence[str] = (),
    seeds: Sequence[int] = (),
    metrics: Sequence[str] = (),
) -> Exported:
    """Writes one .eval file for each checkpoint of a finished study.

    Args:
        folder: the study's folder.
        out: folder for the logs.
        models: models to export; all where there are none.
        arms: arms, likewise.
        seeds: training seeds, likewise; the base has -1.
        metrics: metrics; `METRICS` where there are none.

    Raises:
        UserError: if the folder holds no finished study, or for a name that isn't in its tables.
    """
    from inspect_ai.log import write_eval_log

    study = load_study(study_file(folder))
    rows = _chosen(read_rows(folder), {"model": models, "arm": arms, "seed": seeds, "metric": metrics})
    rows = rows[rows["metric"].isin(metrics or METRICS)]
    texts, inputs = read_completions(folder), Inputs.of(study)
    written, samples = [], 0
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        for key, part in rows.groupby(list(CHECKPOINT), sort=True, dropna=False):
            who = dict(zip(CHECKPOINT, key, strict=True))
            log = log_of(study, who, part, _texts_of(texts, rows, who), inputs, read_manifest(folder))
            path = out / f"{_file_name(log)}.eval"
            write_eval_log(log, str(path))
            written.append(path)
            samples += len(log.samples or [])
    return Exported(written, samples, inputs.source)


def read_rows(folder: Path) -> pd.DataFrame:
    """A study's measurements.

    Raises:
        UserError: if they aren't there.
    """
    path = folder / "measurements.parquet"
    if not path.is_file():
        raise UserError(
            f"{folder} isn't finished: it has no measurements.parquet. Run "
            f"`proclivity run {folder / 'study.yml'} --out {folder}` first."
        )
    return read_frame(path)


def read_completions(folder: Path) -> pd.DataFrame:
    """A study's completions; no rows where it asked for none."""
    import pandas as pd

    path = folder / "completions.parquet"
    return read_frame(path) if path.is_file() else pd.DataFrame(columns=["model", "arm", "seed"])


def _chosen(rows: pd.DataFrame, wanted: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Rows of the named models, arms and seeds."""
    for column, names in wanted.items():
        known = {str(name) for name in rows[column].unique()}
        for name in names:
            if str(name) not in known:
                raise unknown_name(f"{column} in this study's tables", str(name), known)
        if names and column != "metric":
            rows = rows[rows[column].isin(list(names))]
    return rows


def _texts_of(texts: pd.DataFrame, rows: pd.DataFrame, who: Mapping[str, Any]) -> pd.DataFrame:
    """Completions of a checkpoint: a seed writes them at its highest dose and last step."""
    own = rows[(rows["model"] == who["model"]) & (rows["arm"] == who["arm"]) & (rows["seed"] == who["seed"])]
    last = own.sort_values(["dose", "items", "epochs", "step"]).iloc[-1]
    at_end = all(last[column] == who[column] for column in CHECKPOINT)
    here = (texts["model"] == who["model"]) & (texts["arm"] == who["arm"]) & (texts["seed"] == who["seed"])
    return texts[here & at_end]


def log_of(
    study: Study,
    who: Mapping[str, Any],
    rows: pd.DataFrame,
    texts: pd.DataFrame,
    inputs: Inputs,
    manifest: Mapping[str, Any],
) -> EvalLog:
    """One checkpoint as an Inspect log.

    Args:
        study: the study.
        who: the checkpoint, by `CHECKPOINT`.
        rows: its measurements.
        texts: its completions.
        inputs: what was asked, by sample.
        manifest: the run's manifest.
    """
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalResults, EvalSpec, EvalStats

    samples = [*_samples(rows, inputs, str(who["model"])), *_completions(texts, str(who["model"]))]
    about = {name: value.item() if hasattr(value, "item") else value for name, value in who.items()}
    name = digest_of([study.id, about])[:22]
    began = str(manifest["started"])
    return EvalLog(
        status="success",
        eval=EvalSpec(
            eval_id=name,
            run_id=digest_of([study.id, str(manifest["study_digest"])])[:22],
            created=began,
            task=study.id,
            task_id=name,
            task_args={key: value for key, value in about.items() if key != "model"},
            model=f"proclivity/{who['model']}",
            dataset=EvalDataset(name=Path(study.pack).name, samples=len(samples)),
            config=EvalConfig(),
            tags=[str(who["arm"])],
            packages={"proclivity": str(manifest["versions"]["proclivity"])},
            metadata={"study": study.title, "question": study.question, "note": "research artifact, no diagnosis"},
        ),
        results=EvalResults(total_samples=len(samples), completed_samples=len(samples), scores=_results(rows)),
        stats=EvalStats(started_at=began, completed_at=str(manifest.get("finished") or began)),
        samples=samples,
    )


def _results(rows: pd.DataFrame) -> list[Any]:
    """Mean of each metric, by class; over what could be measured."""
    from inspect_ai.log import EvalMetric, EvalScore

    found = []
    for metric, part in rows.groupby("metric", sort=True):
        means = part.groupby("content_class", sort=True)["value"].mean().dropna()
        measured = int(part["value"].notna().sum())
        named = {name or SCALAR: EvalMetric(name=name or SCALAR, value=float(value)) for name, value in means.items()}
        found.append(
            EvalScore(
                name=metric,
                scorer=metric,
                scored_samples=measured,
                unscored_samples=len(part) - measured,
                params={"unit": str(part["unit"].iloc[0])},
                metrics=named,
            )
        )
    return found


def _samples(rows: pd.DataFrame, inputs: Inputs, model: str) -> Iterator[EvalSample]:
    """One sample a place, in the table's order."""
    from inspect_ai.log import EvalSample

    for key, part in rows.groupby(list(PLACE), sort=False, dropna=False):
        place = dict(zip(PLACE, key, strict=True))
        records = part.to_dict("records")
        about = {name: records[0][name] for name in ABOUT if records[0][name]}
        yield EvalSample(
            id="|".join(str(value) for value in place.values() if value not in ("", -1)),
            epoch=1,
            input=inputs.text(records[0]),
            target="",
            scores=_scores(records),
            metadata={name: value for name, value in place.items() if value not in ("", -1)} | about,
        )


def _scores(records: Sequence[Mapping[Any, Any]]) -> dict[str, Any]:
    """The metrics of one place: a number, or numbers by class where the metric has classes."""
    from inspect_ai.scorer import Score

    by_metric: dict[str, dict[str, Mapping[Any, Any]]] = {}
    for record in records:
        by_metric.setdefault(record["metric"], {})[record["content_class"]] = record
    found = {}
    for metric, by_class in by_metric.items():
        reasons = {name: row["missing_reason"] for name, row in by_class.items() if row["missing_reason"]}
        unit = next(iter(by_class.values()))["unit"]
        about = {"unit": unit, **({"missing_reason": reasons} if reasons else {})}
        if list(by_class) == [""]:
            value: Any = float(by_class[""]["value"])
            reason = reasons.get("")
        else:
            value = {name: float(row["value"]) for name, row in by_class.items()}
            reason = "; ".join(sorted(set(reasons.values()))) if len(reasons) == len(by_class) else None
        found[metric] = Score(value=value, reason=reason or None, metadata=about)
    return found


def _completions(texts: pd.DataFrame, model: str) -> Iterator[EvalSample]:
    """Each text as a sample with its output; `flagged` and the kind of reply as scores."""
    from inspect_ai.log import EvalSample
    from inspect_ai.model import ChatMessageUser, ModelOutput
    from inspect_ai.scorer import Score

    for record in texts.to_dict("records"):
        output = ModelOutput.from_content(f"proclivity/{model}", record["text"])
        yield EvalSample(
            id=f"{COMPLETIONS}|{record['prompt']}|{record['sample']}",
            epoch=1,
            input=record["prompt"],
            target="",
            messages=[ChatMessageUser(content=record["prompt"]), output.choices[0].message],
            output=output,
            scores={"flagged": Score(value=bool(record["flagged"])), "reply": Score(value=str(record["reply"]))},
            metadata={"family": COMPLETIONS, "sample": int(record["sample"])},
        )


def _file_name(log: EvalLog) -> str:
    """Time, task and id, as Inspect names its logs; the checkpoint in words between."""
    who = log.eval.task_args
    words = [log.eval.task, log.eval.model.split("/", 1)[1], who["arm"], f"seed-{who['seed']}"]
    if who["step"] >= 0:
        words += [f"dose-{who['dose']:g}", f"items-{who['items']}", f"step-{who['step']}"]
    time = log.eval.created[:19].replace(":", "-") + "+00-00"
    name = "-".join("".join(c if c.isalnum() or c in "-." else "-" for c in str(word)) for word in words)
    return f"{time}_{name}_{log.eval.task_id}"
