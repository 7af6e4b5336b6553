"""The page as one HTML file: its parts put into the template, and a policy that lets nothing else run or load.

Three kinds of text come in: the package's own script and style, which the policy names by their digests; base64, which
has no character that means anything to HTML; and everything else, which the template escapes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.report.sections import Section
from radimagenet_vqa_tasks.report.view import TableView, view

PER_BLOCK = 32  # images in one block of the page; a block is parsed when one of its images is first looked at
STYLES = ("base.css", "tables.css", "browser.css", "question.css", "media.css")
_TOGETHER = re.compile(r"(?<=\d,) (?=-?[\d.]+\])|(?<=\d) (?=%|points)|(?<=%) (?=\[)")
SCRIPTS = ("text.js", "store.js", "filters.js", "list.js", "detail.js", "main.js")


@dataclass(frozen=True)
class Picture:
    """One figure, as SVG on no ground; the page's style turns its colours for a dark one."""

    title: str
    caption: str
    svg: bytes


@dataclass(frozen=True)
class Content:
    """What the page shows beside its questions.

    Attributes:
        title: the benchmarks' names.
        runs: one row a run and benchmark: what the numbers rest on.
        notes: what a reader must know of how the logs and the images were read.
    """

    title: str
    runs: TableView
    notes: list[str]
    sections: list[Section]
    figures: list[Picture]


def html(content: Content, data: str = "", images: Sequence[bytes] = ()) -> bytes:
    """The page. `data` holds the packed questions, `images` the thumbnails as JPEG."""
    script, style = _script(), "\n".join(_read(name) for name in STYLES)
    blocks = [images[at : at + PER_BLOCK] for at in range(0, len(images), PER_BLOCK)]
    text = (
        _environment()
        .get_template("page.html.j2")
        .render(
            page=content,
            data=Markup(data),
            blocks=[Markup(json.dumps([_base64(jpeg) for jpeg in block], separators=(",", ":"))) for block in blocks],
            script=Markup(script),
            style=Markup(style),
            policy=policy(script, style),
            version=__version__,
        )
    )
    return text.encode("utf-8", "replace")


def policy(script: str, style: str) -> str:
    """The Content-Security-Policy: this script, this style, images that are part of the page, and nothing else."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{_base64(hashlib.sha256(text.encode()).digest())}"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _script() -> str:
    parts = "\n".join(_read(name) for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _read(name: str) -> str:
    return (files("radimagenet_vqa_tasks.report") / "page" / name).read_text(encoding="utf-8")


def _svg(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{_base64(svg)}"


def _plain(text: object) -> str:
    return plain(text, None)


def _kept(text: str) -> str:
    """A sentence whose intervals and per cent signs do not come apart at the end of a line."""
    return _TOGETHER.sub("\u00a0", plain(text, None))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("radimagenet_vqa_tasks.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"svg": _svg, "plain": _plain, "kept": _kept, "view": view}
    return environment
