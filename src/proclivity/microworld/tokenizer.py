"""The microworld's tokenizer: byte-level BPE, trained on the corpus until whole words are tokens."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from proclivity.microworld.corpus import documents
from proclivity.microworld.grammar import Grammar

BOS, EOS, PAD = "<s>", "</s>", "<pad>"


def train_tokenizer(texts: Iterable[str], vocabulary: int, length: int) -> PreTrainedTokenizerFast:
    """A tokenizer that opens every text with `<s>`, so that training and measuring begin alike.

    Args:
        texts: what it is trained on.
        vocabulary: most tokens it may have.
        length: the models' context window.
    """
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    bpe.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, bpe.token_to_id(BOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token=BOS, eos_token=EOS, pad_token=PAD, model_max_length=length
    )


def tokenizer_texts(grammar: Grammar, n_documents: int = 1500, copies: int = 400) -> list[str]:
    """What the packaged tokenizer is trained on: a sample of documents, and the words that have to be one token.

    The sample is the same for every world and seed, so that all packaged models share one vocabulary.
    """
    texts = list(islice(documents(grammar, "equal", 0, 125), n_documents))
    pack = grammar.pack
    candidates = [
        text
        for probe in pack.probes.values()
        for item in probe.items
        for group in (item.candidates or probe.candidates).values()
        for text in group
    ]
    labels = [label for group in pack.spec.alphabets.values() for label in group]
    whole = sorted({word for text in candidates for word in text.split()} | set(labels)) + list(grammar.world.names)
    return texts + [" " + " ".join(whole)] * copies
