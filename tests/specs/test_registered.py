"""What was fixed before the first job: its digest by hand, then every kind of change."""

from __future__ import annotations

import hashlib
import json

import pytest

from proclivity.specs import Study, changes, confirmatory_part, read_registration, registration_record
from proclivity.specs.registered import ABSENT

CONTENT = {"pack": "aa", "models": {"llama": {"weights": "bb"}}}


def study(**fields) -> Study:
    given = {"id": "s", "title": "t", "question": "q", "models": [{"name": "llama", "path": "llama-equal"}]}
    return Study(**given | fields)


def write(folder, record) -> None:
    (folder / "registered.json").write_text(json.dumps(record, indent=1))


def test_the_digest_is_over_everything_else_in_the_file():
    record = registration_record({"seeds": 6}, "2026-01-02T03:04:05Z")
    text = '{"confirmatory":{"seeds":6},"fixed":"2026-01-02T03:04:05Z","schema_version":1}'
    assert record.pop("sha256") == hashlib.sha256(text.encode()).hexdigest()
    assert record == {"schema_version": 1, "fixed": "2026-01-02T03:04:05Z", "confirmatory": {"seeds": 6}}


def test_what_decides_verdicts_is_in_and_the_machine_is_not():
    part = confirmatory_part(study(), CONTENT)
    assert {"question", "models", "arms", "seeds", "decisions", "induction", "battery", "analysis"} < set(part)
    assert (part["dtype"], part["content"]) == ("float32", CONTENT)
    assert not {"id", "title", "compute", "pack"} & set(part)
    assert "batch_size" not in part["battery"]
    other = study(title="u", id="v", compute={"workers": 7}, battery={"batch_size": 8}, pack="elsewhere")
    assert changes(part, confirmatory_part(other, CONTENT)) == []


def test_each_change_is_named():
    before = confirmatory_part(study(), CONTENT)
    after = confirmatory_part(
        study(
            seeds=8,
            analysis={"delta": 0.1},
            arms=["base", "depression"],
            models=[{"name": "gpt2", "path": "gpt2-equal"}],
            external=[{"arm": "ours", "kind": "rows", "paths": ["x"]}],
        ),
        {"pack": "cc", "models": {"gpt2": {"weights": "dd"}}},
    )
    assert {key: (old, new) for key, old, new in changes(before, after)} == {
        "seeds": (6, 8),
        "analysis.delta": (0.2, 0.1),
        "arms": (["base", "depression", "paranoia", "own-policy", "arbitrary"], ["base", "depression", "ours"]),
        "models.llama": ("llama", ABSENT),
        "models.gpt2": (ABSENT, "gpt2"),
        "external.ours": (ABSENT, "ours"),
        "content.pack": ("aa", "cc"),
    }


def test_unknown_content_is_not_compared():
    part = confirmatory_part(study(), CONTENT)
    assert changes(part, confirmatory_part(study())) == []
    assert changes(confirmatory_part(study()), part) == []
    other = confirmatory_part(study(), {"models": {"llama": {"weights": "ee"}}})
    assert changes(part, other) == [("content.models.llama.weights", "bb", "ee")]


def test_a_key_of_a_later_version_is_a_change_only_away_from_its_default():
    before = confirmatory_part(study(), CONTENT)
    del before["judge"], before["analysis"]["bootstrap"], before["models"]["llama"]["chat"]
    assert changes(before, confirmatory_part(study(), CONTENT)) == []
    now = confirmatory_part(study(models=[{"name": "llama", "path": "llama-equal", "chat": False}]), CONTENT)
    assert changes(before, now) == [("models.llama.chat", True, False)]


def test_a_file_is_intact_damaged_or_absent(tmp_path):
    assert read_registration(tmp_path).state == "absent"
    record = registration_record(confirmatory_part(study(), CONTENT), "2026-01-02T03:04:05Z")
    write(tmp_path, record)
    found = read_registration(tmp_path)
    assert (found.state, found.fixed, found.sha256) == ("intact", "2026-01-02T03:04:05Z", record["sha256"])
    assert changes(found.confirmatory, confirmatory_part(study(), CONTENT)) == []


@pytest.mark.parametrize("edit", ["delta", "time", "no digest", "half", "list"])
def test_an_edit_is_found(tmp_path, edit):
    record = registration_record(confirmatory_part(study(), CONTENT), "2026-01-02T03:04:05Z")
    if edit == "delta":
        record["confirmatory"]["analysis"]["delta"] = 0.1
    elif edit == "time":
        record["fixed"] = "2025-01-02T03:04:05Z"
    elif edit == "no digest":
        del record["sha256"]
    write(tmp_path, [record] if edit == "list" else record)
    if edit == "half":
        path = tmp_path / "registered.json"
        path.write_text(path.read_text()[:80])
    assert read_registration(tmp_path).state == "damaged"
