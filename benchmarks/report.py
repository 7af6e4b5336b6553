"""Measures `radvqa report` and the page that it writes, and writes `docs/benchmarks.md`.

    python benchmarks/report.py [--write]

Three made-up runs on all 9,000 questions of data of the benchmark's shape, whose images are noise, which compresses
worse than any scan. Once the responses are as short as the prompts ask for, once they think aloud for a hundred words.

1. The command from the shell, split into its parts, and the size of the page.
2. The page in Debian's chromium: until it can be used, then each filter, a search letter by letter, and scrolling.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from document import publish

from radimagenet_vqa_tasks.benchmarks import MAIN
from radimagenet_vqa_tasks.scoring.outcomes import scores_of
from radimagenet_vqa_tasks.scoring.record import Outcome

ROOT = Path(__file__).parent.parent

RUNS = 3
THOUGHT = """the axial slice shows no acute finding a hypodense lesion of the left right lobe consistent with normal
tissue fracture marrow effusion tendon tear beside which image contrast region"""
WORDS = THOUGHT.split()

IN_THE_PAGE = """async () => {
  const form = document.getElementById("filters");
  const list = document.getElementById("list");
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const use = async (field, value) => {
    field.value = value;
    const begun = performance.now();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    list.offsetHeight; // lay out
    const taken = performance.now() - begun;
    await frame();
    return taken;
  };
  const filters = [];
  for (const select of form.querySelectorAll("select")) {
    for (const option of [...select.options].slice(1, 6)) filters.push(await use(select, option.value));
    filters.push(await use(select, ""));
  }
  const searches = [];
  for (let length = 1; length <= 12; length++) searches.push(await use(form.search, "lesion right".slice(0, length)));
  searches.push(await use(form.search, ""));
  const scrolls = [];
  for (let step = 0; step < 60; step++) {
    const begun = performance.now();
    list.scrollTop = step * 7919;
    list.dispatchEvent(new Event("scroll"));
    list.offsetHeight;
    scrolls.push(performance.now() - begun);
    await frame();
  }
  return { filters, searches, scrolls };
}"""


def write_runs(data: Path, folder: Path, words: int) -> list[Path]:
    """Runs with a response of about so many words to each question of `data`."""
    from radimagenet_vqa_tasks.data.rows import question_columns

    docs = question_columns(MAIN, data).remove_columns(["images"]).to_list()
    folders = [folder / f"run{number}" for number in range(RUNS)]
    for number, run in enumerate(folders):
        run.mkdir(parents=True)
        draw = random.Random(number)
        logs: dict[str, list[str]] = {}
        for doc in docs:
            logs.setdefault(doc["cell"], []).append(json.dumps(_line(doc, draw, words)))
        for cell, lines in logs.items():
            (run / f"20260101_120000_samples_radvqa_{cell}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folders


def _line(doc: Mapping[str, Any], draw: random.Random, words: int) -> dict[str, Any]:
    """One line of a log: right on seven questions of ten."""
    outcomes: list[Outcome] = ["correct", "incorrect", "unparsed"]
    outcome = draw.choices(outcomes, [7, 2, 1])[0]
    answer = doc["target"] if outcome == "correct" else draw.choice(WORDS)
    thought = f"{' '.join(draw.choices(WORDS, k=words))}. The answer is: " if words else ""
    open_answer = doc["format"] == "open"
    shared = {name: doc[name] for name in ("key", "cluster", "cell", "format", "question", "choices", "target")}
    scored = {
        "outcome": outcome,
        "scores": scores_of(outcome, (outcome == "correct") is (draw.random() < 0.97)),
        "extracted": None if open_answer or outcome == "unparsed" else answer,
        "judge": "rule" if open_answer else None,
        "reason": "match" if open_answer else None,
    }
    data = {"arm": "image", "fingerprint": doc["fingerprint"], "version": "1-A", "facets": doc["facets"]}
    record = {**shared, **scored, **data, "response": thought + answer}
    return {"filtered_resps": thought + answer, "input": f"{doc['question']}\nAnswer.", "record": record}


def build(folders: Sequence[Path], data: Path, page: Path) -> dict[str, float]:
    """Seconds of the command and of its parts, and the page's size, from a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--build", str(page), str(data), *map(str, folders)],
        check=True,
        capture_output=True,
        text=True,
    )
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _build(page: Path, data: Path, folders: Sequence[str]) -> None:
    """In a process of its own: the report, with clocks around its parts."""
    begun = time.perf_counter()
    from radimagenet_vqa_tasks.report import build

    parts = {"importing": time.perf_counter() - begun}
    names = {
        "read_runs": "reading the logs",
        "pictures_of": "reading the images",
        "sections": "tables",
        "_figures": "figures, in two themes",
        "columns_of": "reading the responses",
        "packed": "packing the questions",
    }
    for name, what in names.items():
        _clocked(parts, what, build, name)
    made = build.report(folders, page, copies={"radvqa": data})
    parts["in all"] = time.perf_counter() - begun
    parts["the rest (thumbnails, mostly)"] = 2 * parts["in all"] - sum(parts.values())
    parts["size of the page, MB"] = made.size / 1e6
    print(json.dumps(parts))


