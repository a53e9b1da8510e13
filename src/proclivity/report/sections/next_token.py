"""Next words before and after, on stems a reader can check."""

from __future__ import annotations

from typing import Any

from proclivity.report import words
from proclivity.report.load import Results
from proclivity.report.section import Section

MOST_RECORDS = 3000
MOST_WORDS = 30


def section(results: Results) -> Section:
    """A selector over model × arm × stem; the first choice is set in the page itself."""
    records = [_record(row) for row in results.next_token[:MOST_RECORDS]]
    stems = list(dict.fromkeys((row["family"], row["key"], row["stem"]) for row in records))
    return Section(
        id="next-words",
        title="Next words before and after",
        short="Next words",
        template="next_token.html",
        context={
            "missing": results.missing.get("next_token.json", "" if records else "next_token.json holds no stem"),
            "models": list(dict.fromkeys(row["model"] for row in records)),
            "arms": [(arm, results.title(arm)) for arm in dict.fromkeys(row["arm"] for row in records)],
            "stems": [(key, f"{stem} … ({words.family(family)})") for family, key, stem in stems],
            "left_out": max(0, len(results.next_token) - MOST_RECORDS),
            "seeds": results.study.seeds,
        },
        data={"next-token-data": {"records": records, "tones": _tones(results)}} if records else {},
    )


def _record(row: dict[str, Any]) -> dict[str, Any]:
    listed = sorted(row["words"], key=lambda word: -max(word["p_base"], word["p_arm"]))
    by_class: dict[str, list[dict[str, Any]]] = {}
    for word in listed:
        by_class.setdefault(str(word.get("class") or ""), []).append(word)
    ordered = sorted(by_class.items(), key=lambda entry: entry[0] == "")  # words of no class come last
    most = max(4, MOST_WORDS // max(len(by_class), 1))
    return {
        "model": str(row["model"]),
        "arm": str(row["arm"]),
        "seed": str(row.get("seed", "mean")),
        "family": str(row["family"]),
        "key": str(row["key"]),
        "stem": str(row["stem"]),
        "jsd": _rounded(row.get("jsd")),
        # Lists and not mappings, because thousands of rows stand in the page.
        "words": [
            [
                str(word["word"]),
                name,
                _rounded(word["p_base"]),
                _rounded(word["p_arm"]),
                _rounded(word.get("jsd_signed")),
            ]
            for name, group in ordered
            for word in group[:most]
        ],
    }


def _rounded(value: Any) -> float | None:
    """Four significant digits; None where there is no number, since JSON knows no NaN."""
    if value is None or value != value:
        return None
    return float(f"{float(value):.4g}")


def _tones(results: Results) -> dict[str, str]:
    classes = {word.get("class") or "" for row in results.next_token for word in row["words"]}
    return {str(name): results.class_tone(str(name)) for name in sorted(map(str, classes))}
