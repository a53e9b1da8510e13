from __future__ import annotations

import subprocess
import sys


def test_planning_a_study_needs_no_torch():
    code = (
        "import sys, proclivity.models, proclivity.induction, proclivity.battery\n"
        "assert not {'torch', 'transformers', 'peft'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
