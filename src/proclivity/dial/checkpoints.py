"""Which checkpoints are there, which were refused, and which have to be pretrained?

A checkpoint's folder is named by its recipe, its pack and a sample of its documents, so that nothing that was made
otherwise is ever taken for it. Each is pretrained by a process of its own, on one thread, and appears whole or not at
all; what was finished before a run was killed isn't made again.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from proclivity.errors import TrainingError
from proclivity.microworld.build import Recipe
from proclivity.microworld.corpus import documents
from proclivity.microworld.grammar import Grammar, make_grammar
from proclivity.runs.worker import environment
from proclivity.specs import digest_of, load_pack

Say = Callable[[str], None]
SAMPLE = 60
"""Documents that enter a checkpoint's name: code that draws others makes another checkpoint."""


@dataclass(frozen=True)
class Checkpoint:
    """One recipe and what came of it."""

    recipe: Recipe
    folder: Path

    @property
    def refusal(self) -> Path:
        """Where it stands why it wasn't admitted."""
        return self.folder.with_name(self.folder.name + ".refused")

    @property
    def state(self) -> str:
        """'admitted', 'refused', 'trial' (made without a look at its competence) or 'missing'."""
        if (self.folder / "recipe.json").is_file():
            return "admitted" if self.recipe.admit else "trial"
        return "refused" if self.refusal.is_file() else "missing"

    @property
    def usable(self) -> bool:
        """True where it can be taught."""
        return self.state in ("admitted", "trial")

    @property
    def reason(self) -> str:
        """Why it was refused; '' where it wasn't."""
        return self.refusal.read_text(encoding="utf-8").strip() if self.state == "refused" else ""

    def record(self) -> dict[str, Any]:
        """What its build wrote down; empty where it isn't there."""
        if not self.usable:
            return {}
        found: dict[str, Any] = json.loads((self.folder / "recipe.json").read_text(encoding="utf-8"))
        return found


def find_checkpoints(recipes: Mapping[tuple[float, int], Recipe], cache: Path) -> dict[tuple[float, int], Checkpoint]:
    """Every recipe's checkpoint in the cache folder, there or not."""
    grammar = make_grammar(load_pack(next(iter(recipes.values())).pack))
    return {key: Checkpoint(recipe, cache / folder_name(recipe, grammar)) for key, recipe in recipes.items()}


def folder_name(recipe: Recipe, grammar: Grammar) -> str:
    """Name and digest of everything that makes the checkpoint what it is, but for versions of libraries."""
    sample = list(islice(documents(grammar, recipe.coupling, recipe.seed, recipe.schedule.length), SAMPLE))
    digest = digest_of([asdict(recipe), grammar.pack_digest, grammar.world, sample])
    return f"{recipe.name}-seed-{recipe.seed}-{digest[:10]}"


def pretrain_missing(checkpoints: list[Checkpoint], workers: int, say: Say) -> None:
    """Pretrains what is missing, a process a checkpoint and at most `workers` at once.

    Raises:
        TrainingError: if a process ends without a checkpoint or a refusal, after the others are done.
    """
    missing = [checkpoint for checkpoint in checkpoints if checkpoint.state == "missing"]
    running: list[subprocess.Popen[bytes]] = []
    pool = ThreadPoolExecutor(max(1, workers))
    try:
        waiting = [pool.submit(_pretrain, checkpoint, running, say) for checkpoint in missing]
        faults = [fault for done in as_completed(waiting) if (fault := done.result())]
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in running:
            process.kill()
        raise
    pool.shutdown()
    if faults:
        raise TrainingError("; ".join(faults) + ". The other checkpoints are kept; the same command tries again.")


def _pretrain(checkpoint: Checkpoint, running: list[subprocess.Popen[bytes]], say: Say) -> str:
    """Waits for one process and tells what it prints; returns what went wrong, or ''."""
    name = checkpoint.folder.name
    checkpoint.folder.parent.mkdir(parents=True, exist_ok=True)
    code = f"import sys; sys.path[:] = {sys.path!r}; from proclivity.dial.checkpoints import main; main()"
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environment(checkpoint.recipe.threads)},
            start_new_session=True,  # Ctrl-C reaches the dial alone, which ends its processes
        )
        running.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump(checkpoint, process.stdin)
            process.stdin.flush()
        except OSError:
            pass  # it is gone, which its exit code tells
        for line in process.stdout:
            say(f"{name}: {line.decode(errors='replace').rstrip()}")
        process.wait()
        process.stdin.close()
        if process.returncode == 0 and checkpoint.state != "missing":
            return ""
        errors.seek(0)
        last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
    return f"{name} wasn't pretrained (exit code {process.returncode}): {last[0] if last else 'nothing was said'}"


def main() -> None:
    """One process: reads its checkpoint, makes it, and ends at once when the dial is gone."""
    import threading

    checkpoint: Checkpoint = pickle.load(sys.stdin.buffer)  # written by our own parent process

    def watch() -> None:
        sys.stdin.buffer.read()  # returns when the dial has closed the pipe or is gone
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    make(checkpoint, lambda line: print(line, flush=True))
    os._exit(0)  # not by the interpreter's end, which would wait for the watching thread's lock


def make(checkpoint: Checkpoint, say: Say) -> None:
    """Pretrains one checkpoint, or writes down why it wasn't admitted."""
    from proclivity.microworld.build import build
    from proclivity.runs.storage import replace_bytes

    try:
        build(checkpoint.recipe, checkpoint.folder, say)
    except TrainingError as error:
        replace_bytes(checkpoint.refusal, f"{error}\n".encode())
        say(f"refused: {error}")
