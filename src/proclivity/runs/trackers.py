"""How are trainings watched from outside? By any experiment tracker that transformers knows, step by step.

Training is a plain loop, and transformers' callbacks for trackers need no `Trainer`: they take a description of the
training, its state and numbers. That is all they are given here, and never the network; so what is learned can't depend
on who watches. For the same reason this module is none of those that a job's digest rests on.
"""

from __future__ import annotations

import os
import shutil
import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.errors import UserError
from proclivity.runs.jobs import Job
from proclivity.runs.messages import Context
from proclivity.specs import InductionSpec

if TYPE_CHECKING:
    from proclivity.induction.train import Progress

TRACKERS = "trackers"
"""The folder of a run that holds what trackers write; one folder a training lies below."""
Say = Callable[[str, str], None]
"""Told which tracker failed, and all of it in a sentence or two."""

_LEFT_OPEN = {
    "wandb": ("wandb", "run", "finish"),
    "swanlab": ("swanlab", "get_run", "finish"),
    "comet_ml": ("comet_ml", "get_running_experiment", "end"),
}
"""Trackers that have one run open a process, which their callback doesn't end: the next training's curve would go on
where this one's stops. Each with its module, what tells the open run, and what ends it."""


@dataclass(frozen=True)
class Watched:
    """One training, as trackers are told of it."""

    name: str
    """Model, arm and seed, as a path: 'llama-equal/paranoia/seed-0'."""
    spec: InductionSpec
    seed: int
    folder: Path
    """Where trackers that write files write them: in a folder below it that bears the name and is made anew."""

    @property
    def own_folder(self) -> Path:
        """The folder of this training alone."""
        return self.folder / self.name


def watched(job: Job, seed: int, context: Context) -> Watched:
    """One seed's training as trackers are told of it; it has the name of its adapter."""
    name = "/".join(filter(None, (job.model, job.arm, job.point, f"seed-{seed}")))
    spec = InductionSpec.model_validate(job.spec["induction"])
    return Watched(name, spec, seed, Path(context.run_folder) / TRACKERS)


def _warn(name: str, text: str) -> None:
    warnings.warn(text, stacklevel=2)


def find_trackers(asked: Sequence[str]) -> tuple[str, ...]:
    """The trackers that are meant, after each was tried.

    Args:
        asked: names in transformers' words, each one or several with commas between; 'all' is all that are installed,
            'none' is none.

    Raises:
        UserError: for names that transformers doesn't know and trackers that can't be used here, all at once.
    """
    names = list(dict.fromkeys(name.strip() for text in asked for name in text.split(",") if name.strip()))
    if not names:
        return ()
    from transformers.integrations import get_available_reporting_integrations
    from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK as KNOWN

    if "all" in names:
        names += get_available_reporting_integrations()
    names = [name for name in dict.fromkeys(names) if name not in ("all", "none")]
    faults = [fault for name in names if (fault := _fault(name, KNOWN))]
    if faults:
        raise UserError(
            "Training curves can't be reported as asked (--report-to):\n"
            + "\n".join(f"  {fault}" for fault in faults)
            + "\nInstall what is missing, or leave the name out; losses are kept with every adapter anyway."
        )
    return tuple(names)


def _fault(name: str, known: Mapping[str, Callable[[], Any]]) -> str:
    if name not in known:
        return f"{name}: transformers knows no such tracker; expected one of {', '.join(sorted(known))}, all, none"
    try:
        known[name]()
    except Exception as error:  # libraries of others, each with errors of its own
        return f"{name}: {_in_a_line(error)}"
    return ""


@contextmanager
def tracked(trackers: Sequence[str], training: Watched, say: Say = _warn) -> Iterator[Progress | None]:
    """Reports a training to trackers; a tracker that fails is left out from there on, and nothing else.

    Args:
        trackers: names from `find_trackers`.
        training: which one.
        say: told of a tracker that fails.

    Yields:
        What `induce` takes as `progress`; None where there are no trackers.
    """
    if not trackers:
        yield None
        return
    from proclivity.induction.step import learning_rate

    shutil.rmtree(training.own_folder, ignore_errors=True)  # an earlier attempt's curve would lie under this one's
    told = [_Tracker(name, training, say) for name in trackers]

    def progress(step: int, steps: int, loss: float) -> None:
        rate = learning_rate(training.spec, steps).at(step - 1)
        for tracker in told:
            tracker.log(step, steps, {"loss": loss, "learning_rate": rate})

    with ExitStack() as ends:
        for tracker in told:
            ends.callback(tracker.end)
            tracker.begin()
        yield progress


