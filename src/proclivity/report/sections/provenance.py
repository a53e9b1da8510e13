"""How the study was run, and how to run it again."""

from __future__ import annotations

from typing import Any

from proclivity.report import registration, words
from proclivity.report.load import Results
from proclivity.report.section import Section, Table

HIDDEN = {"profiles", "command", "finished", "seal"}
"""Said elsewhere on the page, or not known while the page is written."""


def section(results: Results) -> Section:
    """The study's settings and the manifest, flattened."""
    manifest = results.manifest
    return Section(
        id="provenance",
        title="How it was run",
        short="How it was run",
        template="provenance.html",
        context={
            "command": str(manifest.get("command") or f"proclivity run {results.study.id}"),
            "settings": _settings(results),
            "registered": registration.sentence(results),
            "manifest": _table([(key, value) for key, value in flat(manifest) if key.split(".")[0] not in HIDDEN]),
            "missing": results.missing,
        },
    )


def _settings(results: Results) -> Table:
    study = results.study
    training, battery = study.induction, study.battery
    rows = [
        ("models", ", ".join(f"{model.name} ({model.path})" for model in study.models)),
        ("arms", ", ".join(study.arms)),
        ("training seeds", f"0 to {study.seeds - 1} ({words.plural(study.seeds, 'seed')})"),
        (
            "decisions",
            f"{study.decisions.n:,}, {study.decisions.format} format, pool seed {study.decisions.seed}",
        ),
        ("training", _training(training.model_dump())),
        (
            "measuring",
            f"{', '.join(battery.families) or 'all families of the pack'}; {battery.batch_size} a batch",
        ),
        (
            "completions",
            f"{battery.completion_samples} a prompt and seed, {battery.completion_tokens} new tokens",
        ),
        ("smallest effect of interest", f"{study.analysis.delta:g} nats"),
        ("level of intervals", f"{study.analysis.level:.0%}"),
        (
            "precision",
            f"{study.compute.dtype} on {study.compute.device}, {study.compute.threads} thread a worker",
        ),
        (
            "foreign code",
            "allowed (trust_remote_code)" if study.compute.trust_remote_code else "none was run",
        ),
    ]
    return _table(rows)


def _training(spec: dict[str, Any]) -> str:
    head = (
        f"LoRA, rank {spec['rank']}, alpha {spec['alpha']:g}, {spec['targets']}"
        if spec["method"] == "lora"
        else "all weights"
    )
    return f"{head}; {spec['epochs']} epochs, learning rate {spec['learning_rate']:g}, {spec['batch_size']} a step"


def flat(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Nested settings as dotted names."""
    if isinstance(value, dict):
        return [row for key, inner in value.items() for row in flat(inner, f"{prefix}.{key}" if prefix else str(key))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [row for place, inner in enumerate(value) for row in flat(inner, f"{prefix}.{place}")]
    if isinstance(value, list):
        return [(prefix, ", ".join(map(str, value)) or "–")]
    if prefix.endswith("seconds") and isinstance(value, int | float):
        return [(prefix, f"{value:,.0f} ({value / 60:.1f} minutes)")]
    return [(prefix, "–" if value is None else str(value))]


def _table(rows: list[tuple[str, str]]) -> Table:
    return Table(columns=("what", "value"), rows=tuple(rows))
