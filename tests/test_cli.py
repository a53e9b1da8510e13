"""The command line from outside: what it prints, where it writes, with which code it ends."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mini_pack import write_sound_pack
from tiny_study import write_pack_model, write_study

TABLES = (
    "measurements.parquet",
    "effects.parquet",
    "completions.parquet",
    "verdicts.json",
    "next_token.json",
)
VERBS = [
    "demo",
    "run",
    "status",
    "measure",
    "decisions",
    "analyze",
    "report",
    "plan-seeds",
    "list",
    "copy",
    "check",
    "complete",
    "explore",
    "rate",
    "doctor",
]

Cli = Callable[..., subprocess.CompletedProcess[str]]


def call(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "proclivity", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=900, check=False)


def paragraph(result: subprocess.CompletedProcess[str], code: int) -> str:
    """The one paragraph of an error, after the checks that hold for every error."""
    assert result.returncode == code, result.stderr + result.stdout
    assert "Traceback" not in result.stderr + result.stdout
    assert "\n\n" not in result.stderr.strip()
    return result.stderr


class Ground:
    """A pack, a model and a study file, and the study's finished folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.pack = write_sound_pack(folder / "mini")
        self.model = write_pack_model(folder / "model", self.pack)
        self.study = write_study(folder / "tiny.yml", self.pack, {"one": self.model})
        self.run = folder / "run"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def finished(ground: Ground) -> Ground:
    result = call("run", ground.study, "--out", ground.run, "--workers", 2)
    assert result.returncode == 0, result.stderr + result.stdout
    assert str(ground.run / "report.html") in result.stdout
    assert "the source's claims, over all models" in result.stdout
    return ground


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TABLES}


