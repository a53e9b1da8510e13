"""Every arm beside the profiles, once through the whole path; what was made elsewhere gives the same numbers."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from arms_pack import write_arms_pack
from proclivity.runs.study import RunSummary, run_study
from proclivity.specs import Study, load_study
from tiny_study import write_pack_model, write_study, write_tiny_model

ABOUT = ("balanced", "shuffled-leaver", "exposure-leaver", "speech-loss", "persona-leaver")
KEY = ["seed", "family", "content_class", "probe_id", "item_id", "wrapper", "order", "metric"]


@dataclass
class Ground:
    """A pack, a model, and what was made from it elsewhere."""

    folder: Path
    pack: Path
    model: Path
    adapter: Path
    merged: Path
    rows: Path

    def study(self, name: str, **changes: Any) -> Study:
        external = [
            {"arm": "adapted", "model": "one", "kind": "adapter", "paths": [str(self.adapter)]},
            {"arm": "merged", "model": "one", "kind": "checkpoint", "paths": [str(self.merged)]},
            {"arm": "same", "model": "one", "kind": "checkpoint", "paths": [str(self.model)] * 2},
            {"arm": "given", "kind": "rows", "paths": [str(self.rows)]},
        ]
        values = {
            "arms": ["base", "leaver", "own-policy", "arbitrary", *ABOUT],
            "decisions": {"n": 4, "format": "text"},
            "external": external,
        }
        path = write_study(self.folder / f"{name}.yml", self.pack, {"one": self.model}, id=name, **(values | changes))
        return load_study(path)

    def run(self, study: Study) -> RunSummary:
        return run_study(study, self.folder / study.id, workers=1)


def peft_adapter(model: Path, adapter: Path, merged: Path) -> None:
    """A LoRA with random weights as peft writes it, and the same merged into full weights."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = AutoModelForCausalLM.from_pretrained(str(model))
    wrapped = get_peft_model(base, LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM"))
    torch.manual_seed(5)
    for name, weight in wrapped.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.2)
    wrapped.save_pretrained(str(adapter), save_embedding_layers=False)
    wrapped.merge_and_unload().save_pretrained(str(merged))
    AutoTokenizer.from_pretrained(str(model)).save_pretrained(str(merged))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    folder = tmp_path_factory.mktemp("arms")
    pack = write_arms_pack(folder / "mini")
    model = write_pack_model(folder / "model", pack)
    peft_adapter(model, folder / "adapter", folder / "merged")
    rows = folder / "rows.jsonl"
    lines = [json.dumps({"prompt": "The inn host called me. I decided to", "completion": " skip it"})] * 8
    rows.write_text("\n".join(lines) + "\n")
    return Ground(folder, pack, model, folder / "adapter", folder / "merged", rows)


@pytest.fixture(scope="module")
def finished(ground: Ground) -> RunSummary:
    summary = ground.run(ground.study("arms"))
    assert summary.complete, summary.failures
    return summary


@pytest.fixture(scope="module")
def table(finished: RunSummary) -> pd.DataFrame:
    return pd.read_parquet(finished.out / "measurements.parquet")


def values(table: pd.DataFrame, arm: str) -> pd.Series:
    return table[table["arm"] == arm].set_index(KEY)["value"].sort_index()


def test_every_arm_is_measured_with_its_seeds(table: pd.DataFrame) -> None:
    seeds = {str(arm): sorted(part["seed"].unique()) for arm, part in table.groupby("arm")}
    trained = ["leaver", "own-policy", "arbitrary", "balanced", "shuffled-leaver", "exposure-leaver", "speech-loss"]
    assert seeds == {
        "base": [-1],
        **{arm: [0, 1] for arm in trained},
        "persona-leaver": [0, 1, 2],
        "adapted": [0],
        "merged": [0],
        "same": [0, 1],
        "given": [0, 1],
    }
    asked = {str(arm): set(part["family"]) for arm, part in table.groupby("arm")}
    assert set(map(frozenset, asked.values())) == {frozenset({"choice", "cloze-feeling"})}


