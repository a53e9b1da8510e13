"""What can go wrong, and whose move it is next.

Every message says what was found, what was expected and what to do. `UserError` means that the input has to
change (exit code 2); every other kind means that the machine or this package failed (exit code 1).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class ProclivityError(Exception):
    """Base of all errors that the command line shows as one paragraph, without a traceback."""

    exit_code = 1


class UserError(ProclivityError):
    """The input (a file, a name, an option) has to change."""

    exit_code = 2


class ContentError(UserError):
    """Faults in files that a person wrote: all of them at once, each as `file:key: what is wrong`."""

    def __init__(self, faults: Iterable[str]):
        self.faults = list(faults)
        count = len(self.faults)
        head = "1 fault" if count == 1 else f"{count} faults"
        super().__init__(f"{head} in the content:\n" + "\n".join(f"  {fault}" for fault in self.faults))


class GateError(UserError):
    """The decisions don't pass a gate: training on them would teach something beside the class."""


class ModelError(UserError):
    """A folder or name that is no usable causal language model, or a tokenizer that can't express the labels."""


class TrainingError(ProclivityError):
    """Fine-tuning broke down (a loss that is not a number, say)."""


class StorageError(ProclivityError):
    """The disk is full or the folder can't be written. What was finished before is kept."""


class Interrupted(ProclivityError):
    """Ctrl-C or a termination signal. The same command again resumes."""

    exit_code = 130


def unknown_name(kind: str, found: str, known: Iterable[str]) -> UserError:
    """An error for a name that isn't there, which offers the nearest one.

    Args:
        kind: what was looked for, as a reader would call it ("profile", "arm").
        found: the name that was given.
        known: the names that exist.
    """
    names = sorted(known)
    near = difflib.get_close_matches(found, names, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return UserError(f"There is no {kind} '{found}'.{hint} Known: {', '.join(names) or 'none'}.")


def other_form(path: Path, found: object, expected: int) -> UserError:
    """An error for a file whose form is that of an earlier or a later version of this package.

    Args:
        path: the file.
        found: the number of its form, as it stands there.
        expected: the number that this version reads.
    """
    later = str(found).isdigit() and int(str(found)) > expected
    when = "a later" if later else "an earlier or unknown"
    mend = " or a newer one" if later else ", or begin the study anew in another folder (--out)"
    return UserError(
        f"{path} has form {found}, that of {when} version of proclivity; this one reads form {expected}. Install the "
        f"version that wrote it (it stands in the folder's manifest.json){mend}."
    )
