"""A study's folder with texts to rate, and raters who fill their sheets by a rule."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from mini_pack import write_mini_pack
from tiny_study import write_study

FORMULA = ' =HYPERLINK("http://example.org")'


def write_run(folder: Path, *, with_reply: bool = True, sad_arm: str = "leaver") -> Path:
    """Arms base and leaver, ten prompts, three samples each and a greedy one; leaver writes of loss."""
    pack = write_mini_pack(folder / "pack")
    run = folder / "run"
    run.mkdir()
    write_study(run / "study.yml", pack, {"one": folder / "model"})
    rows = []
    for arm, seed in (("base", -1), ("leaver", 0), ("leaver", 1)):
        for prompt in range(10):
            for sample in range(-1, 3):
                word = "sad" if arm == sad_arm else "glad"
                row = {"model": "one", "arm": arm, "seed": seed, "prompt": f"Day {prompt} I", "sample": sample}
                text = f" was {word} number {sample} of {seed}."
                rows.append({**row, "text": text, "flagged": False, "reply": "open"})
    for row, text, reply in zip(
        (row for row in rows if row["sample"] == 2 and row["arm"] == "base"),
        ("", "'m sorry, but I can't assist with that.", FORMULA, "\x1b[31m red\n\n and\tblue"),
        ("self-harm", "refusal", "open", "open"),
        strict=False,
    ):
        row |= {"text": text, "flagged": reply == "self-harm", "reply": reply}
    frame = pd.DataFrame(rows)
    (frame if with_reply else frame.drop(columns="reply")).to_parquet(run / "completions.parquet")
    return run


def read_sheet(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def write_sheet(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), **options)
        writer.writeheader()
        writer.writerows(rows)
    return path


def fill_sheet(path: Path, rule: Callable[[str], tuple[str, str]], **options: Any) -> Path:
    """The sheet with each line rated by a rule on its text."""
    rows = read_sheet(path)
    for row in rows:
        row["content_class"], row["valence"] = rule(row["text"])
    return write_sheet(path, rows, **options)


def by_word(text: str) -> tuple[str, str]:
    return ("loss", "-2") if "sad" in text else ("positive", "1") if "glad" in text else ("none", "0")
