"""A strict build of the documentation fails where a reader would be lost, and where a page would need the network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from page_snippets import ROOT

pytest.importorskip("mkdocs", reason="the site's tools are not installed (`make docs` installs them)")


def test_what_misleads_a_reader_ends_the_build(tmp_path: Path) -> None:
    """`make docs` builds the pages as they are; here they have four faults, and each is told."""
    for name in ("docs", "src/proclivity"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("checkpoints", "__pycache__"))
    for name in ("mkdocs.yml", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    faults = '\n[a](nowhere.md) [b](method.md#not-there) <img src="https://example.org/a.png">\n'
    with (tmp_path / "docs" / "limits.md").open("a") as page:
        page.write(faults)
    (tmp_path / "docs" / "unlisted.md").write_text("# New\n")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    for told in ("'nowhere.md'", "'#not-there'", "limits.md would fetch from elsewhere", "unlisted.md", "4 warnings"):
        assert told in done.stdout + done.stderr, done.stderr
