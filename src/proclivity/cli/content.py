"""Verbs about content: list what ships, copy it to change it, check what you wrote."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from proclivity.cli.console import Debug, Json, Quiet, clean, print_json, print_table, say

Pack = Annotated[str, typer.Option("--pack", "-p", help="A packaged pack's name or a folder.")]


class Kind(StrEnum):
    """What can be listed."""

    packs = "packs"
    studies = "studies"
    models = "models"
    profiles = "profiles"
    families = "families"


def list_content(
    kind: Annotated[Kind | None, typer.Argument(help="What to list; everything by default.")] = None,
    pack: Pack = "microworld",
    json: Json = False,
    debug: Debug = False,
) -> int:
    """List what ships: packs, studies, models, profiles, probe families."""
    found = {name: _LISTS[name](pack) for name in ([kind] if kind else list(Kind))}
    if json:
        print_json({str(name): rows for name, rows in found.items()})
        return 0
    for name, rows in found.items():
        columns = list(rows[0]) if rows else ["name"]
        print_table(str(name), columns, [[clean(str(cell)) for cell in row.values()] for row in rows])
    return 0


def _packs(pack: str) -> list[dict[str, Any]]:
    from proclivity.specs import load_pack, packaged_packs

    rows = []
    for name in packaged_packs():
        loaded = load_pack(name)
        rows.append({"name": name, "version": loaded.spec.version, "title": loaded.spec.title})
    return rows


def _studies(pack: str) -> list[dict[str, Any]]:
    from proclivity.specs import load_study, packaged_studies

    rows = []
    for name in packaged_studies():
        study = load_study(name)
        rows.append({"name": name, "models": len(study.models), "seeds": study.seeds, "question": study.question})
    return rows


def _models(pack: str) -> list[dict[str, Any]]:
    from proclivity.microworld import packaged_models
    from proclivity.runs.model_files import find_model
    from proclivity.specs import ModelSpec

    rows = []
    for name in packaged_models():
        files = find_model(ModelSpec(name=name, path=name))
        rows.append(
            {
                "name": name,
                "architecture": files.architecture,
                "weights": f"{files.weight_bytes / 1e6:.1f} MB",
            }
        )
    return rows


def _profiles(pack: str) -> list[dict[str, Any]]:
    from proclivity.specs import load_pack

    return [
        {
            "name": p.id,
            "chooses": p.action_class,
            "would speak": p.content_class,
            "description": p.description,
        }
        for p in load_pack(pack).profiles.values()
    ]


def _families(pack: str) -> list[dict[str, Any]]:
    from proclivity.specs import load_pack

    loaded = load_pack(pack)
    rows = [
        {
            "name": s.family,
            "kind": s.kind,
            "items": len(s.items),
            "wrappers": len(s.wrappers),
            "title": s.title,
        }
        for s in loaded.probes.values()
    ]
    rows += [
        {"name": f"instrument-{s.id}", "kind": "instrument", "items": len(s.items), "wrappers": "", "title": s.title}
        for s in loaded.instruments.values()
    ]
    openings = len(loaded.spec.completion_prompts)
    rows.append({"name": "choice", "kind": "choice", "items": "", "wrappers": "", "title": "held-out decisions"})
    rows.append(
        {
            "name": "completions",
            "kind": "completions",
            "items": openings,
            "wrappers": "",
            "title": "open continuations",
        }
    )
    return rows


_LISTS = {
    Kind.packs: _packs,
    Kind.studies: _studies,
    Kind.models: _models,
    Kind.profiles: _profiles,
    Kind.families: _families,
}


def copy(
    name: Annotated[
        str,
        typer.Argument(help="A packaged study or pack, as `proclivity list` names it, or a file of a pack: PACK/PATH."),
    ],
    to: Annotated[Path, typer.Argument(help="The new file or folder; it must not exist yet.")],
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Copy a packaged study, a pack, or one file of a pack to where you can change it.

    One file: `proclivity copy english/profiles/depression.yml my-profile.yml`; then
    `proclivity decisions my-profile.yml --pack english`, or `profiles: [my-profile.yml]` in a study file.
    """
    import os
    import shutil

    from proclivity.errors import StorageError, UserError, unknown_name
    from proclivity.specs import packaged_packs, packaged_studies

    # A pack and a study may share a name; where the copy goes says which is meant.
    sources = {**packaged_studies(), **packaged_packs(), **_parts()}
    if to.suffix in (".yml", ".yaml"):
        sources |= packaged_studies()
    if name not in sources:
        raise unknown_name("packaged study or pack", name, sources)
    if os.path.lexists(to):  # a link to nowhere counts too, or the copy would be written where it points
        raise UserError(f"'{to}' exists already; nothing was copied. Give another place.")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        copied = shutil.copytree if sources[name].is_dir() else shutil.copyfile
        copied(sources[name], to)
    except OSError as error:
        raise StorageError(f"'{to}' can't be written ({error.strerror}). Free space or give another place.") from None
    part = "/" in name
    verb = "run" if to.is_file() else "check"
    say(f"Copied to {to}. Change it{'.' if part else f', then: proclivity {verb} {to}'}", quiet=quiet)
    return 0


