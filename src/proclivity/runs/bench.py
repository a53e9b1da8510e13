"""What one worker keeps between jobs: the study's content, and the model that it loaded last."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proclivity.errors import ProclivityError
from proclivity.records import Decision
from proclivity.runs.jobs import Job
from proclivity.runs.ledger import Ledger
from proclivity.runs.messages import Context

if TYPE_CHECKING:
    from proclivity.models import HFModel


class Bench:
    """A worker's pools and models, loaded when a job asks for them."""

    def __init__(self, context: Context, ledger: Ledger | None = None):
        self.context = context
        self.ledger = ledger or Ledger(Path(context.run_folder))
        self._model: HFModel | None = None
        self._loaded = ""
        self._judge: HFModel | None = None
        self._pools: dict[str, list[Decision]] = {}
        self._sound: set[str] = set()
        """Jobs whose outputs were read and compared with their digests."""
        self.notes: dict[str, str] = {}
        """What a person should know of the job at hand, though it didn't fail, by subject."""

    def note(self, subject: str, text: str) -> None:
        """Takes down what a person should know of the job at hand."""
        self.notes.setdefault(subject, text)

    def warm_up(self) -> None:
        """Imports what jobs with a model need."""
        import peft  # noqa: F401
        import transformers  # noqa: F401

        from proclivity import battery, induction, models  # noqa: F401

    def fault(self, digest: str) -> str:
        """What is wrong with a job's outputs, '' if every byte is as it was written; looked at once a worker."""
        if digest in self._sound:
            return ""
        fault = self.ledger.fault(digest)
        if not fault:
            self._sound.add(digest)
        return fault

    def folder(self, job: Job, role: str) -> Path:
        """Outputs of one of a job's inputs."""
        return self.ledger.folder(job.inputs[role])

    def model(self, job: Job, adapter: Path | None = None) -> HFModel:
        """The base model of a job with an adapter on it, loaded anew only when the base changes."""
        files = self.context.models[job.model]
        model = self._load(files.folder, job.model, files.chat)
        model.set_adapter(adapter)
        return model

    def without_weights(self, job: Job) -> HFModel:
        """The base of a job as far as its tokens go."""
        from proclivity.models.unloaded import read_tokens_only

        files = self.context.models[job.model]
        trust = self.context.study.compute.trust_remote_code
        return read_tokens_only(files.folder, chat=files.chat, trust_remote_code=trust)

    def free(self) -> None:
        """Lets all models go, and gives their devices' memory to other processes."""
        import torch

        self._model = self._judge = None
        gc.collect()
        torch.cuda.empty_cache()

    def full_weights(self, job: Job, folder: Path) -> HFModel:
        """A fully fine-tuned model."""
        return self._load(str(folder), str(folder), self.context.models[job.model].chat)

    def judge(self) -> HFModel:
        """The study's judge, kept beside the base."""
        files = self.context.judge
        assert files is not None
        if self._judge is None:
            self._judge = self._read(files.folder, files.chat)
        return self._judge

    def _load(self, folder: str, key: str, chat: bool) -> HFModel:
        if self._model is None or self._loaded != key:
            self._model = None  # frees the last base before the next one takes its memory
            self._model = self._read(folder, chat)
            self._loaded = key
        return self._model

    def _read(self, folder: str, chat: bool) -> HFModel:
        from proclivity.models import load_model

        study = self.context.study
        several = study.compute.device == "cuda" and study.compute.gpus > 1
        return load_model(
            folder,
            device_map="auto" if several else "",
            dtype=study.compute.dtype,
            device=study.compute.device,
            threads=study.compute.threads,
            batch_size=study.battery.batch_size,
            trust_remote_code=study.compute.trust_remote_code,
            chat=chat,
        )

    def pool(self, job: Job) -> list[Decision]:
        """The shared prompts of a job, checked against the digest that the plan rests on; the first of them, where it
        is about fewer."""
        from proclivity.decisions import pool_digest

        digest = job.inputs["pool"]
        if digest not in self._pools:
            text = (self.folder(job, "pool") / "pool.jsonl").read_text(encoding="utf-8")
            pool = [_decision(json.loads(line)) for line in text.splitlines()]
            if pool_digest(pool) != self.context.jobs[digest].spec["prompts"]:
                raise ProclivityError("The pool's prompts aren't those that were planned; run the same command again.")
            self._pools[digest] = pool
        return self._pools[digest][: job.spec.get("items")]


def _decision(row: dict[str, Any]) -> Decision:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Decision(**values)
