"""Hostile text in a real browser: nothing runs, nothing is fetched, and everything is visible as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from report_support import line, write_run
from runs_support import record

from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.report.build import report
from radimagenet_vqa_tasks.scoring.record import Record

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# What a response, a name or a label may say, and what of it a reader must see.
HOSTILE = {
    "<script>window.hacked = 1</script>": "<script>window.hacked = 1</script>",
    "</script><script>window.hacked = 1</script>": "</script><script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 1">': '"><img src=x onerror="window.hacked = 1">',
    "' onclick='window.hacked = 1": "' onclick='window.hacked = 1",
    "</title></style></svg><svg onload=window.hacked=1>": "</title></style></svg><svg onload=window.hacked=1>",
    "<!--<script> ]]> -->": "<!--<script> ]]> -->",
    "{{7*7}} {% raw %} ${window.hacked=1}": "{{7*7}} {% raw %} ${window.hacked=1}",
    "javascript:window.hacked=1": "javascript:window.hacked=1",
    "<img src=http://evil.example/x.png>": "<img src=http://evil.example/x.png>",
    "<link rel=stylesheet href=//evil.example/x.css>": "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>": "http-equiv=refresh",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>": "<iframe srcdoc=",
    '=HYPERLINK("http://evil.example","x")': '=HYPERLINK("http://evil.example","x")',
    r"\input{/etc/passwd} $x^2$ \end{document}": r"\input{/etc/passwd} $x^2$ \end{document}",
    "&lt;b&gt;&#x41;": "&lt;b&gt;&#x41;",
    "a\x00b\x1b[31mc": "aU+0000bU+001B[31mc",
    "lone \ud800 surrogate": "lone U+D800 surrogate",
    "user\u202egnp.exe\u202c": "userU+202Egnp.exeU+202C",
    "two\u2028lines\u2029": "twoU+2028linesU+2029",
    "zero\u200bwidth\ufeff": "zeroU+200BwidthU+FEFF",
    "hangul\u3164 braille\u2800 joined\u200d varied\ufe0f": "hangulU+3164 brailleU+2800 joinedU+200D variedU+FE0F",
    "__proto__": "__proto__",
    "constructor": "constructor",
}


@dataclass
class Watched:
    """A page and everything in it that should not happen."""

    page: Page
    happened: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def watched(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A report in which every text of every record, log and name is hostile, figures included."""
    folder = tmp_path_factory.mktemp("hostile")
    texts = list(HOSTILE)
    runs = []
    for number, name in enumerate(texts[:3]):
        lines = [line(hostile_record(image, cell, text), text) for image, text in enumerate(texts) for cell in CELLS]
        runs.append(write_run(folder / f"run{number} {{{{7*7}}}} '<b>", lines, name))
    made = report(runs, folder / "report.html", with_images=False)
    page = chromium.new_page()
    found = Watched(page)
    page.on("dialog", lambda dialog: (found.happened.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: found.happened.append(f"error {error}"))
    page.on("console", lambda message: found.happened.append(f"console {message.text}"))
    page.on("popup", lambda popup: found.happened.append(f"popup {popup.url}"))
    page.on("request", lambda request: fetched(found, request.url, made.path.as_uri()))
    page.goto(made.path.as_uri())
    page.wait_for_selector("#browser.ready")
    yield found
    page.close()


def fetched(found: Watched, url: str, own: str) -> None:
    """Remember a request that is neither for the page itself nor for something within it."""
    if not url.startswith(("data:", own)):
        found.happened.append(f"request {url}")


def hostile_record(image: int, cell: str, text: str) -> Record:
    """A record whose every free text is `text`."""
    judged = {"judge": text, "reason": text, "judge_reply": text} if cell.endswith("open") else {}
    earlier = [{"judge": text, "outcome": text, "reason": text, "judge_reply": text}]
    return record(
        image,
        cell,
        image % 2 == 0,
        key=f"{text}:{cell}",
        cluster=text,
        location=text,
        modality=text,
        pathology=text,
        template=text,
        question=text,
        choices=[text, "b", "c", text] if cell.endswith("mc") else [],
        target=text,
        extracted=text,
        earlier_verdicts=earlier,
        **judged,
    )


USE_EVERYTHING = """(texts) => {
  const form = document.getElementById("filters");
  const use = (field, value) => {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const select of form.querySelectorAll("select")) {
    for (const option of [...select.options].reverse()) use(select, option.value);
  }
  for (const text of [...texts, ""]) use(form.search, text);
  for (let row = 0; row < 9 * texts.length; row++) {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
    document.querySelectorAll("details").forEach((one) => (one.open = true));
  }
  return document.getElementById("list").getAttribute("aria-activedescendant");
}"""


def test_nothing_runs_and_nothing_is_fetched(watched: Watched) -> None:
    """With every table unfolded, every filter and search used and every question opened, nothing has happened."""
    page = watched.page
    assert page.evaluate(USE_EVERYTHING, list(HOSTILE)) == f"row-{9 * len(HOSTILE) - 1}"
    page.wait_for_timeout(300)
    assert watched.happened == []
    assert page.evaluate("window.hacked") is None
    assert page.locator("iframe, object, embed, base, link, main script, svg").count() == 0
    assert page.evaluate("document.title").startswith("Report: RadImageNet-VQA")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_visible_as_text(watched: Watched, text: str) -> None:
    """Question, options, response, judge's words and key are read as they were written, hidden characters by code."""
    page = watched.page
    row = list(HOSTILE).index(text)
    page.focus("#list")
    page.keyboard.press("Home")
    page.evaluate("at => document.getElementById('list').scrollTop = at * 60 * 9", row)
    page.locator(f"[aria-posinset='{9 * row + 1}']").click()
    page.evaluate("document.querySelectorAll('#detail details').forEach((one) => (one.open = true))")
    shown = HOSTILE[text]
    assert shown in page.locator("#detail h3").inner_text()
    assert page.locator(".response").count() == 3
    for place in (".response", ".quoted"):
        assert all(shown in one for one in page.locator(place).all_inner_texts()), place
    assert shown in page.locator(".case .facts").inner_text()
    assert "49" not in page.locator("#detail").inner_text()


ATTEMPTS = {
    "image": "new Image().src = 'http://127.0.0.1:9/x.png'",
    "style": "document.head.append(Object.assign(document.createElement('style'), {textContent: 'b {}'}))",
    "fetch": "fetch('http://127.0.0.1:9/')",
    "frame": "document.body.append(Object.assign(document.createElement('iframe'), {src: 'http://127.0.0.1:9/'}))",
    "handler": "document.body.setAttribute('onclick', 'window.hacked = 1')",
    "script": "document.head.append(Object.assign(document.createElement('script'), {text: 'window.hacked = 1'}))",
    "mark-up": "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
    "form": "document.body.appendChild(Object.assign(document.createElement('form'), {action: '//x.test'})).submit()",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_policy_is_in_force(watched: Watched, attempt: str) -> None:
    """Even a script within the page could load nothing, send nothing, and make no mark-up of a text."""
    refused = watched.page.evaluate(
        """async (attempt) => {
          const refused = [];
          document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
          await attempt().catch((error) => refused.push(error.message));
          await new Promise((done) => setTimeout(done, 100));
          return refused;
        }""".replace("attempt()", f"(async () => {{ await ({ATTEMPTS[attempt]}); }})()")
    )
    assert refused
    assert watched.page.evaluate("window.hacked") is None