def send_curve(trackers: Sequence[str], training: Watched, curve: Sequence[float], say: Say = _warn) -> None:
    """Reports a training that is over: of several adapters at once, or in other processes.

    Args:
        curve: mean loss of each step, nats.
    """
    with tracked(trackers, training, say) as progress:
        for step, loss in enumerate(curve if progress else (), start=1):
            assert progress is not None
            progress(step, len(curve), loss)


class _Tracker:
    """One tracker's callback, which no longer is told anything once it failed."""

    def __init__(self, name: str, training: Watched, say: Say):
        self._name = name
        self._training = training
        self._say = say
        self._ours = False
        self._callback: Any = None
        self._arguments: tuple[Any, ...] = ()

    def begin(self) -> None:
        with self._guarded():
            self._ours = self._open_run() is None
            self._callback, self._arguments = _callback(self._name, self._training), _arguments(self._training)
            self._tell("on_init_end")
            self._tell("on_train_begin")

    def log(self, step: int, steps: int, numbers: dict[str, float]) -> None:
        if self._callback is None:
            return
        with self._guarded():
            state = self._arguments[1]
            state.global_step, state.max_steps = step, steps
            state.epoch = self._training.spec.epochs * step / steps
            self._tell("on_log", logs=numbers)

    def end(self) -> None:
        if self._callback is not None:
            with self._guarded():
                self._tell("on_train_end")
        self._callback = None
        if self._ours:
            with self._guarded():
                if self._open_run() is not None:
                    module, _, end = _LEFT_OPEN[self._name]
                    getattr(import_module(module), end)()

    def _open_run(self) -> Any:
        """The run that the tracker has open in this process; None where there is none, or it ends runs by itself."""
        if self._name not in _LEFT_OPEN:
            return None
        module, run, _ = _LEFT_OPEN[self._name]
        found = getattr(import_module(module), run)
        return found() if callable(found) else found

    def _tell(self, event: str, **more: Any) -> None:
        getattr(self._callback, event)(*self._arguments, model=None, processing_class=None, **more)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # a network, a full disk, a library of others: no reason to lose a training
            self._callback = None
            self._say(
                self._name,
                f"Tracker '{self._name}' failed ({_in_a_line(error)}). Training goes on without it; each adapter's "
                f"losses are kept in its checkpoint.json.",
            )


def _callback(name: str, training: Watched) -> Any:
    """Transformers' callback of a tracker, with a folder of this training's own."""
    from transformers.integrations import get_reporting_integration_callbacks

    training.own_folder.mkdir(parents=True, exist_ok=True)
    key = "TENSORBOARD_LOGGING_DIR"
    before = os.environ.get(key)
    os.environ[key] = str(Path(before) / training.name if before else training.own_folder)
    try:
        return get_reporting_integration_callbacks([name])[0]()
    finally:
        os.environ.pop(key)
        os.environ.update({key: before} if before is not None else {})


def _arguments(training: Watched) -> tuple[Any, ...]:
    """What each event of a callback is told: the recipe in transformers' words, a state, a control."""
    import torch
    from transformers import TrainerControl, TrainerState, TrainingArguments

    class Recipe(TrainingArguments):
        """Looks for no devices and joins no other processes, as a trainer's arguments would by being made."""

        distributed_state = None
        _n_gpu = 0
        _setup_devices = torch.device("cpu")

    spec = training.spec
    recipe = Recipe(
        output_dir=os.path.relpath(training.own_folder),  # trackers keep it: no machine's folders in it
        run_name=training.name,
        seed=training.seed,
        learning_rate=spec.learning_rate,
        per_device_train_batch_size=spec.batch_size,
        num_train_epochs=spec.epochs,
        weight_decay=spec.weight_decay,
        warmup_steps=spec.warmup,
        lr_scheduler_type=spec.schedule,
        max_grad_norm=spec.clip,
        logging_steps=1,
        report_to=[],
    )
    return recipe, TrainerState(), TrainerControl()


def _in_a_line(error: Exception) -> str:
    return textwrap.shorten(str(error), 300, placeholder=" …") or type(error).__name__
