"""`radvqa table` and `radvqa compare` as a person types them."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from runs_support import changed, records, write
from support import Command, message

from radimagenet_vqa_tasks.cli import main

EVIL = "<script>alert(1)</script>|=1+1\x1b[31m\u202e\\input{x}"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with both arms."""
    write(tmp_path / "run", records(6, lambda image, cell: image < 4) + records(6, arm="textonly"))
    return tmp_path / "run"


def invoke(*arguments: object, code: int = 0) -> str:
    """The output of a command that must end with `code`."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize("form", ["text", "md", "latex", "csv", "json"])
def test_table_prints_every_format(run: Path, form: str) -> None:
    """Each format has both arms, the breakdown and the pathologies."""
    printed = invoke("table", run, "--by", "location", "--pathologies", "1", "--format", form)
    assert "66.7" in printed or "0.66666" in printed
    assert "brain" in printed and "fracture" in printed
    if form == "json":
        assert json.loads(printed)["schema"] == "radvqa.table/1"
    if form == "csv":
        assert len({len(row) for row in csv.reader(io.StringIO(printed))}) == 1


def test_table_by_the_papers_protocol(run: Path) -> None:
    """The title says by whose rules the numbers were made."""
    assert "by the paper's protocol" in invoke("table", run, "--protocol", "paper")
    assert "told apart by the right answer" in invoke("table", run, "--closed_by", "answer")


def test_compare_two_runs_and_text_only(run: Path, tmp_path: Path) -> None:
    """Images are compared with images; --text_only compares the other arm."""
    write(tmp_path / "other", records(6) + records(6, lambda *_: False, arm="textonly"))
    rows = json.loads(invoke("compare", f"a={run}", f"b={tmp_path / 'other'}", "--format", "json"))["tables"][0]["rows"]
    assert [row["difference"] for row in rows] == pytest.approx([1 / 3] * 10)
    blind = json.loads(invoke("compare", run, tmp_path / "other", "--text_only", "--format", "json"))["tables"][0]
    assert [row["difference"] for row in blind["rows"]] == pytest.approx([-1] * 10)


def test_table_writes_figures_and_shows_consistency(run: Path, tmp_path: Path) -> None:
    """--figures leaves SVG and PNG files and says so aside; --consistency adds its tables; neither disturbs the CSV."""
    folder = tmp_path / "deep" / "figures"
    result = CliRunner().invoke(
        main, ["table", str(run), "--figures", str(folder), "--consistency", "--format", "csv"], catch_exceptions=False
    )
    assert {path.suffix for path in folder.iterdir()} == {".svg", ".png"} and (folder / "blind-1.svg").exists()
    assert "both_right_anatomy" in result.stdout and "figures" in result.stderr
    assert len({len(row) for row in csv.reader(io.StringIO(result.stdout))}) == 1


def test_figures_that_cannot_be_written_are_an_error(run: Path, tmp_path: Path) -> None:
    """A file where the folder should be is named, without a traceback."""
    (tmp_path / "taken").write_text("")
    assert "no figures can be written to" in invoke("table", run, "--figures", tmp_path / "taken" / "x", code=1)


def test_compare_by_a_facet(run: Path, tmp_path: Path) -> None:
    """--by adds a table a facet, and is refused where nothing would be broken down by it."""
    write(tmp_path / "other", records(6))
    printed = json.loads(invoke("compare", run, tmp_path / "other", "--by", "location", "--format", "json"))
    assert [table["title"].rpartition(", ")[2] for table in printed["tables"]][1] == "by location"
    assert "--by breaks down the comparison of runs" in invoke("compare", run, "--blind", "--by", "location", code=2)
    assert "cannot be broken down by 'region'" in invoke("compare", run, tmp_path / "other", "--by", "region", code=1)


def test_compare_published_names_the_row(run: Path) -> None:
    """A named row is set beside the run; a run without a published name is told so."""
    assert "published GPT-5" in invoke("compare", run, "--published", "gpt-5")
    assert "no published row is called 'publisher/model'" in invoke("compare", run, "--published", code=1)


def test_compare_blind_finds_the_other_arm(run: Path, tmp_path: Path) -> None:
    """Both arms of one run, or the text-only arm of another; a run without one is told so."""
    assert "with and without the image" in invoke("compare", run, "--blind")
    write(tmp_path / "seeing", records(6))
    assert "has no answers to RadImageNet-VQA without the images" in invoke(
        "compare", tmp_path / "seeing", "--blind", code=1
    )
    assert "with and without the image" in invoke("compare", tmp_path / "seeing", "--blind", run)
    assert "one at a time" in invoke("compare", run, "--blind", "--published", code=2)


def test_what_was_left_out_goes_to_standard_error(run: Path) -> None:
    """Notes on reading do not end up in a CSV file."""
    log = next(run.glob("*anatomy_mc.jsonl"))
    log.write_text(log.read_text()[:-30])
    result = CliRunner().invoke(main, ["table", str(run), "--format", "csv"])
    assert "the last, is cut off" in result.stderr and "cut off" not in result.stdout
    assert ",true,radvqa,,,anatomy_mc,0.8," in result.stdout  # four of the five that are left


@pytest.mark.parametrize("form", ["text", "md", "latex", "csv"])
def test_hostile_names_do_not_get_through(tmp_path: Path, form: str) -> None:
    """A model's name, a judge, a pathology and a folder that are attacks come out harmless from every command."""
    found = [
        changed(one, pathology=EVIL, judge=EVIL if one.format == "open" else None)
        for one in records(6) + records(6, arm="textonly")
    ]
    folder = tmp_path / "=evil\x1b[2J"
    write(folder, found, model=EVIL)
    for arguments in (
        ("table", folder, "--by", "pathology", "--pathologies", "1"),
        ("compare", folder, f"{EVIL}={folder}"),
        ("compare", folder, "--blind"),
        ("compare", folder, "--published", "gpt-5"),
    ):
        printed = invoke(*arguments, "--format", form)
        assert not set(printed) & set("\x1b\x00\u202e")
        if form == "md":
            assert not [at for at in range(len(printed)) if printed[at] == "<" and printed[at - 1] != "\\"]
        if form == "latex":
            assert r"\input" not in printed
        if form == "csv":
            assert not [f for row in csv.reader(io.StringIO(printed)) for f in row if f.startswith(("=", "@", "+"))]
    assert "\x1b" not in invoke("table", tmp_path / "no\x1b[31m", code=1)


