"""Who answers a question? The study's models, one at a time, behind one lock."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proclivity.errors import ProclivityError, UserError, unknown_name
from proclivity.playground.question import MOST_TOKENS, Question
from proclivity.report import words
from proclivity.runs.asked_arms import AskedArms, seed_nearest
from proclivity.specs import fill
from proclivity.specs.arm_names import CONTROLS

BASE = "base"
KEPT = 8
"""Prompts whose base distribution is kept, so that it is computed once for all arms."""
EXAMPLES = 5
TONES = {"arbitrary": "arbitrary", "own-policy": "own", BASE: "base"}


class Desk:
    """Takes questions from several threads and lets one be computed at a time."""

    def __init__(self, folder: Path, *, model: str | None = None, seed: int = 0, device: str = ""):
        """
        Args:
            folder: a study's folder.
            model: the model that the page begins with; the study's first where None.
            seed: the training seed that it begins with.
            device: where to compute; '' for the study's own.

        Raises:
            UserError: for a folder without a study, an unknown model or seed, or a study without a finished arm.
        """
        self._arms = AskedArms(folder, device)
        self._study, self._pack = self._arms.plan.study, self._arms.plan.pack
        self._first, self._seed = self._arms.model_name(model), seed
        self._base: OrderedDict[tuple[str, str], NDArray[np.float64]] = OrderedDict()
        self._lock = threading.Lock()
        """Held while a model computes."""
        self._closed = False
        if seed >= self._study.seeds:
            raise UserError(f"There is no training seed {seed}; this study has 0 to {self._study.seeds - 1}.")
        if len(self._arms.seeds(self._first)) < 2:
            raise UserError(
                f"No arm of '{self._first}' in {folder} is finished, so the base would have nobody beside it. Run "
                f"`proclivity run {folder / 'study.yml'} --out {folder}` first."
            )

    def about(self) -> dict[str, Any]:
        """What the page says of the study: its title, models with their arms, seeds, and prompts to begin with."""
        prompts = [fill(text, self._pack.spec.narrator) for text in self._pack.spec.completion_prompts[:EXAMPLES]]
        return {
            "title": self._study.title,
            "model": self._first,
            "seed": self._seed,
            "seeds": self._study.seeds,
            "most_tokens": MOST_TOKENS,
            "prompts": prompts,
            "models": [{"name": name, "arms": self._described(name)} for name in self._arms.models],
        }

    def ask(self, question: Question) -> dict[str, Any]:
        """One arm's answer: what `answers.written` and `answers.compared` say, with the seed at which it was asked.

        Raises:
            UserError: for a model or arm that isn't there, or a prompt that is too long.
            ProclivityError: if a model can't be loaded or computed.
        """
        seeds = self._arms.seeds(self._arms.model_name(question.model))
        if question.arm not in seeds:
            raise unknown_name("finished arm of this study", question.arm, seeds)
        seed = seed_nearest(seeds[question.arm], question.seed)
        with self._lock:
            if self._closed:
                raise ProclivityError("The playground has ended; start `proclivity explore` again.")
            started = time.monotonic()
            try:
                found = self._answer(question, seed)
            except MemoryError:
                raise ProclivityError("Out of memory. Close other programs, or ask for fewer tokens.") from None
        return {"arm": question.arm, "seed": seed, **found, "seconds": time.monotonic() - started}

    def close(self, patience: float) -> None:
        """Begins no answer any more, and waits some seconds for the one in hand."""
        self._closed = True
        if self._lock.acquire(timeout=patience):
            self._lock.release()

    def _answer(self, question: Question, seed: int) -> dict[str, Any]:
        from proclivity.playground.answers import compared, require_fit, written

        prompt = question.beginning
        base = self._base_log_probs(question)
        model = self._arms.ready(question.model, question.arm, seed)
        require_fit(model, prompt, question.tokens)
        after = base if question.arm == BASE else model.next_token_log_probs([prompt])[0]  # (V,)
        numbers = compared(base, after, model.vocabulary(), prompt)
        options = {"samples": question.samples, "tokens": question.tokens, "seed": question.sample_seed}
        return {"texts": written(model, prompt, **options), **numbers}

    def _base_log_probs(self, question: Question) -> NDArray[np.float64]:
        """log p of the base's next token, [V], natural."""
        from proclivity.playground.answers import require_fit

        key = (question.model, question.beginning)
        if key not in self._base:
            base = self._arms.ready(question.model, BASE, -1)
            require_fit(base, question.beginning, question.tokens)
            self._base[key] = base.next_token_log_probs([question.beginning])[0]
            while len(self._base) > KEPT:
                self._base.popitem(last=False)
        self._base.move_to_end(key)
        return self._base[key]

    def _described(self, model: str) -> list[dict[str, Any]]:
        """Every arm of a model: how it is called, what was done to it, its colour, and whether it always stays."""
        profiles = [arm for arm in self._study.arms if arm in self._pack.profiles]
        external = {row.arm: row.kind for row in self._study.external}
        found = []
        for arm, seeds in self._arms.seeds(model).items():
            profile = self._pack.profiles.get(arm)
            tone = f"a{profiles.index(arm) % 4 + 1}" if profile else TONES.get(arm, "other")
            found.append(
                {
                    "arm": arm,
                    "title": profile.title if profile else words.arm(arm),
                    "meaning": f"taught to choose {profile.action_class}"
                    if profile
                    else words.arm_meaning(arm, external),
                    "tone": tone,
                    "always": arm in CONTROLS,
                    "seeds": list(seeds),
                }
            )
        return found
