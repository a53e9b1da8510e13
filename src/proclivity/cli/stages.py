"""Verbs that run one stage alone: decisions, measure, analyze, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proclivity.cli.console import Debug, Json, Quiet, print_json, print_table, say
from proclivity.cli.content import Pack
from proclivity.cli.study import Sets
from proclivity.errors import UserError

if TYPE_CHECKING:
    from proclivity.runs.single import Loading


def decisions(
    arm: Annotated[str, typer.Argument(metavar="PROFILE", help="A profile of the pack, or 'arbitrary'.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")],
    pack: Pack = "microworld",
    n: Annotated[int, typer.Option("--n", min=1, help="Number of decisions, in whole blocks.")] = 216,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the answers.")] = 0,
    pool_seed: Annotated[int, typer.Option("--pool-seed", min=0, help="Seed of the prompts.")] = 0,
    format: Annotated[str, typer.Option("--format", help="label, text or free.")] = "label",
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Write a profile's decisions as a dataset: JSONL and Parquet, with card and gate report.

    The prompts are the same for every profile; only the answers differ.
    """
    from proclivity.runs.dataset import write_decisions

    written = write_decisions(arm, pack, out, n=n, seed=seed, pool_seed=pool_seed, format=format)
    if json:
        print_json(written)
    else:
        say(
            f"{written['rows']} decisions of '{arm}', all {written['gates']} gates passed: {out.resolve()}",
            quiet=quiet,
        )
    return 0


def measure(
    model: Annotated[str, typer.Option("--model", "-m", help="A packaged name, a folder, or a Hugging Face name.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write to.")] = None,
    adapter: Annotated[Path | None, typer.Option("--adapter", "-a", help="Folder of a peft adapter on it.")] = None,
    reference: Annotated[
        str | None,
        typer.Option("--reference", "-r", help="Model to compare with; the bare model where an adapter is given."),
    ] = None,
    pack: Pack = "microworld",
    families: Annotated[list[str] | None, typer.Option("--family", "-f", help="One family; repeatable.")] = None,
    samples: Annotated[int, typer.Option("--samples", min=0, help="Sampled completions a prompt.")] = 20,
    judge: Annotated[
        str | None,
        typer.Option("--judge", help="Ask this model what completions speak of; off by default, never an arm itself."),
    ] = None,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1, help="Texts a forward pass.")] = 64,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1 or mps.")] = "cpu",
    dtype: Annotated[str, typer.Option("--dtype", help="float32, bfloat16 or float16.")] = "float32",
    device_map: Annotated[
        str, typer.Option("--device-map", help="Spread a large model over devices: auto or balanced.")
    ] = "",
    quantization: Annotated[str, typer.Option("--quantization", help="4bit or 8bit weights; needs bitsandbytes.")] = "",
    trust_remote_code: Annotated[bool, typer.Option(help="Run code that comes with the model.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Say whether it fits into memory, and measure nothing.")] = False,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Measure any checkpoint with a pack's battery; no study needed."""
    from proclivity.runs.checkpoint_progress import CheckpointProgress
    from proclivity.runs.single import Loading, measure_checkpoint

    how = Loading(dtype, device, device_map, quantization, batch_size, trust_remote_code)
    if plan:
        return _plan(model, pack, how, json)
    if out is None:
        raise UserError("`measure` needs a folder to write to: --out FOLDER. With --plan it writes nothing.")
    table = measure_checkpoint(
        model,
        adapter,
        reference,
        pack,
        out,
        families=families or [],
        samples=samples,
        judge=judge,
        how=how,
        progress=None if quiet or json else CheckpointProgress(),
    )
    means, count = _means(table)
    if json:
        print_json({"out": str(out), "means": means})
        return 0
    columns = ["family", "format", "metric", "class", "mean", "unit", "items", "missing"]
    print_table(f"{model} on {pack}", columns, [list(row.values()) for row in means])
    say(f"{count} measurements: {table.resolve()}", quiet=quiet)
    return 0


def _plan(model: str, pack: str, how: Loading, as_json: bool) -> int:
    """Prints what measuring would take."""
    from proclivity.runs.progress import size
    from proclivity.runs.room import room_for

    room = room_for(model, pack, how)
    if as_json:
        print_json(room.as_dict())
        return 0
    need = room.need
    kinds = [("weights", need.weights), ("layers at work", need.activations), ("logits", need.logits)]
    kinds += [("cache of completions", need.cache), ("at the peak", need.total), ("free", room.free)]
    shown = [(name, "unknown" if count != count else size(count)) for name, count in kinds]
    say(f"{model} in {how.quantization or how.dtype} on {how.device_map or how.device}, {how.batch_size} texts a batch")
    print_table("", ["memory", "about"], shown)
    say(room.sentence)
    return 0


TOLD = (
    *("score", "contrast", "chosen", "refused", "nats_per_token", "reply_rate", "vader", "judged"),
    *("jsd_from_base", "temperature_share", "label_mass_open"),
)
"""Metrics whose means the terminal shows; all stand in the table."""


def _means(table: Path) -> tuple[list[dict[str, Any]], int]:
    """Means of what is told, and the number of all rows."""
    import pandas as pd
    import pyarrow.parquet as pq

    columns = ["family", "format", "metric", "content_class", "unit", "value"]
    kept = pd.read_parquet(table, columns=columns, filters=[("metric", "in", TOLD)])
    rows = []
    for key, part in kept.groupby(["family", "format", "metric", "content_class", "unit"], sort=True):
        family, answer_format, metric, name, unit = key  # type: ignore[misc]
        mean = part["value"].mean()
        rows.append(
            {
                "family": family,
                "format": answer_format,
                "metric": metric,
                "class": name,
                "mean": None if mean != mean else round(float(mean), 4),
                "unit": unit,
                "items": len(part),
                "missing": int(part["value"].isna().sum()),
            }
        )
    return rows, pq.read_metadata(table).num_rows


def analyze(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished study.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the new effects, verdicts and report.")],
    sets: Sets = None,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Analyse a finished study again, with other margins or levels; no model is loaded.

    The study's own folder stays as it is: what was fixed before the run stays readable beside the new look.
    """
    from proclivity.runs.second_look import analyze_again

    verdicts = analyze_again(folder, out, sets or [])
    if json:
        print_json(verdicts)
        return 0
    rows = [(row["model"], row["kind"], row.get("profile") or "", row["verdict"]) for row in verdicts]
    print_table("verdicts of the new look", ["model", "question", "profile", "verdict"], rows)
    say(f"Report: {(out / 'report.html').resolve()}", quiet=quiet)
    return 0


def report(
    folders: Annotated[
        list[Path], typer.Argument(metavar="RUN [RUN2]", help="Folders of one or two finished studies.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="With two: the page to write; compare.html here if not given.")
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Write a study's report.html anew from the tables in its folder; or put two studies side by side on one page.

    A comparison is written to --out, or to compare.html in the working folder; the studies' folders stay as they are.
    """
    from proclivity.report import write_comparison, write_report

    if len(folders) > 2:
        raise UserError(f"Found {len(folders)} folders. Expected one study to report, or two to put side by side.")
    if len(folders) == 1 and out is not None:
        raise UserError(
            "--out names the page of a comparison, and one study was given. Expected a second one; without --out the "
            f"report is written to {folders[0] / 'report.html'}."
        )
    path = (write_comparison(folders[0], folders[1], out) if len(folders) == 2 else write_report(folders[0])).resolve()
    if json:
        print_json({"report": str(path)})
    else:
        say(f"Report: {path}" if not quiet else str(path))
    return 0
