"""README.md and docs/: their commands are called as they stand there, and print what is printed there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import click
import doc_notebook
import pytest
from demonstration import Demonstration
from doc_commands import PAGES, Command, call, commands, rewritten
from runs_support import records, write
from support import ROOT

from radimagenet_vqa_tasks.benchmarks import BENCHMARKS
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.cli.building import volumes
from radimagenet_vqa_tasks.run.arguments import planned
from radimagenet_vqa_tasks.scoring.record import Record

# What the commands of the documents name: finished runs, models, and copies of data sets.
LIKE_TINY = ("qwen2_5_vl", "qwen", "a", "base", "mine", "siglip", "medgemma", "my-model")
LIKE_CHANCE = ("b", "tuned", "medsiglip")
DATA = {"vqarad": "vqa-rad", "slake": "SLAKE"}
PUBLISHED = "Qwen/Qwen2.5-VL-7B-Instruct"

# What is called with stand-ins elsewhere, because it takes a server, a model or a cluster.
ELSEWHERE = {
    "radvqa judge": "tests/judge/test_rejudge.py",
    "radvqa score": "tests/run/test_answers.py",
    "radvqa build volumes": "tests/build/test_volumes.py",
    "radvqa build --engine ray": "tests/build/test_ray.py",
    "radvqa build --check": "tests/build/test_duplicates.py",
    "radvqa study grounding --model": "tests/study/test_grounding.py",
    "radvqa leaderboard": "tests/run/test_leaderboard.py",
    "radvqa verify": "tests/data/test_verification.py",
    "radvqa table --judge_errors": "tests/analysis/test_judge_error.py",
}
ALL = [one for page in PAGES for one in commands(page)]
MODEL = ("--model", "radvqa_chance")


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
    demonstration: Demonstration,
    hub_copy: Path,
    comparator_copies: dict[str, Path],
    scans_tree: Path,
) -> Path:
    """A folder in which the runs and, in the home below it, the data lie where the documents have them."""
    folder = tmp_path_factory.mktemp("world")
    demo = folder / "runs" / "demo"
    shutil.copytree(demonstration.report.parent, demo)
    for name in LIKE_TINY:
        renamed(demo / "tiny", folder / "runs" / name, PUBLISHED)
    for name in LIKE_CHANCE:
        renamed(demo / "chance", folder / "runs" / name, "somebody/model")
    for name in ("qwen-distractors", "medgemma-distractors"):
        write(folder / "runs" / name, records(10, cells=BENCHMARKS["radvqa_distractors"].cells), model=name)
    write_tables(scans_tree, folder, [record for record in demonstration.with_images if record.format == "mc"])
    places = {"RadImageNet-VQA": hub_copy, "radimagenet": scans_tree, "scans": scans_tree}
    places |= {name: comparator_copies[source] for source, name in DATA.items()}
    for page in PAGES:
        home = folder / "homes" / page.stem
        home.mkdir(parents=True)
        for name, at in places.items():
            (home / name).symlink_to(at)
    return folder


def renamed(run: Path, to: Path, model: str) -> None:
    """A copy of a run as if another model had answered."""
    shutil.copytree(run, to)
    for results in to.rglob("*_results.json"):
        held = json.loads(results.read_text(encoding="utf-8"))
        results.write_text(json.dumps({**held, "model_name": model}), encoding="utf-8")


def write_tables(tree: Path, folder: Path, asked: Sequence[Record]) -> None:
    """The table labels.csv of some of the scans, and a person's answers to some questions."""
    answers = "".join(f"{record.key},ann,A\n" for record in asked[:9])
    (folder / "residents.csv").write_text(f"id,reader,letter\n{answers}", encoding="utf-8")
    scans = sorted(tree.rglob("*.png"))[::10]
    rows = [f"{scan.relative_to(tree).as_posix()},CT,chest,normal" for scan in scans if "CT" in scan.parts]
    (folder / "labels.csv").write_text("path,modality,region,pathology\n" + "\n".join(rows), encoding="utf-8")


