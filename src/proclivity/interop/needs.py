"""Is the other tool there? If not, how does one get it?"""

from __future__ import annotations

from importlib.util import find_spec

from proclivity.errors import UserError


def need(module: str, extra: str, purpose: str) -> None:
    """Raises unless a module can be imported.

    Args:
        module: its name.
        extra: this package's extra that brings it.
        purpose: what it is wanted for, in words.

    Raises:
        UserError: with the command that installs it.
    """
    if find_spec(module) is None:
        raise UserError(f"{module} isn't installed, which is needed for {purpose}: pip install 'proclivity[{extra}]'.")
