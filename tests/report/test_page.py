"""The page's HTML: what may run in it, and what hostile text becomes."""

from __future__ import annotations

import base64
import hashlib
import html as entities
import re
from html.parser import HTMLParser

import pytest

from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.report.findings import Finding
from radimagenet_vqa_tasks.report.page import PER_BLOCK, Content, Picture, html
from radimagenet_vqa_tasks.report.sections import Part, Section
from radimagenet_vqa_tasks.report.view import view
from radimagenet_vqa_tasks.scoring.record import OUTCOMES

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)",
    "</title></style><svg onload=alert(1)>",
    "<!--<script>",
    "{{7*7}} {% raw %} ${7*7}",
    "&lt;b&gt;",
    "lone \ud800",
    "\u2028\u202e\x00",
]


class Tags(HTMLParser):
    """All elements with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def page(text: str = "model", images: int = 0) -> str:
    """A page with the text in every place that takes one."""
    sheet = Sheet(text, [text, ("group", text)], [[text, Item(text, text, "best", True)]], [text])
    findings = [Finding(text, [text])]
    section = Section(BENCHMARKS["radvqa"], [text], findings, sheet, [Part(text, [sheet], [text])])
    content = Content(text, view(sheet), [text], [section], [Picture(text, text, b"<svg/>")])
    return html(content, "QUJD", [b"jpeg"] * images).decode("utf-8")


def shape(text: str) -> list[tuple[str, dict[str, str | None]]]:
    """The page's elements, without what the text may rightly change: the values of attributes that show it."""
    tags = Tags()
    tags.feed(text)
    return [
        (tag, {name: None if name == "alt" else value for name, value in attrs.items()}) for tag, attrs in tags.found
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_changes_the_page(text: str) -> None:
    """Elements and attributes are the same whatever a name or a note says."""
    assert shape(page(text)) == shape(page("m" * len(text)))


def test_policy_names_the_script_and_the_style_and_nothing_else() -> None:
    """The digests are those of the texts in the page; nothing inline beside them, nothing from anywhere."""
    text = page()
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    rules = dict(rule.strip().split(" ", 1) for rule in entities.unescape(policy).split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for rule, pattern in (("script-src", r"<script>(.*?)</script>"), ("style-src", r"<style>(.*?)</style>")):
        [inline] = re.findall(pattern, text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert "unsafe" not in policy
    assert not re.search(r"<[^>]* (on\w+|style)=", text)


def test_script_makes_no_markup_of_texts() -> None:
    """The page's script has none of the ways in which a text becomes mark-up or code."""
    [script] = re.findall(r"<script>(.*?)</script>", page(), re.DOTALL)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|new Function|DOMParser|srcdoc", script
    )


def test_images_are_in_blocks_that_are_parsed_one_by_one() -> None:
    """Every image is in the page once, in blocks of a fixed size."""
    blocks = re.findall(r'type="application/json" id="images-(\d+)">(\[[^<]*\])<', page(images=PER_BLOCK + 1))
    assert [(int(number), block.count('"anBlZw=="')) for number, block in blocks] == [(0, PER_BLOCK), (1, 1)]


def test_page_refers_to_nothing_outside() -> None:
    """No address but fragments and embedded data."""
    addresses = [
        value or "" for _, attrs in shape(page()) for name, value in attrs.items() if name in ("href", "src", "srcset")
    ]
    assert addresses
    assert all(address.startswith(("#", "data:")) for address in addresses)


def test_tables_say_what_their_heads_are_for() -> None:
    """Each table has a caption, and each head says whether it is a row's or a column's."""
    tags = shape(page())
    assert sum(tag == "caption" for tag, _ in tags) == sum(tag == "table" for tag, _ in tags) > 0
    assert all(attrs.get("scope") in ("col", "row", "colgroup") for tag, attrs in tags if tag == "th")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_has_a_sign_and_a_colour(outcome: str) -> None:
    """No answer is shown as "undefined"."""
    text = page()
    assert re.search(rf'^  {outcome}: "\S+",$', text, re.MULTILINE)
    assert f".sign.{outcome}" in text and f"--{outcome}:" in text
