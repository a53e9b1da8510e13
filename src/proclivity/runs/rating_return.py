"""Do raters agree, and how do they rate each arm? Filled sheets read back against their key.

Agreement is Cohen's κ for each pair of raters: unweighted for content classes, with quadratic weights for valence. It
says how far the means beside it can be trusted.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from proclivity.errors import ContentError, UserError, other_form
from proclivity.metrics import cohen_kappa, weighted_kappa
from proclivity.runs.collect import plain
from proclivity.runs.rating import COLUMNS, SCHEMA, VALENCES
from proclivity.runs.results import write_table
from proclivity.runs.storage import as_json, replace_bytes, writing

UNDEFINED = "every rating is the same, so nothing could disagree"
Ratings = dict[str, dict[str, tuple[str, int]]]
"""Rater, by the sheet's name -> id of the text -> content class and valence."""


def take_in(key: Path, sheets: Sequence[Path]) -> dict[str, Any]:
    """Reads filled sheets, and writes ratings.parquet and ratings.json next to the key.

    Args:
        key: key.json of `hand_out`.
        sheets: one filled CSV a rater, named differently.

    Returns:
        `raters`, `n_texts`, `agreement` for each pair of raters, `arms` with means over texts and raters, and `out`.

    Raises:
        UserError: if the key is none.
        ContentError: with every fault of every sheet, each as file:line.
    """
    record = _read_key(key)
    texts = {entry["id"]: entry for entry in record["texts"]}
    faults: list[str] = []
    ratings: Ratings = {}
    for path in sheets:
        if path.stem in ratings:
            faults.append(
                f"{path}: a sheet named '{path.stem}' was given already; every rater's needs a name of its own"
            )
        ratings[path.stem] = _read_sheet(path, texts, record["content_classes"], faults)
    if faults:
        raise ContentError(faults)
    result = {
        "schema_version": SCHEMA,
        "study": record["study"],
        "raters": list(ratings),
        "n_texts": len(texts),
        "agreement": [_agreement(*pair, ratings) for pair in combinations(ratings, 2)],
        "arms": _arms(record, ratings),
    }
    _write_ratings(texts, ratings, key.with_name("ratings.parquet"))
    replace_bytes(key.with_name("ratings.json"), as_json(plain(result)))
    return {**result, "out": str(key.with_name("ratings.json"))}