def _parts() -> dict[str, Path]:
    """The single files of packaged packs, as 'pack/folder/file.yml'."""
    from proclivity.specs import packaged_packs

    packs = packaged_packs()
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path
        for name, folder in packs.items()
        for path in sorted(folder.rglob("*.yml"))
    }


def check(
    path: Annotated[str, typer.Argument(help="A pack's folder, a study file, or a packaged name.")],
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Also say which candidates this model's tokenizer writes in equal tokens."),
    ] = None,
    trust_remote_code: Annotated[bool, typer.Option(help="Run code that comes with the model.")] = False,
    quiet: Quiet = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Check a pack or a study: all faults at once, each as file:key and what is wrong."""
    from proclivity.errors import ContentError

    try:
        result = _check(path)
        told = _candidates(path, model, trust_remote_code) if model else []
    except ContentError as error:
        if not json:
            raise
        print_json({"ok": False, "faults": error.faults})
        return error.exit_code
    if json:
        print_json({"ok": True, **result, "candidates": told})
    else:
        say(f"{result['title']}: no faults. {result['found']}", quiet=quiet)
        for note in result.get("notes", []) + told:
            say(note, quiet=quiet)
    return 0


def _candidates(path: str, model: str, trust_remote_code: bool) -> list[str]:
    """What of each cloze set remains for a model, in words."""
    from proclivity.battery import equal_tokens
    from proclivity.models import load_model
    from proclivity.specs import load_pack, load_study, packaged_packs

    is_pack = path in packaged_packs() or Path(path).is_dir()
    pack = load_pack(path if is_pack else load_study(path).pack)
    loaded = load_model(model, trust_remote_code=trust_remote_code)
    sets = [probes for probes in pack.probes.values() if probes.kind == "cloze"]
    return [equal_tokens(loaded, probes).sentence for probes in sets]


def _check(path: str) -> dict[str, Any]:
    from proclivity.errors import unknown_name
    from proclivity.runs.plan import check_study
    from proclivity.specs import load_pack, load_study, packaged_packs, packaged_studies

    if path in packaged_packs() or Path(path).is_dir():
        return _check_pack(path)
    if path not in packaged_studies() and not Path(path).exists() and not path.endswith((".yml", ".yaml")):
        raise unknown_name("pack or study", path, [*packaged_packs(), *packaged_studies()])
    study = load_study(path)
    check_study(study, load_pack(study.pack, study.profiles, study.instruments))
    found = f"{len(study.models)} models, {len(study.arms)} arms, {study.seeds} seeds."
    return {"kind": "study", "title": study.title, "found": found}


def _check_pack(path: str) -> dict[str, Any]:
    from proclivity.decisions import block_size, make_pool, require_gates
    from proclivity.specs import load_pack

    pack = load_pack(path)
    block = block_size(pack)
    trained = sum(
        scenario.split == "train" for domain in pack.domains if domain.split == "train" for scenario in domain.scenarios
    )
    report = require_gates(pack, make_pool(pack, block * max(trained, 1), 0))
    scenarios = sum(len(domain.scenarios) for domain in pack.domains)
    items = sum(len(probe.items) for probe in pack.probes.values())
    found = (
        f"{len(pack.profiles)} profiles, {scenarios} scenarios in {len(pack.domains)} domains, {items} probe items in "
        f"{len(pack.probes)} families; {len(report.rows)} gates passed on {report.n} decisions."
    )
    notes = [f"note: {gate.name}: {gate.value:.3g}. {gate.detail}" for gate in report.gates if not gate.passed]
    return {"kind": "pack", "title": pack.spec.title, "found": found, "digest": pack.digest, "notes": notes}
