"""`proclivity measure` from outside: its plan, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

from mini_pack import write_mini_pack
from test_cli import call, paragraph
from tiny_models import save_tiny


def test_a_plan_writes_nothing_and_says_what_fits(tmp_path: Path) -> None:
    model, pack = save_tiny("llama", tmp_path / "model"), write_mini_pack(tmp_path / "mini")
    words = ["measure", "--model", model, "--pack", pack, "--plan"]
    before = sorted(tmp_path.rglob("*"))
    result = call(*words, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "--batch-size 1024" in result.stdout
    found = json.loads(call(*words, "--json", "--dtype", "bfloat16", cwd=tmp_path).stdout)
    assert found["weights"] == 2 * found["parameters"]
    assert sorted(tmp_path.rglob("*")) == before


def test_what_it_refuses_in_one_paragraph(tmp_path: Path) -> None:
    model = save_tiny("llama", tmp_path / "model")
    assert "--out" in paragraph(call("measure", "--model", model), 2)
    assert "behind an API" in paragraph(call("measure", "--model", "openai/gpt-4o", "--plan"), 2)
    assert "--device cpu" in paragraph(call("measure", "--model", model, "--device", "none", "--plan"), 2)