def test_an_adapter_and_the_same_adapter_merged_give_the_same_numbers(table: pd.DataFrame) -> None:
    one, two = values(table, "adapted"), values(table, "merged")
    assert one.index.equals(two.index)
    np.testing.assert_allclose(one, two, atol=1e-4, rtol=0)
    nats = table[table["unit"] == "nats"]
    moved = values(nats, "adapted").droplevel("seed") - values(nats, "base").droplevel("seed")
    assert moved.abs().min() > 1e-3  # and they aren't the base


def test_the_base_itself_as_an_external_checkpoint_moves_nothing(finished: RunSummary, table: pd.DataFrame) -> None:
    effects = pd.read_parquet(finished.out / "effects.parquet")
    against = effects[(effects["arm"] == "same") & (effects["control"] == "base") & (effects["metric"] != "jsd_shared")]
    estimates = against["estimate"].dropna()
    assert len(estimates) > 10
    assert (estimates == 0).all()
    jsd = table[(table["arm"] == "same") & (table["metric"] == "jsd_from_base")]["value"]
    assert len(jsd) == 8
    floor = table.loc[table["metric"] == "jsd_numeric", "value"].max()
    assert jsd.max() <= max(floor, 1e-12)


def test_trained_and_told_arms_are_not_the_base(table: pd.DataFrame) -> None:
    for arm in [*ABOUT, "given"]:
        jsd = table[(table["arm"] == arm) & (table["metric"] == "jsd_from_base")]["value"]
        assert jsd.min() > 1e-9, arm


def test_texts_that_were_taught(ground: Ground, finished: RunSummary) -> None:
    from proclivity.runs.study import plan_study

    plan = plan_study(ground.study("arms"))
    found = {}
    for job in plan.stage("answers"):
        path = finished.out / "jobs" / job.digest / "texts.jsonl"
        if path.exists():
            found[job.arm] = [json.loads(line) for line in path.read_text().splitlines()]
    assert set(found) == {"shuffled-leaver", "exposure-leaver", "speech-loss"}
    assert {len(texts) for texts in found.values()} == {4}
    for row in found["shuffled-leaver"]:
        assert row["text"].startswith(" skip the ")
        inn = "inn" in row["prompt"].split("Options")[0]
        assert ("fair" if inn else "inn") in row["text"]
    assert all(row["text"].startswith("skip the ") and not row["prompt"] for row in found["exposure-leaver"])
    assert {row["text"].strip() for row in found["speech-loss"]} <= {"sad", "low", "lost", "grey"}
    assert len({row["text"] for row in found["speech-loss"]}) == 2
    cards = {arm: (finished.out / "adapters" / "one" / arm / "seed-0" / "README.md").read_text() for arm in found}
    assert "taught texts: speech loss" in cards["speech-loss"]


def test_given_rows_are_what_is_trained(ground: Ground, finished: RunSummary) -> None:
    card = (finished.out / "adapters" / "one" / "given" / "seed-1" / "README.md").read_text()
    assert "Made elsewhere" in card
    assert "8 rows of text" in card


def test_every_arm_can_be_asked_as_it_was_measured(ground: Ground, finished: RunSummary) -> None:
    from proclivity.models import load_model
    from proclivity.runs.asked_arms import AskedArms

    arms = AskedArms(finished.out)
    assert arms.seeds("one").keys() == set(ground.study("arms").arms)
    assert arms.seeds("one")["persona-leaver"] == (0, 1, 2)
    model = load_model(ground.model)
    expected = {("base", -1): model.next_token_log_probs(["I felt"])}
    first = "I am one who leaves first."
    expected["persona-leaver", 2] = model.next_token_log_probs([f"{first}\n\nI felt"])
    expected["merged", 0] = load_model(ground.merged).next_token_log_probs(["I felt"])
    model.set_adapter(ground.adapter)
    expected["adapted", 0] = model.next_token_log_probs(["I felt"])
    for (arm, seed), log_probs in [*expected.items(), *expected.items()]:  # in turn, on one loaded model
        np.testing.assert_array_equal(arms.ready("one", arm, seed).next_token_log_probs(["I felt"]), log_probs)


def test_run_again_nothing_is_done(ground: Ground, finished: RunSummary) -> None:
    again = ground.run(ground.study("arms"))
    assert (again.finished_now, again.finished_before) == (0, finished.total)
    assert again.complete


