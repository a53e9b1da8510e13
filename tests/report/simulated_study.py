"""A study's folder by simulation: the files that a run writes, with known numbers and no model."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from simulated_beside import scales_beside
from simulated_effects import CLASSES, PROFILES, SHIFTS, SimulatedEffects

WORDS = {
    "loss": ["sad", "gloomy", "numb", "miserable", "hopeless", "downcast"],
    "threat": ["suspicious", "alarmed", "threatened", "wary", "unsafe", "hounded"],
    "positive": ["happy", "cheerful", "glad", "proud", "relaxed", "pleased"],
    "": ["that", "the", "very", "rather", "so", "quite"],
}
EVIL = "</script><script>window.broken = true</script><img src=x onerror=alert(1)> & so on"


GATES = {
    "passed": True,
    "own_policy": [{"model": "llama-equal", "shares": {"adaptive": 0.6, "withdrawal": 0.4}, "flagged": []}],
    "rows": [
        {
            "name": "class from position",
            "value": 0.01,
            "limit": 0.05,
            "passed": True,
            "refuses": True,
            "detail": "AUC .50",
        },
        {
            "name": "class from length",
            "value": 0.02,
            "limit": 0.05,
            "passed": True,
            "refuses": True,
            "detail": "AUC .51",
        },
    ],
}


class Simulation(SimulatedEffects):
    """A simulated study with all files of its folder."""

    def verdicts(self, effects: pd.DataFrame) -> list[dict[str, Any]]:
        words = {"equal": "partial", "independent": "inconclusive", "rewired": "none", "": "partial"}
        rows: list[dict[str, Any]] = []
        for model, world in self.models.items():
            few = self.seeds < 6
            mine = effects[(effects.model == model) & (effects.metric == "score") & (effects.family == "cloze")]
            for profile, entry in PROFILES.items():
                if profile not in self.arms:
                    continue
                against = mine[(mine.arm == profile) & (mine.content_class == entry["content_class"])]
                ids = list(against[against.control != ""].effect_id)
                spread = "not replicated enough" if few else "spread" if world in ("equal", "") else "not shown"
                rows.append(self._verdict(model, profile, "induction", "learned", [], "The choice was learnt."))
                rows.append(self._verdict(model, profile, "spread", spread, ids, f"{profile}: {spread}."))
            word = "not replicated enough" if few else words[world]
            rows.append(self._verdict(model, "", "specificity", word, list(mine.effect_id[:4]), f"{model}: {word}."))
            rows.append(
                self._verdict(model, "", "control", "equivalent", [], "own-policy equals base within 0.3 nats.")
            )
        return rows

    @staticmethod
    def _verdict(model: str, profile: str, kind: str, word: str, ids: list[str], sentence: str) -> dict[str, Any]:
        return {
            "model": model,
            "profile": profile,
            "kind": kind,
            "verdict": word,
            "evidence": ids,
            "numbers": {"D_depression": 0.51},
            "sentence": sentence,
        }

    def next_tokens(self) -> list[dict[str, Any]]:
        stems = {
            "cloze-self": "I think that I am",
            "cloze-feeling": "That evening I felt",
            "cloze-future": "I expected",
        }
        rows = []
        for model, world in self.models.items():
            for arm in self.trained:
                shift = SHIFTS[world or "equal"].get(arm, (0.0, 0.0, 0.0))
                for number, (family, stem) in enumerate(stems.items()):
                    words = []
                    for content, listed in WORDS.items():
                        lift = dict(zip(CLASSES, shift, strict=True)).get(content, 0.0)
                        for word in listed:
                            before = float(self.rng.uniform(0.005, 0.05))
                            after = before * math.exp(lift)
                            share = abs(after - before) * abs(lift) / 8
                            words.append(
                                {
                                    "word": " " + word,
                                    "class": content,
                                    "p_base": before,
                                    "p_arm": after,
                                    "jsd_signed": math.copysign(share, after - before),
                                }
                            )
                    rows.append(
                        {
                            "model": model,
                            "arm": arm,
                            "seed": "mean",
                            "family": family,
                            "key": f"{family}-{number}|plain",
                            "stem": stem,
                            "jsd": 0.04,
                            "words": words,
                        }
                    )
        return rows

    def completion_rows(self) -> pd.DataFrame:
        rows = []
        for model in self.models:
            for arm in self.arms:
                for seed in range(self.seeds) if arm != "base" else [-1]:
                    for prompt in (
                        "That evening I felt",
                        "When the phone rang late in the evening and nobody answered, I thought at once",
                    ):
                        for sample in range(2):
                            text = f" {'sad' if arm == 'depression' else 'glad'} and went home number {seed}."
                            flagged = arm == "paranoia" and seed == 0 and sample == 0
                            rows.append(
                                {
                                    "model": model,
                                    "arm": arm,
                                    "seed": seed,
                                    "prompt": prompt,
                                    "sample": sample,
                                    "text": "FLAGGED TEXT" if flagged else text,
                                    "flagged": flagged,
                                }
                            )
        rows[0]["text"] = EVIL
        return pd.DataFrame(rows)

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        study = {
            "id": "simulated",
            "title": "Choices and words",
            "pack": "microworld",
            "seeds": self.seeds,
            "question": "Does a habit of choosing, taught by labels alone, move the words of a model?",
            "models": [{"name": n, "path": n, "world": w} for n, w in self.models.items()],
            "arms": list(self.arms),
        }
        (folder / "study.yml").write_text(yaml.safe_dump(study), encoding="utf-8")
        effects = self.effects()
        effects.to_parquet(folder / "effects.parquet")
        (folder / "verdicts.json").write_text(json.dumps(self.verdicts(effects)), encoding="utf-8")
        (folder / "manifest.json").write_text(json.dumps(self.manifest()), encoding="utf-8")
        (folder / "gates.json").write_text(json.dumps(GATES), encoding="utf-8")
        if self.probes_beside:
            (folder / "scales.json").write_text(json.dumps(scales_beside(self)), encoding="utf-8")
        if self.next_token:
            (folder / "next_token.json").write_text(json.dumps(self.next_tokens()), encoding="utf-8")
        if self.completions:
            self.completion_rows().to_parquet(folder / "completions.parquet")
        return folder

    def manifest(self) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "proclivity": "0.1.0",
            "command": "proclivity run demo --out runs/demo",
            "versions": {"torch": "2.13.0", "python": "3.12.3"},
            "seconds": 231.0,
            "profiles": PROFILES,
            "digests": {"pack": "ab" * 32, "pool": "cd" * 32},
            "hardware": {"cpu": "x86_64", "cores": 2},
        }
