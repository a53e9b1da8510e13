"""Verbs that look: the same prompt through several arms, in a terminal or a page, and what this machine can run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from proclivity.cli.console import Debug, Json, Quiet, clean, print_json, print_table, say


def complete(
    prompt: Annotated[str, typer.Argument(help="The beginning that every arm continues.")],
    run: Annotated[Path, typer.Option("--run", "-r", help="The folder of a study.")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A model of the study; the first by default.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Which training seed's adapters.")] = 0,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Continuations an arm.")] = 1,
    tokens: Annotated[int, typer.Option("--tokens", min=1, help="New tokens at most.")] = 24,
    sample_seed: Annotated[int, typer.Option("--sample-seed", min=0, help="Seed of the sampling.")] = 0,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Continue one prompt under every arm of a study, side by side."""
    from proclivity.runs.side_by_side import complete_side_by_side

    rows = complete_side_by_side(
        prompt, run, model=model, seed=seed, samples=samples, tokens=tokens, sample_seed=sample_seed
    )
    if json:
        print_json(rows)
        return 0
    table = [(row["arm"], clean(text)) for row in rows for text in row["texts"]]
    table += [(row["arm"], f"{row['flagged']} not shown: they mention self-harm") for row in rows if row["flagged"]]
    print_table(clean(f"{rows[0]['model']}: {prompt} …"), ["arm", "continuation"], table)
    return 0


def explore(
    run: Annotated[Path, typer.Argument(help="The folder of a study.")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="The model to begin with; the study's first by default.")
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port on this machine; 0 takes any that is free.")
    ] = 8321,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The training seed to begin with.")] = 0,
    device: Annotated[
        str, typer.Option("--device", help="Where to compute, for example cpu; the study's own by default.")
    ] = "",
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Ask every arm of a finished study yourself, on a page that this machine alone can see.

    Type the beginning of a sentence: each arm goes on with it, greedily and by seeded samples, beside its next words,
    the base's, and how far the two are apart. Nothing is written, and nothing leaves this machine. Ctrl-C ends it.
    """
    import os
    import signal

    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # a prompt that is too long is told in the page
    from proclivity.playground.desk import Desk
    from proclivity.playground.server import Playground

    server = Playground(Desk(run, model=model, seed=seed, device=device), port, debug=debug)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job has the first switched off
        signal.signal(number, signal.default_int_handler)
    say(server.address if quiet else f"{server.address} shows {clean(str(run))}. Ctrl-C ends it.")
    if open_page:
        _open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.close()
        say("Ended.", quiet=quiet)
    return 0


def _open(address: str) -> None:
    """Shows an address in a browser, where there is a screen for one."""
    import os
    import sys
    import webbrowser

    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(address)


def doctor(quiet: Quiet = False, json: Json = False, debug: Debug = False) -> int:
    """Say what this machine can run, and what to install for the rest."""
    rows = [*_machine(), *_libraries(), *_content()]
    ok = all(row["ok"] for row in rows)
    if json:
        print_json({"ok": ok, "checks": rows})
        return 0 if ok else 1
    print_table(
        "",
        ["", "check", "found"],
        [("ok" if row["ok"] else "!!", row["check"], row["found"]) for row in rows],
    )
    say("All is well. Begin with: proclivity demo" if ok else "Mend what is marked !! first.", quiet=quiet)
    return 0 if ok else 1


def _row(check: str, found: str, ok: bool = True) -> dict[str, Any]:
    return {"check": check, "found": found, "ok": ok}


def _machine() -> list[dict[str, Any]]:
    import os
    import platform
    import shutil
    import sys

    from proclivity.runs.manifest import cpu_name
    from proclivity.runs.processes import worker_count
    from proclivity.runs.progress import size

    rows = [_row("Python", platform.python_version(), sys.version_info >= (3, 11))]
    rows.append(_row("processor", f"{cpu_name()}, {worker_count(0, 1)} cores to use"))
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        enough = memory > 2e9
        rows.append(_row("memory", size(memory) + ("" if enough else ": use --workers 1"), enough))
    free = shutil.disk_usage(".").free
    rows.append(_row("room on this disk", size(free) + ("" if free > 2e9 else ": the demo needs 2 GB"), free > 2e9))
    return rows


def _libraries() -> list[dict[str, Any]]:
    from importlib import import_module, metadata

    rows = []
    for name in ("torch", "transformers", "peft", "pandas", "pyarrow", "scipy", "statsmodels", "jinja2"):
        try:
            import_module(name)
            rows.append(_row(name, metadata.version(name)))
        except Exception as error:  # a broken installation fails in many ways
            text = f"{type(error).__name__}: {error}"
            rows.append(_row(name, f"{text.splitlines()[0]}; pip install {name}", ok=False))
    rows.append(_row("devices", _devices()))
    return rows


def _devices() -> str:
    try:
        import torch
    except Exception:  # told by the library's own row
        return "none"
    found = ["cpu"]
    found += [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return ", ".join(found)


def _content() -> list[dict[str, Any]]:
    from proclivity.errors import ProclivityError
    from proclivity.microworld import packaged_models
    from proclivity.runs.study import plan_study
    from proclivity.specs import load_pack, load_study, packaged_packs

    rows = []
    for name in packaged_packs():
        try:
            rows.append(_row(f"pack {name}", load_pack(name).spec.version))
        except ProclivityError as error:
            rows.append(_row(f"pack {name}", str(error).splitlines()[0], ok=False))
    names = ", ".join(packaged_models())
    rows.append(_row("packaged models", names or "none: install the package anew", bool(names)))
    try:
        rows.append(_row("study demo", f"{len(plan_study(load_study('demo')).by_digest)} jobs"))
    except ProclivityError as error:
        rows.append(_row("study demo", str(error).splitlines()[0], ok=False))
    return rows
