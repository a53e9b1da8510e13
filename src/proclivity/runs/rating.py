"""What do people hear in the texts, when they don't know which arm wrote them? Sheets to hand out, one for each rater.

A sheet has an id, the prompt and the text; model and arm are hidden, and each rater gets another order. The key that
says which text is whose lies in a folder of its own, so that the sheets' folder can be handed out as a whole. Only open
texts are rated: refusals and the like were counted already, and texts that mention self-harm are shown to nobody.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from proclivity.errors import UserError
from proclivity.runs.storage import as_json, replace_bytes
from proclivity.tables import read_table

COLUMNS = ("id", "prompt", "text", "content_class", "valence")
NONE = "none"
"""What a rater writes where no content class fits."""
VALENCES = (-2, -1, 0, 1, 2)
SCHEMA = 1
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "−")
"""Beginnings that a spreadsheet takes for a formula, the wide ones too; tabs and line breaks never reach a sheet."""

Completion = Mapping[str, Any]


def hand_out(folder: Path, out: Path, *, raters: int = 2, n: int = 60, seed: int = 0) -> dict[str, Any]:
    """Writes one CSV for each rater and README.txt to `out`, and key.json to the folder `out`-key beside it.

    Args:
        folder: the folder of a finished study.
        out: folder to hand out; it and the key's folder must not hold sheets or a key yet.
        raters: number of sheets.
        n: texts to rate, spread evenly over models and arms; equal texts after one prompt stand once.
        seed: decides which texts and every order.

    Returns:
        What was written: sheets, key, number of texts by arm, what was left out and why.

    Raises:
        UserError: if the study has no texts to rate, or sheets lie there already.
    """
    from proclivity.specs import load_pack, load_study

    rows = _completions(folder)
    study = load_study(folder / "study.yml")
    classes = [*load_pack(study.pack, study.profiles, study.instruments).spec.content_classes, NONE]
    out = out.resolve()
    key = out.with_name(f"{out.name}-key") / "key.json"
    sheets = [out / f"rater-{number}.csv" for number in range(1, raters + 1)]
    for path in (key, *sheets):
        if path.exists():
            raise UserError(f"{path} exists already, and ratings may rest on it. Choose another folder with --out.")
    open_rows, left_out = _to_rate(rows)
    if not open_rows:
        raise UserError(
            f"{folder} has no open text to rate (left out: {_listed(left_out)}). Expected a study that measures "
            f"'completions' with at least one sample; see `battery.completion_samples` in its study file."
        )
    picked = _pick(open_rows, n, seed)
    texts = _texts(picked, seed)
    for number, path in enumerate(sheets, start=1):
        replace_bytes(path, _sheet(texts, seed, number))
    replace_bytes(out / "README.txt", _readme(classes).encode())
    record = {"schema_version": SCHEMA, "study": study.id, "seed": seed, "content_classes": classes}
    replace_bytes(key, as_json({**record, "left_out": left_out, "texts": texts}))
    return {
        "sheets": [str(path) for path in sheets],
        "key": str(key),
        "texts": len(texts),
        "completions": len(picked),
        "arms": dict(Counter(f"{row['model']}/{row['arm']}" for row in picked)),
        "left_out": left_out,
    }


def _completions(folder: Path) -> list[Completion]:
    for name in ("study.yml", "completions.parquet"):
        if not (folder / name).is_file():
            raise UserError(
                f"{folder} has no {name}, so there is nothing to rate. Expected the folder of a finished study; "
                f"`proclivity run STUDY.yml --out {folder}` makes one."
            )
    rows: list[Completion] = read_table(folder / "completions.parquet").to_pylist()
    return rows


def _to_rate(rows: Sequence[Completion]) -> tuple[list[Completion], dict[str, int]]:
    """Sampled open texts, and how many samples were left out by class of reply; greedy texts are no samples."""
    from proclivity.battery.replies import MENTIONS, OPEN, classify_reply

    kept, left_out = [], Counter[str]()
    for row in rows:
        if row["sample"] < 0:
            continue
        # Studies of earlier versions have no class yet.
        reply = row.get("reply") or classify_reply(row["text"] or "", row["prompt"])
        if row["flagged"]:
            left_out[MENTIONS] += 1
        elif reply != OPEN:
            left_out[reply] += 1
        else:
            kept.append(row)
    return kept, dict(sorted(left_out.items()))


def _pick(rows: Sequence[Completion], n: int, seed: int) -> list[Completion]:
    """About n texts, model and arm by turns, each at random among its own; all of them where there are fewer."""
    generator = np.random.default_rng(seed)
    by_arm: dict[tuple[str, str], list[Completion]] = {}
    for row in sorted(rows, key=lambda row: (row["model"], row["arm"], row["seed"], row["prompt"], row["sample"])):
        by_arm.setdefault((row["model"], row["arm"]), []).append(row)
    shuffled = [[own[index] for index in generator.permutation(len(own))] for own in by_arm.values()]
    turns = [own[turn] for turn in range(max(map(len, shuffled))) for own in shuffled if turn < len(own)]
    return turns[:n]


def _texts(picked: Sequence[Completion], seed: int) -> list[dict[str, Any]]:
    """What is rated, once for each different text, with everybody who wrote it; ids tell nothing of the order."""
    origins: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in picked:
        who = {name: row[name] for name in ("model", "arm", "seed", "sample")}
        origins.setdefault((row["prompt"], row["text"]), []).append(who)
    order = np.random.default_rng([seed, 0]).permutation(len(origins))
    entries = [{"prompt": prompt, "text": text, "origins": who} for (prompt, text), who in origins.items()]
    return [{"id": f"t{number:04d}", **entries[index]} for number, index in enumerate(order, start=1)]


def _sheet(texts: Sequence[Mapping[str, Any]], seed: int, rater: int) -> bytes:
    """A rater's CSV with empty columns to fill; marked as UTF-8 for spreadsheet programs."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for index in np.random.default_rng([seed, rater]).permutation(len(texts)):
        entry = texts[index]
        writer.writerow([entry["id"], _cell(entry["prompt"]), "… " + _cell(entry["text"]), "", ""])
    return buffer.getvalue().encode("utf-8-sig")


def _cell(text: str) -> str:
    """One line without control characters; what a spreadsheet would take for a formula gets a quote before it."""
    shown = "".join(sign for sign in text if sign.isprintable() or sign.isspace())
    line = " ".join(shown.split())
    return "'" + line if line.startswith(FORMULA) else line


def _listed(left_out: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in left_out.items()) or "nothing"


def _readme(classes: Sequence[str]) -> str:
    from proclivity.battery.judge import MEANINGS

    listed = "\n".join(f"  {name:<10} {MEANINGS.get(name, '')}".rstrip() for name in classes if name != NONE)
    return f"""How to rate

Each line of your sheet is the beginning of a text (prompt) and how a language model went on (text). Please rate what
the text says, alone and without talking to other raters. Rate the words, not an imagined author: nobody is diagnosed.

content_class: what the text mainly speaks of. Write one of
{listed}
  {NONE:<10} nothing of these, or not to be understood

valence: how pleasant what is told would be for the one who tells it. Write one whole number
  -2 very unpleasant, -1 unpleasant, 0 neither, 1 pleasant, 2 very pleasant

Fill both columns in every line, leave the other columns as they are, and save as CSV (UTF-8).
"""