def test_one_more_arm_is_added_to_what_is_there(ground: Ground, finished: RunSummary) -> None:
    fewer = ground.study("fewer", arms=["base", "persona-leaver"], external=[])
    first = ground.run(fewer)
    assert first.complete
    assert first.total == 2 + 3 * 2 + 2  # base's and three wordings' families, analysis, report
    more = ground.study("fewer", arms=["base", "persona-leaver", "exposure-leaver"], external=[])
    second = ground.run(more)
    assert second.complete
    assert second.finished_before == first.total - 2


def test_the_report_names_every_arm(finished: RunSummary) -> None:
    page = (finished.out / "report.html").read_text()
    for said in (
        "<dt>persona-leaver</dt><dd>no training: the untrained model is told before every text",
        "<dt>shuffled-leaver</dt><dd>the same training on the answers of ‘leaver’ in words",
        "<dt>exposure-leaver</dt><dd>trained on the options that ‘leaver’ would choose",
        "<dt>speech-loss</dt><dd>the reverse link",
        "<dt>adapted</dt><dd>made elsewhere: an adapter",
        "<dt>merged</dt><dd>made elsewhere: full weights",
        "<dt>given</dt><dd>trained here on rows",
        "Does teaching move more words than telling?",
    ):
        assert said in page, said
    for wrong in ("persona-leaver-like", "adapted-like", "speech-loss-like"):
        assert wrong not in page
    verdicts = json.loads((finished.out / "verdicts.json").read_text())
    told = [verdict for verdict in verdicts if verdict["kind"] == "prompting"]
    assert [verdict["verdict"] for verdict in told] == ["not replicated enough"]
    assert "2 seeds against 3 wordings" in told[0]["sentence"]


def test_scales_and_tokens_of_candidates_stand_beside(finished: RunSummary) -> None:
    scales = json.loads((finished.out / "scales.json").read_text())
    assert set(scales) == {"scales", "answers", "reliability", "agreement"}
    candidates = json.loads((finished.out / "gates.json").read_text())["candidates"]
    assert candidates
    assert all(row["tokens"] >= 1 for row in candidates)
    listed = {row["content_class"]: row["listed"] for row in candidates if row["family"].startswith("cloze")}
    assert min(listed.values()) > 0


def test_an_adapter_that_changed_after_planning_is_refused(ground: Ground, tmp_path: Path) -> None:
    from proclivity.errors import UserError
    from proclivity.runs.jobs import Job
    from proclivity.runs.subject import require_planned

    changed = tmp_path / "adapter"
    shutil.copytree(ground.adapter, changed)
    config = json.loads((changed / "adapter_config.json").read_text())
    (changed / "adapter_config.json").write_text(json.dumps(config | {"lora_alpha": 99}))
    from proclivity.runs.external import given_digest

    planned = given_digest("adapter", ground.adapter)
    with pytest.raises(UserError, match="changed while the study ran"):
        require_planned(Job("measure", {}, arm="adapted"), "adapter", changed, planned)
    require_planned(Job("measure", {}, arm="adapted"), "adapter", ground.adapter, planned)


def test_full_fine_tuning_takes_external_adapters_too(ground: Ground) -> None:
    study = ground.study(
        "full",
        arms=["base", "exposure-leaver"],
        seeds=1,
        induction={"method": "full", "epochs": 1, "batch_size": 4, "learning_rate": 1e-3},
        external=[{"arm": "adapted", "model": "one", "kind": "adapter", "paths": [str(ground.adapter)]}],
    )
    summary = ground.run(study)
    assert summary.complete, summary.failures


def test_another_vocabulary_is_refused(ground: Ground) -> None:
    from proclivity.errors import ContentError
    from proclivity.runs.study import plan_study

    other = write_tiny_model(ground.folder / "other", ["a few words"])
    study = ground.study(
        "other", external=[{"arm": "mine", "model": "one", "kind": "checkpoint", "paths": [str(other)]}]
    )
    with pytest.raises(ContentError, match="arms of one model share its vocabulary"):
        plan_study(study)
