from __future__ import annotations

import subprocess
import sys


def test_planning_a_study_needs_no_torch():
    code = (
        "import sys, proclivity.models, proclivity.induction, proclivity.battery\n"
        "print(sorted({'torch', 'transformers', 'peft'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"
