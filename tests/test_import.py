from __future__ import annotations

import subprocess
import sys


def test_import_loads_no_library() -> None:
    heavy = ["torch", "transformers", "peft", "numpy", "scipy", "pandas", "pydantic", "yaml", "typer", "rich"]
    code = f"import sys, proclivity\nfound = set({heavy}) & set(sys.modules)\nassert not found, found\n"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