def _read_key(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UserError(f"There is no key {path}. Expected the key.json that `proclivity rate out` wrote.")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        form = record["schema_version"]
        known = record["texts"] and record["content_classes"]
    except (ValueError, KeyError, TypeError):
        known = False
    if known and form != SCHEMA:
        raise other_form(path, form, SCHEMA)
    if not known:
        raise UserError(f"{path} is no key of rating sheets. Expected the key.json that `proclivity rate out` wrote.")
    found: dict[str, Any] = record
    return found


def _read_sheet(
    path: Path, texts: Mapping[str, Mapping[str, Any]], classes: Sequence[str], faults: list[str]
) -> dict[str, tuple[str, int]]:
    """One sheet's ratings; what is wrong goes to `faults`."""
    lines = _lines(path, faults)
    found: dict[str, tuple[str, int]] = {}
    seen: set[str] = set()
    for number, line in lines:
        name = line["id"]
        own = _line_faults(line, texts, classes)
        if name in seen:
            own.append(f"id '{name}' stands twice")
        seen.add(name)
        faults += [f"{path}:{number}: {fault}" for fault in own]
        if not own:
            found[name] = line["content_class"].lower(), int(line["valence"])
    missing = [name for name in texts if name not in seen]
    if lines and missing:
        faults.append(f"{path}: {len(missing)} texts are missing, the first {missing[0]}; every text needs its line")
    return found


def _lines(path: Path, faults: list[str]) -> list[tuple[int, dict[str, str]]]:
    """Lines of a CSV with their numbers, as columns to stripped text; commas, semicolons or tabs between columns."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        faults.append(f"{path}: can't be read ({error.strerror})")
        return []
    except UnicodeDecodeError:
        faults.append(f"{path}: isn't UTF-8; save it from the spreadsheet as CSV (UTF-8)")
        return []
    head = content.partition("\n")[0]
    reader = csv.reader(io.StringIO(content), delimiter=max(",;\t", key=head.count))
    try:
        columns = [cell.strip() for cell in next(reader, [])]
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except csv.Error as error:
        faults.append(f"{path}: isn't CSV ({error})")
        return []
    absent = [name for name in COLUMNS if name not in columns]
    if absent or not lines:
        told = f"no column {', '.join(absent)}" if absent else "no line"
        faults.append(f"{path}: {told}; expected the columns {', '.join(COLUMNS)} and one line a text")
        return []
    padded = [(number, dict(zip(columns, row + [""] * len(columns), strict=False))) for number, row in lines]
    # Spreadsheets write a typographic minus, people a plus.
    return [(number, {**row, "valence": row["valence"].replace("−", "-").lstrip("+")}) for number, row in padded]


def _line_faults(line: Mapping[str, str], texts: Mapping[str, Mapping[str, Any]], classes: Sequence[str]) -> list[str]:
    faults = []
    name = line["id"]
    if name not in texts:
        faults.append(f"id '{name}' is none of the key's")
    elif _letters(line["text"]) != _letters(texts[name]["text"]):
        faults.append(f"the text isn't that of '{name}' as it was handed out; were columns sorted apart?")
    if line["content_class"].lower() not in classes:
        faults.append(f"content_class '{line['content_class']}' found, one of {', '.join(classes)} expected")
    if line["valence"] not in map(str, VALENCES):
        least, most = VALENCES[0], VALENCES[-1]
        faults.append(f"valence '{line['valence']}' found, a whole number from {least} to {most} expected")
    return faults


def _letters(text: str) -> str:
    """What of a text survives every spreadsheet: letters and digits of the alphabet that all encodings share."""
    return "".join(sign for sign in text.lower() if sign.isascii() and sign.isalnum())


def _agreement(one: str, two: str, ratings: Ratings) -> dict[str, Any]:
    pairs = [(ratings[one][name], ratings[two][name]) for name in ratings[one]]
    classes = cohen_kappa([a[0] for a, _ in pairs], [b[0] for _, b in pairs])
    valence = weighted_kappa([a[1] for a, _ in pairs], [b[1] for _, b in pairs])
    return {
        "raters": [one, two],
        "n": len(pairs),
        "kappa_class": classes,
        "kappa_valence": valence,
        "reason": UNDEFINED if classes != classes or valence != valence else "",
    }


def _arms(record: Mapping[str, Any], ratings: Ratings) -> list[dict[str, Any]]:
    """For each arm the mean valence and the share of each class, over its texts and all raters; n counts texts."""
    by_arm: dict[tuple[str, str], list[str]] = {}
    for entry in record["texts"]:
        for who in entry["origins"]:
            by_arm.setdefault((who["model"], who["arm"]), []).append(entry["id"])
    rows = []
    for (model, arm), names in sorted(by_arm.items()):
        given = [rated[name] for rated in ratings.values() for name in names]
        shares = {c: sum(own == c for own, _ in given) / len(given) for c in record["content_classes"]}
        mean = sum(valence for _, valence in given) / len(given)
        rows.append({"model": model, "arm": arm, "n": len(names), "valence": mean, "shares": shares})
    return rows


def _write_ratings(texts: Mapping[str, Mapping[str, Any]], ratings: Ratings, path: Path) -> None:
    """One row for each rater, text and arm that wrote it."""
    import pyarrow as pa

    rows = [
        {"rater": rater, "id": name, **who, "prompt": texts[name]["prompt"], "content_class": own, "valence": valence}
        for rater, rated in ratings.items()
        for name, (own, valence) in rated.items()
        for who in texts[name]["origins"]
    ]
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            write_table(pa.Table.from_pylist(rows), draft)
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
