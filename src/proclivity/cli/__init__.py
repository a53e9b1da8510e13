"""The command line: verbs only. What they do is done in the packages below."""

from proclivity.cli.app import app, main

__all__ = ["app", "main"]