def test_table_does_not_import_the_heavy_libraries(command: Command, run: Path) -> None:
    """Tables and comparisons need neither torch nor the host nor pandas, nor scipy's slow parts: they start at once."""
    heavy = {"torch", "transformers", "lmms_eval", "datasets", "pandas", "sklearn", "pyarrow", "matplotlib"}
    script = (
        "import sys\nfrom radimagenet_vqa_tasks.cli import main\n"
        f"for words in (['table', {str(run)!r}], ['compare', {str(run)!r}, '--blind']):\n"
        "    try: main(words)\n    except SystemExit as end: assert not end.code\n"
        f"    print(words[0], sorted(({heavy!r} | {{'scipy.stats', 'statsmodels'}}) & set(sys.modules)))\n"
    )
    result = command(sys.executable, "-c", script)
    assert "table []" in result.stdout.splitlines(), message(result)
    assert result.stdout.splitlines()[-1] == "compare []", message(result)


def test_output_that_has_no_character_for_a_name(command: Command, tmp_path: Path) -> None:
    """A terminal of another encoding gets a question mark and not a traceback."""
    write(tmp_path / "run", records(2), model="модель")
    result = command("radvqa", "table", tmp_path / "run", env={"PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0 and "anatomy Open" in result.stdout, message(result)


def test_facets_in_the_help_are_those_there_are() -> None:
    """The help names every facet."""
    from radimagenet_vqa_tasks.benchmarks import BENCHMARKS

    shown = " ".join(invoke("table", "--help").split())
    assert all(facet in shown for family in BENCHMARKS.values() for facet in (*family.facets, "format"))