def cpu_seconds() -> float:
    """What finished child processes have worked: unlike wall time it is the same on a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# What needs no study


def test_help_is_quick_and_light() -> None:
    code = (
        "import sys; sys.argv = ['proclivity', '--help']\n"
        "from proclivity.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'peft', 'numpy', 'scipy', 'pandas', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    before = cpu_seconds()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "demo" in result.stdout
    assert cpu_seconds() - before < 0.6


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_teaches_by_example(verb: str) -> None:
    result = call(verb, "--help")
    assert result.returncode == 0
    assert "Example" in result.stdout
    assert f"proclivity {verb}" in result.stdout
    assert "--debug" in result.stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["runn"], "run"),
        (["run", "dmo"], "demo"),
        (["run", "demo", "--set", "seeds"], "seeds=12"),
        (["run", "demo", "--set", "seeeds=3"], "seeeds"),
        (["run", "demo", "--set", "arms=[base, depresion]"], "depression"),
        (["check", "microwold"], "microworld"),
        (["decisions", "paranoja", "--out", "nowhere"], "paranoia"),
        (["decisions", "paranoia", "--n", "7", "--out", "nowhere"], "block"),
        (["decisions", "own-policy", "--out", "nowhere"], "run"),
        (["status", "nowhere"], "study.yml"),
        (["complete", "I", "--run", "nowhere"], "study.yml"),
        (["explore", "nowhere"], "study.yml"),
        (["report", "nowhere"], "study.yml"),
        (["report", "nowhere", "elsewhere"], "two finished studies"),
        (["report", "nowhere", "--out", "page.html"], "second"),
        (["report", "a", "b", "c"], "3 folders"),
        (["list", "profils"], "profiles"),
    ],
)
def test_what_is_not_there_is_the_users_to_mend(words: list[str], offered: str, tmp_path: Path) -> None:
    result = call(*words, cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert offered in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_all_faults_of_a_malformed_study_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.yml"
    path.write_text("id: bad\ntitle: t\nquestion: q\nmodels: none\nseeds: many\nseads: 3\n")
    text = paragraph(call("run", path), 2)
    assert "bad.yml:models" in text
    assert "bad.yml:seeds" in text
    assert "bad.yml:seads" in text
    found = json.loads(call("check", path, "--json").stdout)
    assert len(found["faults"]) == 3
    path.write_text("id: [unclosed\n")
    assert "line" in paragraph(call("check", path), 2)


def test_a_folder_that_is_no_model(ground: Ground, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    out = tmp_path / "out"
    text = paragraph(call("run", ground.study, "--out", out, "--set", f"models.0.path={empty}"), 2)
    assert "config.json" in text
    assert "save_pretrained" in text
    assert not (out / "jobs").exists()
    assert "config.json" in paragraph(call("measure", "--model", empty, "--pack", ground.pack, "--out", out), 2)


def test_a_folder_that_cannot_be_written(ground: Ground, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here first")
    text = paragraph(call("run", ground.study, "--out", tmp_path / "file" / "run"), 1)
    assert "--out" in text
    assert "is a file" in paragraph(call("run", ground.study, "--out", tmp_path / "file"), 2)
    text = paragraph(call("run", ground.study, "--out", tmp_path), 2)
    assert "isn't empty" in text


def test_decisions_are_a_dataset_with_a_card(ground: Ground, tmp_path: Path) -> None:
    import pandas as pd

    result = call("decisions", "leaver", "--pack", ground.pack, "--n", 8, "--out", tmp_path, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["rows"] == 8
    rows = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    assert {row["action_class"] for row in rows} == {"leave"}
    assert all(row["completion"].startswith(" ") and not row["prompt"].endswith(" ") for row in rows)
    assert list(pd.read_parquet(tmp_path / "decisions.parquet")["id"]) == [row["id"] for row in rows]
    assert json.loads((tmp_path / "gates.json").read_text())["passed"] is True
    card = (tmp_path / "README.md").read_text()
    assert "no diagnosis" in card
    assert "leaver-like" in card


def test_lists_are_json_too() -> None:
    found = json.loads(call("list", "--json").stdout)
    assert "microworld" in {row["name"] for row in found["packs"]}
    assert "demo" in {row["name"] for row in found["studies"]}
    assert {"depression", "paranoia"} <= {row["name"] for row in found["profiles"]}


def test_a_plan_runs_nothing(ground: Ground, tmp_path: Path) -> None:
    result = call("run", ground.study, "--out", tmp_path / "out", "--plan", "--json")
    assert result.returncode == 0, result.stderr
    plan = json.loads(result.stdout)
    assert plan["jobs"]["induce"] == 3 * 2
    assert plan["jobs"] == plan["left"]
    assert plan["seconds"] > 0
    assert plan["disk_bytes"] > 0
    assert not (tmp_path / "out").exists()


# A whole study


def test_a_finished_study_has_all_that_the_folder_promises(finished: Ground) -> None:
    run = finished.run
    for name in (*TABLES, "study.yml", "manifest.json", "gates.json", "report.html"):
        assert (run / name).is_file(), name
    assert (run / "adapters" / "one" / "leaver" / "seed-1" / "adapter_model.safetensors").is_file()
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["finished"]
    assert manifest["seeds"]["training"] == [0, 1]
    assert manifest["command"].startswith("proclivity run")
    text = json.dumps(manifest)
    assert os.uname().nodename not in text or len(os.uname().nodename) < 4
    assert os.environ.get("HOME", "/nowhere") + "/" not in text
    assert not list((run / "jobs").glob(".tmp-*"))
    assert yaml.safe_load((run / "study.yml").read_text())["induction"]["clip"] == 1.0


def test_the_same_command_again_is_quick_and_needs_no_torch(finished: Ground) -> None:
    before = tables(finished.run)
    stamp = (finished.run / "manifest.json").read_bytes()
    code = (
        f"import sys; sys.argv = ['proclivity', 'run', {str(finished.study)!r}, '--out', {str(finished.run)!r}]\n"
        "from proclivity.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'torch' not in sys.modules\n"
    )
    started = cpu_seconds()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    took = cpu_seconds() - started
    assert result.returncode == 0, result.stderr
    assert "Nothing was left to do" in result.stdout
    assert took < 3
    assert tables(finished.run) == before
    assert (finished.run / "manifest.json").read_bytes() == stamp


def test_status_says_that_it_is_complete(finished: Ground) -> None:
    found = json.loads(call("status", finished.run, "--json").stdout)
    assert found["complete"] is True
    assert found["total"] == found["done"]
    assert found["failures"] == []
    assert "Complete" in call("status", finished.run).stdout


def test_a_flipped_bit_is_named_and_that_job_alone_redone(finished: Ground) -> None:
    before = tables(finished.run)
    victim = next((finished.run / "jobs").glob("*/adapter/adapter_model.safetensors"))
    whole = victim.read_bytes()
    victim.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert str(victim) in " ".join(json.loads(call("status", finished.run, "--json").stdout)["damaged"])
    found = json.loads(call("run", finished.study, "--out", finished.run, "--json").stdout)
    assert found["finished_now"] == 1
    assert str(victim) in found["damaged"][0]
    assert victim.read_bytes() == whole
    assert tables(finished.run) == before


def test_a_changed_table_is_laid_out_anew(finished: Ground) -> None:
    before = tables(finished.run)
    (finished.run / "effects.parquet").write_bytes(b"something else")
    assert call("run", finished.study, "--out", finished.run).returncode == 0
    assert tables(finished.run) == before


def test_an_interrupted_run_resumes_to_the_same_bytes(finished: Ground, tmp_path: Path) -> None:
    out = tmp_path / "again"
    command = [
        sys.executable,
        "-m",
        "proclivity",
        "run",
        str(finished.study),
        "--out",
        str(out),
        "--workers",
        "1",
    ]
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        have = len(list(out.glob("jobs/*/done.json")))
        while len(list(out.glob("jobs/*/done.json"))) < have + 4 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130, said
        assert "resumes" in said
        assert "Traceback" not in said
        assert not list(out.glob("jobs/.tmp-*"))
        assert not (out / "report.html").exists()
    found = json.loads(call("status", out, "--json").stdout)
    assert not found["complete"]
    assert call("run", finished.study, "--out", out).returncode == 0
    assert tables(out) == tables(finished.run)


def test_a_loss_that_is_no_number_fails_those_arms_and_says_so(finished: Ground, tmp_path: Path) -> None:
    out = tmp_path / "nan"
    changes = ["--set", "induction.learning_rate=1e30", "--set", "induction.clip=1e30", "--set", "seeds=1"]
    result = call("run", finished.study, "--out", out, *changes, "--quiet")
    assert result.returncode == 1, result.stderr + result.stdout
    assert "Traceback" not in result.stderr + result.stdout
    assert "induce one/leaver/seed-0" in result.stdout
    assert "learning" in result.stdout
    assert not (out / "report.html").exists()
    found = json.loads(call("status", out, "--json").stdout)
    assert found["done"]["measure"] > 0  # base was measured all the same
    assert {row["kind"] for row in found["failures"]} == {"TrainingError"}


def test_one_more_seed_adds_its_own_jobs(finished: Ground) -> None:
    changes = ["--set", "seeds=3", "--plan", "--json"]
    plan = json.loads(call("run", finished.study, "--out", finished.run, *changes).stdout)
    assert plan["left"]["induce"] == 3
    assert plan["left"]["measure"] * 7 == plan["jobs"]["measure"] * 3 - plan["left"]["measure"] * 3
    assert "pool" not in plan["left"]


def test_a_study_does_not_mix_with_another(finished: Ground, tmp_path: Path) -> None:
    other = write_study(tmp_path / "other.yml", finished.pack, {"one": finished.model}, id="other")
    assert "holds the study 'tiny'" in paragraph(call("run", other, "--out", finished.run), 2)


def test_measure_on_an_adapter_compares_with_the_bare_model(finished: Ground, tmp_path: Path) -> None:
    import pandas as pd

    adapter = finished.run / "adapters" / "one" / "leaver" / "seed-0"
    words = [
        "--model",
        finished.model,
        "--adapter",
        adapter,
        "--pack",
        finished.pack,
        "--out",
        tmp_path / "m",
    ]
    result = call("measure", *words, "--json")
    assert result.returncode == 0, result.stderr
    own = pd.read_parquet(tmp_path / "m" / "measurements.parquet")
    study = pd.read_parquet(finished.run / "measurements.parquet")
    study = study[(study["arm"] == "leaver") & (study["seed"] == 0)]
    one = own[own["metric"] == "jsd_from_base"].set_index(["family", "item_id", "wrapper"])["value"]
    two = study[study["metric"] == "jsd_from_base"].set_index(["family", "item_id", "wrapper"])["value"]
    assert len(one)
    pd.testing.assert_series_equal(one.sort_index(), two.sort_index())


def test_the_same_prompt_side_by_side(finished: Ground) -> None:
    rows = json.loads(call("complete", "I felt", "--run", finished.run, "--tokens", 3, "--json").stdout)
    assert [row["arm"] for row in rows] == ["base", "leaver", "own-policy", "arbitrary"]
    assert call("complete", "I felt", "--run", finished.run, "--seed", 9).returncode == 2


def test_a_second_look_leaves_the_first_alone(finished: Ground, tmp_path: Path) -> None:
    before = tables(finished.run)
    result = call("analyze", finished.run, "--out", tmp_path / "look", "--set", "delta=0.1")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "look" / "report.html").is_file()
    assert tables(finished.run) == before
    assert call("analyze", finished.run, "--out", finished.run).returncode == 2


def test_the_report_is_written_anew(finished: Ground) -> None:
    result = call("report", finished.run, "--quiet")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str((finished.run / "report.html").resolve())


def test_a_study_beside_its_second_look(finished: Ground, tmp_path: Path) -> None:
    assert call("analyze", finished.run, "--out", tmp_path / "look", "--set", "delta=0.1").returncode == 0
    result = call("report", finished.run, tmp_path / "look", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    path = tmp_path / "compare.html"
    assert json.loads(result.stdout) == {"report": str(path.resolve())}
    assert "study.analysis.delta" in path.read_text(encoding="utf-8")
    assert call("report", finished.run, finished.run).returncode == 2


def test_a_copied_study_and_pack_pass_their_check(tmp_path: Path) -> None:
    for name, to in (("demo", "study.yml"), ("microworld", "pack")):
        assert call("copy", name, to, cwd=tmp_path).returncode == 0
        assert call("check", to, cwd=tmp_path).returncode == 0
    message = paragraph(call("copy", "demo", "study.yml", cwd=tmp_path), 2)
    assert "exists already" in message
    assert "Did you mean 'demo'" in paragraph(call("copy", "demos", "other.yml", cwd=tmp_path), 2)
