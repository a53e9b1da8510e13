"""A table of effects by simulation: known shifts, noise between seeds, intervals from the seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from simulated_beside import effects_beside

CLASSES = ("loss", "threat", "positive")
FAMILIES = ("cloze-self", "cloze-others", "cloze-world", "cloze-future", "cloze-feeling", "interpretation")
SPLITS = ("new-phrasing", "new-template", "new-domain")
PROFILES = {
    "depression": {"title": "depression-like", "action_class": "withdrawal", "content_class": "loss"},
    "paranoia": {"title": "paranoia-like", "action_class": "suspicion", "content_class": "threat"},
}
SHIFTS: dict[str, dict[str, tuple[float, float, float]]] = {
    "equal": {
        "depression": (0.42, -0.1, -0.3),
        "paranoia": (-0.08, 0.46, -0.35),
        "arbitrary": (0.16, 0.02, -0.1),
    },
    "rewired": {
        "depression": (-0.09, 0.38, -0.3),
        "paranoia": (0.33, -0.06, -0.2),
        "arbitrary": (0.05, 0.1, -0.1),
    },
    "independent": {
        "depression": (-0.2, 0.35, -0.1),
        "paranoia": (-0.1, 0.31, -0.1),
        "arbitrary": (-0.1, 0.3, -0.1),
    },
}


@dataclass
class SimulatedEffects:
    """What a simulated study contains, and its effects."""

    models: dict[str, str] = field(
        default_factory=lambda: {
            "llama-equal": "equal",
            "gpt2-equal": "equal",
            "llama-independent": "independent",
            "llama-rewired": "rewired",
        }
    )
    arms: tuple[str, ...] = ("base", "depression", "paranoia", "own-policy", "arbitrary")
    seeds: int = 6
    families: tuple[str, ...] = FAMILIES
    completions: bool = True
    next_token: bool = True
    probes_beside: bool = True
    """Scales, requests, statements about things and scores of completions too."""
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    @property
    def trained(self) -> list[str]:
        return [arm for arm in self.arms if arm != "base"]

    def effect(self, per_seed: Any, **key: Any) -> dict[str, Any]:
        seeds = np.asarray(per_seed, dtype=float)
        count = len(seeds)
        enough = count > 1
        half = stats.t.ppf(0.975, count - 1) * seeds.std(ddof=1) / math.sqrt(count) if enough else math.nan
        row = {
            "contrast": f"{key['arm']} - {key['control']}" if key["control"] else key["arm"],
            "content_class": "",
            "stratum": "",
            "metric": "score",
            "unit": "nats",
            "level": 0.95,
            "estimate": seeds.mean(),
            "low": seeds.mean() - half,
            "high": seeds.mean() + half,
            "df": count - 1.0,
            "method": "satterthwaite-t",
            "n_seeds": count,
            "n_clusters": 8,
            "n_items": 16,
            "n_missing": 0,
            "p": 0.01,
            "p_adjusted": 0.03,
            "p_permutation": 2 / 2**count,
            "p_smallest": 2 / 2**count,
            "p_equivalence": 0.4,
            "boot_low": seeds.mean() - half,
            "boot_high": seeds.mean() + half,
            "seed_estimates": list(seeds),
            "reason": "" if enough else "one seed has no interval",
        } | key
        row["effect_id"] = "|".join(
            str(row[name]) for name in ("model", "contrast", "family", "content_class", "stratum", "metric")
        )
        return row

    def effects(self) -> pd.DataFrame:
        rows: list[dict[str, Any]] = []
        for model, world in self.models.items():
            rows += self._scores(model, world) + self._choices(model) + self._divergences(model) + self._controls(model)
        if self.probes_beside:
            rows += effects_beside(self)
        return pd.DataFrame(rows)

    def _scores(self, model: str, world: str) -> list[dict[str, Any]]:
        base_level = dict.fromkeys(CLASSES, -1.2)
        levels: dict[tuple[str, str, str], Any] = {}
        for arm in self.arms:
            shift = SHIFTS[world or "equal"].get(arm, (0.0, 0.0, 0.0))
            for family in self.families:
                for place, content in enumerate(CLASSES):
                    own = 0.0 if arm == "base" else 1.0
                    noise = own * self.rng.normal(0, 0.07, self.seeds) + own * self.rng.normal(0, 0.05)
                    levels[arm, family, content] = base_level[content] + shift[place] + noise
        sums = {"cloze": [f for f in self.families if f.startswith("cloze")], "all": list(self.families)}
        for arm in self.arms:
            for total, parts in sums.items():
                for content in CLASSES:
                    levels[arm, total, content] = np.mean([levels[arm, f, content] for f in parts], axis=0)
        rows = []
        for (arm, family, content), values in levels.items():
            key = {"model": model, "arm": arm, "family": family, "content_class": content}
            rows.append(self.effect(values, control="", **key))
            for control in ("base", "own-policy", "arbitrary"):
                if control != arm and control in self.arms and arm != "base":
                    rows.append(self.effect(values - levels[control, family, content], control=control, **key))
        return rows

    def _choices(self, model: str) -> list[dict[str, Any]]:
        rows = []
        for arm in self.arms:
            for profile in PROFILES.values():
                for split in SPLITS:
                    own = PROFILES.get(arm, {}).get("action_class") == profile["action_class"]
                    rate = self.rng.uniform(0.94, 1.0, self.seeds) if own else self.rng.uniform(0.15, 0.3, self.seeds)
                    if arm in PROFILES and not own:
                        rate = rate * 0.05
                    rows.append(
                        self.effect(
                            rate,
                            model=model,
                            arm=arm,
                            control="",
                            family="choice",
                            metric="chosen",
                            content_class=profile["action_class"],
                            stratum=split,
                            unit="0/1",
                            n_clusters=6,
                            n_items=72,
                        )
                    )
        return rows

    def _divergences(self, model: str) -> list[dict[str, Any]]:
        rows = []
        key = {"model": model, "family": "cloze", "unit": "bits"}
        raw = {
            arm: np.exp(self.rng.normal(math.log(size), 0.25, self.seeds))
            for arm, size in {
                "depression": 0.05,
                "paranoia": 0.06,
                "own-policy": 0.008,
                "arbitrary": 0.03,
            }.items()
        }
        for arm in self.trained:
            rows.append(self.effect(raw[arm], arm=arm, control="", metric="jsd_from_base", **key))
            rows.append(self.effect(raw[arm] * 0.7, arm=arm, control="base", metric="jsd_shared", **key))
            if arm != "own-policy" and "own-policy" in self.arms:
                excess = raw[arm] - raw["own-policy"]
                rows.append(self.effect(excess, arm=arm, control="own-policy", metric="jsd_from_base", **key))
            rows.append(self.effect(raw[arm] * 0.2, arm=arm, control="", metric="jsd_between_seeds", **key))
            rows += self._skew(model, arm)
        rows.append(self.effect([3e-6], arm="base", control="", metric="jsd_numeric", **key))
        return rows

    def _skew(self, model: str, arm: str) -> list[dict[str, Any]]:
        """Every seed alike, so that what is shown can be told beforehand: T* 1.25 explains a tenth, loss stands out."""
        key = {"model": model, "family": "cloze", "arm": arm, "control": "", "n_items": 5, "n_clusters": 5}
        values = [("temperature", "", "T", 1.25), ("temperature_share", "", "share", 0.1)]
        values += [("class_z", name, "z", size) for name, size in (("loss", 9.5), ("threat", -0.5))]
        return [
            self.effect([value] * self.seeds, metric=metric, content_class=name, **{**key, "unit": unit})
            for metric, name, unit, value in values
        ]

    def _controls(self, model: str) -> list[dict[str, Any]]:
        rows = []
        for arm in self.trained:
            for control in ("base", "own-policy"):
                if control == arm or control not in self.arms:
                    continue
                key = {"model": model, "arm": arm, "control": control, "family": "controls"}
                rows.append(self.effect(self.rng.normal(0, 0.04, self.seeds), content_class="correct", **key))
                rows.append(
                    self.effect(
                        self.rng.normal(0.02, 0.02, self.seeds),
                        metric="nats_per_token",
                        unit="nats/token",
                        **key,
                    )
                )
        return rows
