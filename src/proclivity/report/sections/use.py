"""What does this study not claim, and how may what it made be used?"""

from __future__ import annotations

from proclivity.report.load import Results
from proclivity.report.section import Section


def section(results: Results) -> Section:
    """Limits first, then use."""
    return Section(
        id="use",
        title="Responsible use",
        short="Responsible use",
        template="use.html",
        context={"profiles": results.profiles},
    )
