"""Which files outside docs/ belong to the site, and where do links to them lead?

A hook of MkDocs. README.md is the site's first page and CHANGELOG.md its last; any other file that a page links to by
`../` is copied beside the pages. The pages stay readable on a code host, where these links lead to the files. A built
page that would fetch something from elsewhere is warned of, which ends a strict build.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md"}
COPIES = "repository"
"""Folder of the site for files that are no pages."""
LINK = re.compile(r"\]\(([^)\s#:]+)(#[^)\s]*)?\)")
FETCHED = re.compile(r"<(?:script|link|img|iframe|source|video)\b[^>]*?\b(?:src|href)=[\"'](?:https?:)?//[^>]*>")
LOG = logging.getLogger("mkdocs.hooks")


def on_files(files: Files, config: Any) -> Files:
    """Adds what the pages link to outside docs/."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=_from_root(source)))
    for page in files.documentation_pages():
        for name in _outside(page.src_uri, page.content_string):
            if name not in PAGES and not files.get_file_from_path(f"{COPIES}/{name}"):
                files.append(File.generated(config, f"{COPIES}/{name}", abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """A page's text with its links to files outside docs/ led to the site's own."""
    outside = _outside(page.file.src_uri, markdown)

    def led(match: re.Match[str]) -> str:
        name = _of_root(page.file.src_uri, match[1])
        if name not in outside:
            return match[0]
        target = PAGES.get(name, f"{COPIES}/{name}")
        return f"]({posixpath.relpath(target, posixpath.dirname(page.file.src_uri) or '.')}{match[2] or ''})"

    return LINK.sub(led, markdown)


def on_post_page(output: str, page: Any, config: Any) -> str:
    """The built page as it is, looked through for what a reader without a network would miss."""
    for found in FETCHED.findall(output):
        LOG.warning(f"{page.file.src_uri} would fetch from elsewhere: {found}. Put the file into docs/.")
    return output


def _from_root(source: str) -> str:
    """A page of the root as one of docs/."""
    text = (ROOT / source).read_text(encoding="utf-8")
    return LINK.sub(lambda match: f"]({posixpath.relpath(match[1], 'docs')}{match[2] or ''})", text)


def _of_root(page: str, link: str) -> str:
    """A page's relative link as a path from the root."""
    return posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))


def _outside(page: str, text: str) -> set[str]:
    """Files outside docs/ that a page links to, as paths from the root."""
    named = {_of_root(page, match[1]) for match in LINK.finditer(text)}
    return {name for name in named if not name.startswith(("docs/", "..")) and (ROOT / name).is_file()}