@pytest.mark.host  # a study of a model
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_printed_outputs_are_those_of_the_commands(
    page: Path, world: Path, demonstration: Demonstration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python tools/doc_commands.py --write` would change nothing."""
    monkeypatch.chdir(world)

    def printed(words: Sequence[str]) -> str:
        return demonstration.output if tuple(words) == ("radvqa", "demo") else call(words)

    assert rewritten(page, printed) == page.read_text(encoding="utf-8")


@pytest.mark.parametrize("one", ALL, ids=str)
def test_every_command_is_one(one: Command) -> None:
    """Its subcommand, options, tasks and model are there, in sentences as in blocks."""
    program, *arguments = one.words
    if program in ("torchrun", "accelerate") and "run" in arguments:
        program, arguments = "radvqa", arguments[arguments.index("run") :]
    if program == "radvqa":
        command, rest = subcommand(main, arguments)
        unknown = [word for word in rest if word.startswith("--")]
        unknown = [word for word in unknown if word not in options(command)]
        assert not unknown or (takes_the_hosts(command) and set(unknown) <= hosts_options()), unknown
        asked = command.name == "run" and one.whole
    else:
        asked = one.whole and "--tasks" in arguments
    if asked:
        planned(with_a_model(arguments))


SHOWN = [
    one
    for one in ALL
    if one.whole and one.words[0] == "radvqa" and one.words[1] not in ("run", "demo") and "..." not in str(one)
]


@pytest.mark.parametrize("one", SHOWN, ids=str)
def test_every_command_on_results_and_data_works(one: Command, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called, on stand-ins of what it names, and exits with 0. A page's commands build on each other."""
    monkeypatch.chdir(world)
    monkeypatch.setenv("HOME", str(world / "homes" / one.page.stem))
    for prefix, test in ELSEWHERE.items():
        if set(prefix.split()) <= set(one.words):
            assert (ROOT / test).is_file()
            return
    if "MODEL" in one.words:
        return
    call((*one.words, "--workers", "1") if one.words[1] == "build" else one.words)


def subcommand(group: click.Command, arguments: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these arguments call, and what is left of them."""
    while isinstance(group, click.Group) and arguments and not arguments[0].startswith("-"):
        assert arguments[0] in group.commands, f"no command {arguments[0]}"
        group, arguments = group.commands[arguments[0]], arguments[1:]
    return (volumes, arguments[1:]) if arguments[:1] == ["volumes"] else (group, arguments)


def options(command: click.Command) -> set[str]:
    """The options that a command shows."""
    return {name for parameter in command.params for name in parameter.opts} | {"--help", "--version"}


def takes_the_hosts(command: click.Command) -> bool:
    """Whether a command passes options on to the host."""
    return bool(command.context_settings.get("ignore_unknown_options"))


def hosts_options() -> set[str]:
    """The host's options, from its source: importing it takes its time."""
    [folder] = find_spec("lmms_eval").submodule_search_locations  # type: ignore[union-attr, misc]
    return set(re.findall(r'"(--[a-z_]+)"', Path(folder, "__main__.py").read_text(encoding="utf-8")))


def with_a_model(arguments: Sequence[str]) -> list[str]:
    """With a model where the documents leave it open."""
    said = [word for word in arguments if word not in ("MODEL", "...")]
    if "--model" in said and said[said.index("--model") + 1].startswith("--"):
        said.remove("--model")
    return said if "--model" in said else [*said, *MODEL]


def test_no_stand_in_is_left_over() -> None:
    """What the documents no longer name goes."""
    said = " ".join(str(one) for one in ALL)
    assert all(f"runs/{name}" in said for name in (*LIKE_TINY, *LIKE_CHANCE))


def test_the_notebook_shows_what_its_cells_give(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`python tools/doc_notebook.py --write` would change nothing but pictures."""
    monkeypatch.chdir(world)
    held = json.loads(doc_notebook.NOTEBOOK.read_text(encoding="utf-8"))
    assert doc_notebook.texts(doc_notebook.executed(held)) == doc_notebook.texts(held)


def test_links_between_pages_lead_somewhere() -> None:
    """To a file that is there, and to a heading of it."""
    for page in (*PAGES, ROOT / "CONTRIBUTING.md"):
        for path, _, heading in re.findall(
            r"\]\((?!https?:)([^)#\s]*)(#([^)\s]+))?\)", page.read_text(encoding="utf-8")
        ):
            to = page.parent / path if path else page
            assert to.exists(), f"{page.name}: {path}"
            assert not heading or heading in headings(to), f"{page.name}: {path}#{heading}"


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    found = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in found}
