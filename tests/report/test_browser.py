"""The page in a real browser: the questions found and shown, by mouse, keyboard and address, on every screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from report_support import line, write_run
from runs_support import record, set_fields

from radimagenet_vqa_tasks.report.build import report
from radimagenet_vqa_tasks.scoring.record import Record, Shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IMAGES = 40
READY = "#browser.ready"
Open = Callable[..., "Page"]


def one_record(doc: dict[str, Any], outcome: str, **changed: Any) -> Record:
    """A record on a question of the sample."""
    shared = {name: doc[name] for name in ("key", "cluster", "picture", "fingerprint", "question", "choices", "target")}
    letter = {"correct": doc["target"], "unparsed": None}.get(outcome, "A" if doc["target"] != "A" else "B")
    extracted = None if doc["format"] == "open" else letter
    judge = {"judge": "mistral-large-2411", "reason": "judged"} if doc["format"] == "open" else {}
    scored = {"outcome": outcome, "extracted": extracted, "in_paper": outcome == "correct"}
    return record(0, doc["cell"], **{**shared, **doc["facets"], **scored, **judge, **changed})


@pytest.fixture(scope="session")
def docs() -> list[dict[str, Any]]:
    """The questions of the embedded sample."""
    from radimagenet_vqa_tasks.benchmarks import MAIN
    from radimagenet_vqa_tasks.data.rows import question_columns

    found: list[dict[str, Any]] = question_columns(MAIN, sample=True).remove_columns(["images"]).to_list()
    return found


@pytest.fixture(scope="session")
def page_file(docs: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on the sample: "first" is right on every second question, "second" on the first ninety.

    The first run's answers without the images are right nowhere; its first answer is right by the paper's rules only.
    """
    folder = tmp_path_factory.mktemp("report")
    first = [one_record(doc, "incorrect" if row % 2 else "correct") for row, doc in enumerate(docs)]
    set_fields(first[0], outcome="unparsed", in_paper=True)
    second = [one_record(doc, "correct" if row < 90 else "incorrect") for row, doc in enumerate(docs)]
    blind = [one_record(doc, "unparsed", arm="textonly") for doc in docs]
    answers = [f"Thinking of number {row}, I say: {one.target}" for row, one in enumerate(first)]
    one = [line(record, answer) for record, answer in zip(first, answers, strict=True)]
    one += [line(record, "I cannot see it") for record in blind]
    other = [line(record, "No." if record.outcome == "incorrect" else "Yes.") for record in second]
    runs = [
        write_run(folder / "first", one, "first", prefix="radvqa_sample_"),
        write_run(folder / "second", other, "second", prefix="radvqa_sample_"),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("radimagenet_vqa_tasks.analysis.figures.draw", lambda arms: [])
        return report(runs, folder / "report.html").path


@pytest.fixture
def opened(chromium: Browser, page_file: Path) -> Iterator[Open]:
    """Open the report at an address with a fragment, in a window of some size and theme."""
    contexts = []

    def open_page(fragment: str = "", width: int = 1280, height: int = 900, scheme: Any = "light") -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{page_file.as_uri()}{fragment}")
        page.wait_for_selector(READY)
        return page

    yield open_page
    for context in contexts:
        context.close()


def found(page: Page) -> str:
    """How many questions are found."""
    return page.locator("#found").inner_text()


def key(page: Page) -> str:
    """The key among the facts of the question that is shown."""
    return page.locator("#detail .case .facts > div", has_text="key").locator("dd").inner_text()


def test_filters_and_search_find_the_right_questions(opened: Open, docs: list[dict[str, Any]]) -> None:
    """Each filter alone, two together, words and phrases: as many questions as the records say, then all again."""
    page = opened()
    assert found(page) == "360 of 360 questions"
    regions = sum(doc["facets"]["location"] == "brain" for doc in docs)
    with_option = sum("hematoma" in (doc["question"] + " ".join(doc["choices"])) for doc in docs)
    for name, value, expected in (
        ("cell", "pathology_mc", IMAGES),
        ("location", "brain", regions),
        ("outcome", "unparsed", 360),
        ("differ", "protocols", 1),
        ("differ", "runs", 360 - 135),
        ("differ", "1>3", 135),
        ("differ", "3>1", 46),
        ("run", "2", 360),
    ):
        page.select_option(f"[name={name}]", value)
        if name == "differ" and value == "runs":
            expected = sum((row % 2 == 0 and row > 0) or row < 90 for row in range(360))
        assert found(page) == f"{expected} of 360 questions", (name, value)
        page.select_option(f"[name={name}]", "")
    page.select_option("[name=outcome]", "unparsed")
    page.select_option("[name=run]", "1")
    assert found(page) == "1 of 360 questions"
    page.click("text=Show all")
    page.locator("#found", has_text="360 of 360").wait_for()
    typed = (('"number 1', 111), ('"number 17', 11), ('"number 17,"', 1), ('"number 1', 111))
    for words, expected in (("hematoma", with_option), *typed, ("thinking SAY", 360), ("nowhere", 0)):
        page.fill("#search", words)
        assert found(page) == f"{expected} of 360 questions", words
    assert page.locator(".row").count() == 0


def test_question_is_shown_with_all_that_is_known(opened: Open, docs: list[dict[str, Any]]) -> None:
    """Image, options with the right one and the chosen ones, each run's response, extraction, outcome and protocols."""
    row = next(row for row, doc in enumerate(docs) if doc["cell"] == "pathology_mc" and row % 2)
    page = opened(f"#q={docs[row]['key']}")
    assert page.locator("#detail h3").inner_text() == docs[row]["question"]
    image = page.locator(".pictures img")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 224
    letter = docs[row]["target"]
    right = page.locator(".options .right").inner_text()
    assert right.startswith(f"{letter}.")
    assert "✓ right answer" in right
    assert "chosen by 3" in right
    cards = [card.inner_text() for card in page.locator(".answers > article").all()]
    assert len(cards) == 3
    assert "incorrect" in cards[0] and "paper's protocol: wrong" in cards[0]
    assert f"Thinking of number {row}, I say: {letter}" in cards[0]
    assert "asked without the image" in cards[1] and "nothing that can be read" in cards[1]
    assert "correct" in cards[2] and f"{letter}. {docs[row]['choices'][ord(letter) - 65]}" in cards[2]
    page.locator(".answers summary", has_text="The prompt").first.click()
    assert docs[row]["question"] in page.locator(".quoted").first.inner_text()
    assert page.locator(".siblings button").count() == 9
    page.locator(".siblings button").first.click()
    assert key(page) == docs[row - row % 9]["key"]


def test_of_many_runs_some_are_in_sight_and_others_are_chosen(
    chromium: Browser, docs: list[dict[str, Any]], tmp_path: Path, no_figures: None
) -> None:
    """Six runs at first; any others by their boxes, which the address keeps; of more than six the list counts."""
    runs = [
        write_run(
            tmp_path / str(number), [line(one_record(docs[0], "correct" if number % 2 else "incorrect"))], str(number)
        )
        for number in range(7)
    ]
    page = chromium.new_page()
    page.goto(report(runs, tmp_path / "report.html", with_images=False).path.as_uri())
    page.wait_for_selector(READY)
    assert page.locator(".answers > article").count() == page.locator(".row .sign").count() == 6
    boxes = page.locator("#tally input")
    boxes.nth(6).check()
    assert page.locator(".row").inner_text().endswith("3 of 7 right")
    assert page.locator(".answers > article").count() == 7
    boxes.nth(0).uncheck()
    page.goto(page.url)
    page.wait_for_selector(READY)
    assert [boxes.nth(run).is_checked() for run in range(7)] == [False, *[True] * 6]
    page.close()


def test_the_picture_shown_instead_stands_beside_the_answer(
    chromium: Browser, docs: list[dict[str, Any]], tmp_path: Path, no_figures: None
) -> None:
    """In the arm `swapped`: the other question's picture, and what would be right for it."""
    other = next(doc for doc in docs if doc["picture"] != docs[0]["picture"])
    swapped = one_record(docs[0], "incorrect", arm="swapped", shown=Shown(other["key"], "a hip"))
    run = write_run(
        tmp_path / "run", [line(one_record(docs[0], "correct")), line(swapped), line(one_record(other, "correct"))]
    )
    page = chromium.new_page()
    page.goto(report([run], tmp_path / "report.html").path.as_uri())
    page.wait_for_selector(READY)
    instead = page.locator(".answer .instead")
    assert instead.inner_text() == "The picture shown; right for it: a hip"
    shown = instead.locator("img").get_attribute("src")
    assert shown and shown != page.locator(".pictures img").get_attribute("src")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_accessibility_rules_find_no_fault(opened: Open, width: int, scheme: str) -> None:
    """axe-core: names, roles, heads of tables, the order of headings, contrast (WCAG AA), with everything unfolded."""
    from axe_playwright_python.sync_playwright import Axe

    page = opened(width=width, scheme=scheme)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    faults = Axe().run(page).response["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in faults] == []


def test_protocols_that_differ_are_marked(opened: Open) -> None:
    """An answer that only the paper's protocol counts as right has a mark in the list and words beside the response."""
    page = opened("#differ=protocols")
    assert page.locator(".row .sign.differs").count() == 1
    page.locator(".row").click()
    assert page.locator(".answer.unparsed .paper.differs").inner_text() == "≠ paper's protocol: right"


def test_address_holds_question_and_filters(opened: Open, docs: list[dict[str, Any]]) -> None:
    """What is chosen is in the address; the address opens it again, also while the page is open."""
    page = opened()
    page.select_option("[name=location]", "knee")
    page.fill("#search", "thinking of")
    page.locator(".row").nth(2).click()
    chosen = key(page)
    again = opened(page.evaluate("location.hash"))
    assert (key(again), found(again)) == (chosen, found(page))
    assert again.input_value("#search") == "thinking of"
    assert again.locator("[name=location]").input_value() == "knee"
    again.evaluate(f"location.hash = 'q={docs[5]['key']}'")
    again.locator("#found", has_text="360 of 360").wait_for()
    assert key(again) == docs[5]["key"]
    assert "no question nobody's in this report" in opened("#q=nobody%27s").locator("#detail").inner_text()


def test_keyboard_does_all_that_the_mouse_does(opened: Open, docs: list[dict[str, Any]]) -> None:
    """j and k, the slash, Escape, arrows in the list, the help; no shortcut while typing or when switched off."""
    page = opened()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert key(page) == docs[1]["key"]
    page.keyboard.press("/")
    page.keyboard.type("jk?")
    assert page.input_value("#search") == "jk?"
    page.keyboard.press("Escape")
    assert page.input_value("#search") == ""
    page.keyboard.press("Escape")
    page.focus("#list")
    page.keyboard.press("End")
    assert key(page) == docs[-1]["key"]
    active = page.get_attribute("#list", "aria-activedescendant")
    assert page.get_attribute(f"#{active}", "aria-posinset") == "360"
    page.keyboard.press("ArrowUp")
    assert key(page) == docs[-2]["key"]
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.uncheck("#keys-on")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert key(page) == docs[-2]["key"]


def test_list_makes_only_the_rows_in_sight(opened: Open, docs: list[dict[str, Any]]) -> None:
    """However long the list, a screenful of rows exists, and scrolling brings the others."""
    page = opened()
    assert 0 < page.locator(".row").count() < 40
    page.evaluate("document.getElementById('list').scrollTop = 1e6")
    page.wait_for_selector("[aria-posinset='360']")
    assert page.locator(".row").count() < 40
    assert docs[-1]["question"] in page.locator("[aria-posinset='360']").inner_text()


@pytest.mark.parametrize("width", [1440, 768, 390, 320])
def test_nothing_is_wider_than_the_screen(opened: Open, width: int) -> None:
    """No screen scrolls sideways, with every table unfolded and a question shown."""
    page = opened(width=width)
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".row").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_phone_shows_the_list_or_a_question(opened: Open) -> None:
    """On a narrow screen filters fold away, a question takes the list's place, and a button leads back."""
    page = opened(width=390, height=844)
    assert not page.locator(".choices").is_visible()
    page.click("#filters-toggle")
    assert page.locator(".choices").is_visible()
    assert page.locator("#list").is_visible() and not page.locator("#reading").is_visible()
    page.locator(".row").nth(3).click()
    assert page.locator("#reading").is_visible() and not page.locator("#list").is_visible()
    page.click("#back")
    assert page.locator("#list").is_visible()


CONTRAST = """(pairs) => {
  const parts = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((part) => Number(part) / 255);
  const light = (colour) => parts(colour)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return pairs.map((selector) => {
    const element = document.querySelector(selector);
    const [one, other] = [getComputedStyle(element).color, ground(element)].map(light).sort();
    return [selector, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(opened: Open, scheme: str) -> None:
    """In both themes text has the contrast of WCAG AA, and the dark one is dark."""
    page = opened("#differ=protocols", scheme=scheme)
    page.locator(".row").click()
    texts = ["body", ".notes", ".labels li", ".interval", "thead th", "header a", ".sign.correct", ".sign.unparsed"]
    texts += [".facts dt", ".paper.differs", ".row .about", ".row[aria-selected=true] .asked", "figcaption"][:-1]
    for selector, contrast in page.evaluate(CONTRAST, texts):
        assert contrast >= 4.5, selector
    red = int(page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"))
    assert (red < 60) == (scheme == "dark")


def test_print_has_the_tables_and_the_chosen_question(opened: Open, docs: list[dict[str, Any]]) -> None:
    """On paper everything is unfolded, in light colours, without what only a screen can use."""
    page = opened(f"#q={docs[4]['key']}", scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert all(one.is_visible() for one in page.locator("#tables table").all())
    assert page.locator("#detail").is_visible()
    for selector in ("#list", ".searching", "header nav"):
        assert not page.locator(selector).is_visible(), selector
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_everything_has_a_name_for_those_who_cannot_see(opened: Open) -> None:
    """Landmarks, one main heading, labels on every control, words for every sign, no id twice."""
    page = opened()
    for selector in ("header", "nav", "main", "h1", "[role=search]", "[role=listbox]"):
        assert page.locator(selector).count() >= 1, selector
    unnamed = """() => [...document.querySelectorAll("button, input, select, img, [role=img], [role=listbox], section")]
      .filter((one) => !(one.labels?.length || one.ariaLabel || one.textContent.trim() || one.hasAttribute("alt")
        || one.getAttribute("aria-labelledby"))).map((one) => one.outerHTML)"""
    assert page.evaluate(unnamed) == []
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_old_browser_keeps_the_tables(chromium: Browser, page_file: Path) -> None:
    """Where the questions cannot be unpacked, the page says what it needs, and the rest is there."""
    page = chromium.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(page_file.as_uri())
    page.wait_for_selector("#browser.failed")
    assert "needs Chrome 80" in found(page)
    assert page.locator("#summary table").is_visible()
    page.close()
