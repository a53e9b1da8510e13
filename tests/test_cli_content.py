"""Content from outside: packs of other people's, profiles made by copying, datasets that others read, bad YAML."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mini_pack import write_mini_pack, write_sound_pack
from tiny_study import write_pack_model, write_study, write_tiny_model


def call(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "proclivity", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=900, check=False)


def one_message(result: subprocess.CompletedProcess[str]) -> str:
    """The one paragraph of a user's mistake."""
    assert result.returncode == 2, result.stderr + result.stdout
    assert "Traceback" not in result.stderr
    assert "\n\n" not in result.stderr.strip()
    return result.stderr


MALFORMED = {
    "wrong types": ("profiles/leaver.yml", "id: [1, 2]\ntitle: {a: b}\n", "profiles/leaver.yml:id|leaver.yml:id"),
    "not a mapping": ("profiles/leaver.yml", "- a\n- b\n", "a mapping of keys expected"),
    "tabs": ("probes/cloze-feeling.yml", "family:\tx\n\tkind: cloze\n", "not valid YAML"),
    "python tag": ("pack.yml", "id: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
    "billion laughs": (
        "pack.yml",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(
            f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "aliases",
    ),
    "not text": ("pack.yml", b"\xff\xfe\x00\x01", "can't be read as UTF-8"),
    "empty": ("scenarios/inn.yml", "", "a mapping of keys expected"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_yaml_gets_one_clear_message(case: str, tmp_path: Path) -> None:
    file, text, told = MALFORMED[case]
    pack = write_mini_pack(tmp_path / "mini")
    (pack / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    message = one_message(call("check", pack))
    assert any(part in message for part in told.split("|"))
    assert Path(file).name in message


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    pack = write_mini_pack(tmp_path / "mini")
    with (pack / "scenarios" / "inn.yml").open("ab") as stream:
        stream.truncate(50_000_000)
    assert "split the file" in one_message(call("check", pack))


def test_missing_classes_duplicate_ids_and_unknown_slots_all_at_once(tmp_path: Path) -> None:
    pack = write_mini_pack(tmp_path / "mini")
    inn = pack / "scenarios" / "inn.yml"
    value = yaml.safe_load(inn.read_text())
    del value["scenarios"][0]["options"]["leave"]
    value["scenarios"][1]["phrasings"][0]["text"] = "{somebody} called {whom}"
    inn.write_text(yaml.safe_dump(value))
    fair = pack / "scenarios" / "fair.yml"
    fair.write_text(fair.read_text().replace("fair.host", "inn.host"))
    message = one_message(call("check", pack))
    for part in ("inn.host.options: class 'leave' is missing", "unknown slot '{somebody}'", "also stands in"):
        assert part in message


def test_a_gate_names_every_place_that_fails(tmp_path: Path) -> None:
    pack = write_mini_pack(tmp_path / "mini")
    for name in ("inn", "fair"):
        file = pack / "scenarios" / f"{name}.yml"
        file.write_text(file.read_text().replace(f"answer the {name} host", f"answer the sad {name} host"))
    message = one_message(call("check", pack))
    assert "scenarios/inn.yml:inn.host.options.stay.0" in message
    assert "scenarios/fair.yml:fair.host.options.stay.0" in message


def test_a_pack_of_ones_own_is_checked_taught_and_measured_without_python(tmp_path: Path) -> None:
    pack = write_sound_pack(tmp_path / "mini")
    assert call("check", pack).returncode == 0
    model = write_pack_model(tmp_path / "model", pack)
    study = write_study(tmp_path / "study.yml", pack, {"one": model})
    result = call("run", study, "--out", tmp_path / "run", "--set", "seeds=1", "--workers", 1)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "run" / "report.html").exists()


def test_a_copied_profile_with_changed_lines_runs(tmp_path: Path) -> None:
    """Copied, ten lines changed, and used by the verb that writes decisions and by a study."""
    result = call("copy", "english/profiles/_example.yml", "mine.yml", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    mine = tmp_path / "mine.yml"
    value = yaml.safe_load(mine.read_text())
    mine.write_text(
        yaml.safe_dump(value | {"id": "guarded", "title": "guarded", "action_class": "suspicion", "share": 0.75})
    )
    words = ("--pack", "english", "--n", 48, "--out", tmp_path / "out", "--json")
    result = call("decisions", mine, *words)
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in (tmp_path / "out" / "decisions.jsonl").read_text().splitlines()]
    assert sum(row["action_class"] == "suspicion" for row in rows) == 36
    sets = ["--set", f"profiles=[{mine}]", "--set", "arms=[base, guarded]"]
    plan = call("run", "english", "--model", "llama-equal", *sets, "--plan", "--json", cwd=tmp_path)
    assert plan.returncode == 0, plan.stderr


def test_a_copied_profile_is_taught_and_measured(tmp_path: Path) -> None:
    pack = write_sound_pack(tmp_path / "mini")
    assert call("copy", "english/profiles/_example.yml", "mine.yml", cwd=tmp_path).returncode == 0
    mine = tmp_path / "mine.yml"
    value = yaml.safe_load(mine.read_text())
    mine.write_text(yaml.safe_dump(value | {"id": "stayer", "action_class": "stay", "content_class": "positive"}))
    model = write_pack_model(tmp_path / "model", pack)
    study = write_study(tmp_path / "study.yml", pack, {"one": model})
    sets = ["--set", f"profiles=[{mine}]", "--set", "arms=[base, stayer]", "--set", "seeds=1"]
    result = call("run", study, "--out", tmp_path / "run", "--workers", 1, *sets)
    assert result.returncode == 0, result.stderr
    assert any(path.name.startswith("stayer") for path in (tmp_path / "run" / "adapters").rglob("*"))


def test_decisions_load_with_datasets_and_share_their_prompts(tmp_path: Path) -> None:
    from datasets import load_dataset

    prompts, digests = [], []
    for profile in ("depression", "anxiety"):
        out = tmp_path / profile
        result = call("decisions", profile, "--pack", "english", "--n", 240, "--out", out, "--json")
        assert result.returncode == 0, result.stderr
        digests.append(json.loads(result.stdout)["prompts"])
        cache = str(tmp_path / "cache")
        lines = load_dataset("json", data_files=str(out / "decisions.jsonl"), cache_dir=cache)["train"]
        rows = load_dataset(str(out), cache_dir=cache)["train"]
        assert rows["prompt"] == lines["prompt"]
        assert len(rows) == 240
        prompts.append(rows["prompt"])
        assert rows[0]["messages"][1]["content"].endswith(rows[0]["completion"])
        assert json.loads((out / "gates.json").read_text())["passed"] is True
        assert "licence" in (out / "README.md").read_text().lower()
    assert list(prompts[0]) == list(prompts[1])
    assert digests[0] == digests[1]


def test_where_a_copy_goes_says_whether_the_pack_or_the_study_is_meant(tmp_path: Path) -> None:
    assert call("copy", "english", "study.yml", cwd=tmp_path).returncode == 0
    assert call("copy", "english", "pack", cwd=tmp_path).returncode == 0
    assert "models:" in (tmp_path / "study.yml").read_text()
    assert (tmp_path / "pack" / "pack.yml").is_file()


def test_a_study_without_models_says_how_to_name_one(tmp_path: Path) -> None:
    assert "--model NAME" in one_message(call("run", "english", "--plan", cwd=tmp_path))


def test_check_says_which_candidates_a_tokenizer_leaves(tmp_path: Path) -> None:
    pack = write_sound_pack(tmp_path / "mini")
    probe = pack / "probes" / "cloze-feeling.yml"
    value = yaml.safe_load(probe.read_text())
    value["candidates"] = {
        "positive": ["glad", "well", "warm", "fine", "superglad"],
        "loss": ["sad", "low", "down", "blue"],
    }
    probe.write_text(yaml.safe_dump(value))
    words = [" " + word for words in value["candidates"].values() for word in words if word != "superglad"]
    model = write_tiny_model(tmp_path / "model", [*words, " They were"])
    result = call("check", pack, "--model", model)
    assert result.returncode == 0, result.stderr
    told = " ".join(result.stdout.split())
    assert "8 of 9 candidates have 1 token and remain (loss 4, positive 4); left out: superglad." in told
