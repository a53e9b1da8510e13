"""lm-evaluation-harness's own command line, with `--model proclivity` known to it.

    python -m proclivity.interop.harness --model proclivity --model_args pretrained=llama-equal \\
        --include_path tasks --tasks proclivity_microworld

The harness looks for models in its own list alone, so the class has to be imported before its command line runs.
"""

from __future__ import annotations

import sys
from importlib import import_module

from proclivity.errors import ProclivityError
from proclivity.interop.needs import need
from proclivity.shown import visible


def main() -> int:
    """Runs the harness's command line; returns the exit code of an error, told in one paragraph."""
    try:
        need("lm_eval", "lm-eval", "the harness's command line")
        from lm_eval.__main__ import cli_evaluate

        import_module("proclivity.interop.harness_model")  # which makes it known
        cli_evaluate()
    except ProclivityError as error:
        sys.stderr.write(f"Error: {visible(str(error))}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
