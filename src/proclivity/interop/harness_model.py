"""What do lm-evaluation-harness's tasks say of a model as this package reads it?

A model of the harness, `proclivity`: any model and adapter that `load_model` loads, scored by this package's scorer
after its one token boundary. Its numbers are those of the harness's `hf` model wherever the two cut alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM
from lm_eval.api.registry import register_model
from lm_eval.models.utils import postprocess_generated_text
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

from proclivity.errors import UserError
from proclivity.models import load_model
from proclivity.models.boundary import Encoded
from proclivity.models.sampling import sample_continuations

WINDOW = 2048
"""Tokens of the longest text, where the model names no bound of its own; as in the harness."""
NUMBERS_AT_ONCE = 2**23
"""Log probabilities that stand at once, as a number of numbers: 64 MiB."""
TOKENS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""The harness's words for the longest new text, the first that is there counts."""


@register_model("proclivity")
class ProclivityLM(TemplateLM):
    """This package's model behind the harness's interface."""

    def __init__(
        self,
        pretrained: str,
        adapter: str | None = None,
        *,
        dtype: str = "float32",
        device: str | None = None,
        device_map: str = "",
        quantization: str = "",
        batch_size: int | str = 64,
        max_batch_size: int | None = None,
        max_gen_toks: int = 256,
        trust_remote_code: bool = False,
        revision: str | None = None,
    ):
        """
        Args:
            pretrained: a packaged name, a folder, or a Hugging Face name.
            adapter: folder of a peft adapter on it.
            dtype: 'float32', 'bfloat16' or 'float16'.
            device: 'cpu', 'cuda', 'cuda:1', 'mps'; the harness's command line says 'cuda:0' where nobody said anything,
                so the processor stands in where there is no such device.
            device_map: how accelerate spreads a model over devices.
            quantization: '4bit' or '8bit'.
            batch_size: texts a forward pass; 'auto' means 64.
            max_batch_size: taken from the harness, and of no use here.
            max_gen_toks: new tokens at most where a task names no number.
            trust_remote_code: run code that comes with the model.
            revision: revision of a hub model.
        """
        super().__init__()
        self.model = load_model(
            str(pretrained),
            Path(adapter) if adapter else None,
            dtype=str(dtype),
            device=_device(device),
            batch_size=64 if str(batch_size).startswith("auto") else int(batch_size),
            trust_remote_code=trust_remote_code,
            revision=revision,
            device_map=device_map,
            quantization=quantization,
        )
        self.tokenizer = self.model.tokenizer
        self.max_length = self.model.window or WINDOW
        self.max_gen_toks = max_gen_toks

    @property
    def eot_token_id(self) -> int:
        return int(self.tokenizer.eos_token_id)

    @property
    def prefix_token_id(self) -> int:
        """What stands before a text that follows nothing."""
        start = self.tokenizer.bos_token_id
        return self.eot_token_id if start is None else int(start)

    @property
    def tokenizer_name(self) -> str:
        """For the harness's record of templates."""
        return self.model.name

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
        """Tokens, with the tokenizer's own special tokens unless told otherwise."""
        ids: list[int] = self.tokenizer(string, add_special_tokens=add_special_tokens is not False)["input_ids"]
        return ids

    def apply_chat_template(self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True) -> str:
        """A dialogue as text, by the tokenizer's template; without its beginning-of-text token, which encoding puts."""
        text: str = self.tokenizer.apply_chat_template(
            chat_history,
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            continue_final_message=not add_generation_prompt,
        )
        return text.removeprefix(self.tokenizer.bos_token or "")

    def _encode_pair(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        """Tokens of both, cut at this package's boundary."""
        ids, boundary = self.model.encode(context, continuation)
        return ids[:boundary], ids[boundary:]

    def _loglikelihood_tokens(
        self, requests: Sequence[tuple[Any, list[int], list[int]]], **_: Any
    ) -> list[tuple[float, bool]]:
        """log p of each continuation, nats, and whether it is the greedy text."""
        encoded = [self._kept(context, continuation) for _, context, continuation in requests]
        found: list[tuple[float, bool]] = []
        for part in _parts(encoded, NUMBERS_AT_ONCE // self.model.vocab_size):
            found += self._scored(part)
        for request, answer in zip(requests, found, strict=True):
            if request[0] is not None:
                self.cache_hook.add_partial("loglikelihood", request[0], answer)
        return found

    def _scored(self, encoded: Sequence[Encoded]) -> list[tuple[float, bool]]:
        places = [e.ids[:end] for e in encoded for end in range(e.boundary, len(e.ids))]
        after, values = self.model.scorer.read(places, encoded, self.model.batch_size)  # (n, V)
        likeliest = after.argmax(-1).tolist()
        found, start = [], 0
        for e, own in zip(encoded, values, strict=True):
            found.append((float(own.sum()), likeliest[start : start + len(own)] == list(e.ids[e.boundary :])))
            start += len(own)
        return found

    def _kept(self, context: list[int], continuation: list[int]) -> Encoded:
        """As much as the model reads: what is too long loses its beginning, as in the harness."""
        ids = tuple([*context, *continuation][-(self.max_length + 1) :])
        return Encoded(ids, max(1, len(ids) - len(continuation)), False)

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """log p of whole texts, nats; what is longer than the window is read piece by piece, by the harness's rule."""
        totals = []
        for text in (request.args[0] for request in requests):
            windows = get_rolling_token_windows(
                token_list=self.tok_encode(text),
                prefix_token=self.prefix_token_id,
                max_seq_len=self.max_length,
                context_len=1,
            )
            pieces = [(None, *make_disjoint_window(window)) for window in windows]
            totals.append(sum(log_p for log_p, _ in self._loglikelihood_tokens(pieces)))
            self.cache_hook.add_partial("loglikelihood_rolling", (text,), totals[-1])
        return totals

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """The text of likeliest tokens, up to the first stop; sampling is refused."""
        texts = [""] * len(requests)
        groups: dict[int, list[int]] = {}
        for place, request in enumerate(requests):
            groups.setdefault(self._new_tokens(request.args[1]), []).append(place)
        for tokens, places in groups.items():
            contexts = [self.tok_encode(requests[place].args[0])[-(self.max_length - tokens) :] for place in places]
            for place, written in zip(places, self._greedy(contexts, tokens), strict=True):
                prompt, settings = requests[place].args
                until = settings.get("until") or []
                stops = [until] if isinstance(until, str) else list(until)
                texts[place] = postprocess_generated_text(written, stops, None)
                self.cache_hook.add_partial("generate_until", (prompt, settings), texts[place])
        return texts

    def _new_tokens(self, settings: dict[str, Any]) -> int:
        """New tokens at most; says where more is asked than can be done."""
        if settings.get("do_sample") or float(settings.get("temperature") or 0) > 0:
            raise UserError(
                f"A task asks for sampled text ({settings}); this model writes the likeliest tokens alone. Set "
                f"do_sample: false and temperature: 0 (--gen_kwargs do_sample=false,temperature=0), or use --model hf."
            )
        named = next((settings[name] for name in TOKENS if settings.get(name) is not None), self.max_gen_toks)
        if int(named) >= self.max_length:
            raise UserError(
                f"A task asks for {named} new tokens, and '{self.model.name}' reads {self.max_length} in all. Ask for "
                f"fewer: --gen_kwargs max_gen_toks={self.max_length // 2}, or max_gen_toks among --model_args."
            )
        return int(named)

    def _greedy(self, contexts: Sequence[list[int]], tokens: int) -> list[str]:
        model = self.model
        written = sample_continuations(
            model.network,
            model.tokenizer,
            contexts,
            samples=0,
            max_new_tokens=tokens,
            seed=0,
            greedy=True,
            batch_size=model.batch_size,
        )
        return [texts[0] for texts in written]


def _device(name: str | None) -> str:
    missing = name is not None and name.startswith("cuda") and not torch.cuda.is_available()
    return "cpu" if name is None or missing else name


def _parts(encoded: Sequence[Encoded], most: int) -> list[list[Encoded]]:
    """Cut so that each part asks at no more than `most` places, or is one text."""
    parts: list[list[Encoded]] = []
    room = 0
    for one in encoded:
        places = len(one.ids) - one.boundary
        if not parts or places > room:
            parts.append([])
            room = max(most, places)
        parts[-1].append(one)
        room -= places
    return parts