def _clocked(parts: dict[str, float], what: str, module: Any, name: str) -> None:
    original = getattr(module, name)

    def timed(*arguments: Any, **options: Any) -> Any:
        begun = time.perf_counter()
        try:
            return original(*arguments, **options)
        finally:
            parts[what] = parts.get(what, 0.0) + time.perf_counter() - begun

    setattr(module, name, timed)


def browse(page: Path) -> dict[str, float]:
    """Milliseconds in the browser, of a page that has been opened before."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        alone = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=alone)
        ready = []
        for _ in range(3):
            tab = browser.new_page(viewport={"width": 1440, "height": 900})
            begun = time.perf_counter()
            tab.goto(page.as_uri())
            tab.wait_for_selector("#browser.ready")
            ready.append(1000 * (time.perf_counter() - begun))
        measured = tab.evaluate(IN_THE_PAGE)
        browser.close()
    found = {"until it can be used, best of three": min(ready)}
    for name, what in (
        ("filters", "a filter"),
        ("searches", "a letter typed into the search"),
        ("scrolls", "a scroll"),
    ):
        found[f"{what}, median"] = statistics.median(measured[name])
        found[f"{what}, slowest"] = max(measured[name])
    return found


def tables(built: Mapping[str, Mapping[str, float]], browsed: Mapping[str, Mapping[str, float]]) -> str:
    """The measurements as Markdown."""
    lines = []
    for head, columns, digits in (
        ("writing the page, seconds", built, 1),
        ("using it in the browser, milliseconds", browsed, 0),
    ):
        lines += [f"| {head} | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
        for name in next(iter(columns.values())):
            lines.append(f"| {name} | " + " | ".join(f"{one[name]:,.{digits}f}" for one in columns.values()) + " |")
        lines.append("")
    return "\n".join(lines).strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the figures in docs/benchmarks.md")
    parser.add_argument("--build", nargs="+", metavar="PATH", help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    if options.build:
        page, data, *folders = options.build
        _build(Path(page), Path(data), folders)
        return
    built, browsed = {}, {}
    with tempfile.TemporaryDirectory() as name:
        folder, data = Path(name), Path(name) / "data"
        made = [sys.executable, str(ROOT / "tools" / "shaped_data.py"), str(data)]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        for kind, words in (("short responses", 0), ("long responses", 100)):
            page = folder / f"{words}.html"
            built[kind] = build(write_runs(data, folder / str(words), words), data, page)
            browsed[kind] = browse(page)
    text = tables(built, browsed)
    print(text)
    if options.write:
        publish(text)


if __name__ == "__main__":
    main()
