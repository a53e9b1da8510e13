"""Rating sheets: blinded, shuffled and harmless on their way out; checked and counted on their way in."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from proclivity.errors import ContentError, UserError
from proclivity.runs.rating import COLUMNS, hand_out
from proclivity.runs.rating_return import take_in
from rating_run import by_word, fill_sheet, read_sheet, write_run, write_sheet


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path)


@pytest.fixture
def handed(run: Path, tmp_path: Path) -> dict:
    return hand_out(run, tmp_path / "sheets", raters=2, n=20, seed=3)


def sheets(handed: dict) -> list[Path]:
    return [Path(path) for path in handed["sheets"]]


# Out


def test_model_arm_and_seed_are_hidden_and_the_key_lies_elsewhere(handed: dict, tmp_path: Path) -> None:
    folder = tmp_path / "sheets"
    assert sorted(path.name for path in folder.iterdir()) == ["README.txt", "rater-1.csv", "rater-2.csv"]
    assert Path(handed["key"]) == tmp_path / "sheets-key" / "key.json"
    for path in sheets(handed):
        rows = read_sheet(path)
        assert tuple(rows[0]) == COLUMNS
        assert len(rows) == handed["texts"] == 20
        assert {row["content_class"] + row["valence"] for row in rows} == {""}
        assert not [word for word in ("leaver", "base", "one/") if word in path.read_text(encoding="utf-8")]
    readme = (folder / "README.txt").read_text()
    assert all(word in readme for word in ("loss", "positive", "none", "-2", "nobody is diagnosed"))


def test_every_rater_gets_the_same_texts_in_another_order(handed: dict, run: Path, tmp_path: Path) -> None:
    one, two = (read_sheet(path) for path in sheets(handed))
    assert [row["id"] for row in one] != [row["id"] for row in two]
    assert {(row["id"], row["text"]) for row in one} == {(row["id"], row["text"]) for row in two}
    again = hand_out(run, tmp_path / "again", raters=2, n=20, seed=3)
    assert [path.read_bytes() for path in sheets(again)] == [path.read_bytes() for path in sheets(handed)]
    other = hand_out(run, tmp_path / "other", raters=2, n=20, seed=4)
    assert sheets(other)[0].read_bytes() != sheets(handed)[0].read_bytes()


def test_ids_and_order_tell_nothing_of_the_arm(run: Path, tmp_path: Path) -> None:
    handed = hand_out(run, tmp_path / "all", n=1000)
    sad = [int("sad" in entry["text"]) for entry in json.loads(Path(handed["key"]).read_text())["texts"]]
    lined = ["sad" in row["text"] for row in read_sheet(sheets(handed)[0])]
    for flags in (sad, lined):
        runs = sum(a != b for a, b in pairwise(flags))
        assert runs > len(flags) / 4  # sorted by arm there would be one change


def test_arms_are_equally_many_and_greedy_texts_are_none(handed: dict) -> None:
    assert handed["arms"] == {"one/base": 10, "one/leaver": 10}
    origins = [who for entry in json.loads(Path(handed["key"]).read_text())["texts"] for who in entry["origins"]]
    assert Counter(who["arm"] for who in origins) == {"base": 10, "leaver": 10}
    assert min(who["sample"] for who in origins) == 0


@pytest.mark.parametrize("with_reply", [True, False])
def test_refusals_and_self_harm_are_counted_and_left_out(tmp_path: Path, with_reply: bool) -> None:
    handed = hand_out(write_run(tmp_path, with_reply=with_reply), tmp_path / "all", n=1000)
    assert handed["left_out"] == {"refusal": 1, "self-harm": 1}
    assert handed["completions"] == 3 * 10 * 3 - 2
    texts = [row["text"] for row in read_sheet(sheets(handed)[0])]
    assert not [text for text in texts if "assist" in text or not text.strip("… ")]


def test_no_text_can_act_in_a_spreadsheet_or_a_terminal(run: Path, tmp_path: Path) -> None:
    handed = hand_out(run, tmp_path / "all", n=1000)
    texts = [row["text"] for row in read_sheet(sheets(handed)[0])]
    assert all(text.startswith("… ") and text.isprintable() for text in texts)
    assert [text for text in texts if "HYPERLINK" in text]
    assert "… [31m red and blue" in texts


def test_equal_texts_stand_once_and_count_for_everybody_who_wrote_them(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    frame = pd.read_parquet(run / "completions.parquet")
    frame["text"] = " was sad."
    frame.to_parquet(run / "completions.parquet")
    handed = hand_out(run, tmp_path / "same", n=1000)
    assert handed["texts"] == 10  # one a prompt
    assert handed["completions"] == 88


def test_what_was_handed_out_is_never_overwritten(handed: dict, run: Path, tmp_path: Path) -> None:
    before = sheets(handed)[0].read_bytes()
    with pytest.raises(UserError, match="exists already"):
        hand_out(run, tmp_path / "sheets", raters=2, n=20, seed=9)
    assert sheets(handed)[0].read_bytes() == before


def test_a_folder_without_texts_says_what_is_missing(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no study\.yml"):
        hand_out(tmp_path / "nowhere", tmp_path / "out")
    frame = pd.read_parquet(run / "completions.parquet")
    frame[frame["reply"] != "open"].to_parquet(run / "completions.parquet")
    with pytest.raises(UserError, match=r"no open text to rate \(left out: 1 refusal, 1 self-harm\)"):
        hand_out(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# In


def test_agreement_and_means_by_hand(handed: dict, tmp_path: Path) -> None:
    one, two = sheets(handed)
    fill_sheet(one, by_word)
    fill_sheet(two, lambda text: ("loss", "-1") if "sad" in text else ("positive", "1"))
    found = take_in(Path(handed["key"]), [one, two])
    assert found["raters"] == ["rater-1", "rater-2"]
    arms = {row["arm"]: row for row in found["arms"]}
    assert arms["leaver"]["n"] == arms["base"]["n"] == 10
    assert arms["leaver"]["valence"] == pytest.approx(-1.5)
    assert arms["leaver"]["shares"]["loss"] == 1
    assert sum(arms["base"]["shares"].values()) == pytest.approx(1)
    agreement = found["agreement"][0]
    assert agreement["n"] == 20
    others = sum("sad" not in row["text"] and "glad" not in row["text"] for row in read_sheet(one))
    expected = 1 - (others / 20) / (1 - (0.5 * 0.5 + (10 - others) / 20 * 0.5))
    assert agreement["kappa_class"] == pytest.approx(expected)
    assert 0.5 < agreement["kappa_valence"] < 1
    stored = json.loads((tmp_path / "sheets-key" / "ratings.json").read_text())
    assert stored["arms"] == found["arms"]
    table = pd.read_parquet(tmp_path / "sheets-key" / "ratings.parquet")
    assert len(table) == 2 * 20
    assert set(table.loc[table["arm"] == "leaver", "content_class"]) == {"loss"}


def test_sorted_semicolon_sheets_with_a_typographic_minus_are_read(handed: dict) -> None:
    one, two = sheets(handed)
    fill_sheet(one, by_word)
    rows = sorted(read_sheet(one), key=lambda row: row["text"])
    for row in rows:
        row["valence"] = row["valence"].replace("-", "−").replace("1", "+1")
        row["content_class"] = row["content_class"].title()
    write_sheet(two, rows, delimiter=";")
    found = take_in(Path(handed["key"]), [one, two])
    assert (found["agreement"][0]["kappa_class"], found["agreement"][0]["kappa_valence"]) == (1, 1)


def test_all_faults_at_once_each_with_file_and_line(handed: dict) -> None:
    one, two = sheets(handed)
    fill_sheet(one, by_word)
    rows = read_sheet(fill_sheet(two, by_word))
    rows[0]["content_class"] = "lost"
    rows[1]["valence"] = "3"
    rows[2] |= {"content_class": "", "valence": "1.5"}
    rows[3]["id"], gone = "t9999", rows[3]["id"]
    rows[4]["text"], rows[5]["text"] = "… another", rows[4]["text"]
    rows[7]["id"], lost = rows[6]["id"], rows[7]["id"]
    write_sheet(two, rows)
    with pytest.raises(ContentError) as caught:
        take_in(Path(handed["key"]), [one, two])
    told = str(caught.value)
    for line, part in (
        (2, "content_class 'lost' found, one of positive, loss, none expected"),
        (3, "valence '3' found, a whole number from -2 to 2 expected"),
        (4, "content_class ''"),
        (4, "valence '1.5'"),
        (5, "id 't9999' is none of the key's"),
        (6, "were columns sorted apart?"),
        (7, "were columns sorted apart?"),
        (9, "stands twice"),
    ):
        assert f"{two}:{line}: " in told
        assert any(part in fault for fault in caught.value.faults if fault.startswith(f"{two}:{line}: "))
    assert f"2 texts are missing, the first {min(gone, lost)}" in told
    assert str(one) not in told
    assert not Path(handed["key"]).with_name("ratings.json").exists()


def test_files_that_are_no_sheets(handed: dict, tmp_path: Path) -> None:
    one, two = sheets(handed)
    fill_sheet(one, by_word)
    latin, bare, gone = tmp_path / "latin.csv", tmp_path / "bare.csv", tmp_path / "gone.csv"
    latin.write_bytes("id;prompt;text;content_class;valence\nt;é".encode("latin-1"))
    bare.write_text("id,text\nt0001,x\n")
    with pytest.raises(ContentError) as caught:
        take_in(Path(handed["key"]), [one, one, latin, bare, gone])
    told = " ".join(caught.value.faults)
    for part in ("was given already", "isn't UTF-8", "no column prompt, content_class, valence", "can't be read"):
        assert part in told
    for key in (tmp_path / "none.json", one):
        with pytest.raises(UserError, match="Expected the key"):
            take_in(key, [two])


def test_one_rater_and_raters_who_never_differ(handed: dict) -> None:
    one, two = (fill_sheet(path, lambda text: ("none", "0")) for path in sheets(handed))
    assert take_in(Path(handed["key"]), [one])["agreement"] == []
    agreement = take_in(Path(handed["key"]), [one, two])["agreement"][0]
    assert agreement["kappa_class"] != agreement["kappa_class"]
    assert agreement["reason"] == "every rating is the same, so nothing could disagree"
    assert json.loads(Path(handed["key"]).with_name("ratings.json").read_text())["agreement"][0]["kappa_class"] is None
