"""`radvqa recipe`: the paper's two stages as files that the trainers take."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from radimagenet_vqa_tasks.build.recipe import Request, write_recipe
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.errors import RunError

QWEN = "Qwen/Qwen2.5-VL-7B-Instruct"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """What a recipe reads of a LLaMA-Factory export: its registry."""
    names = ("radvqa_alignment", "radvqa_alignment_val", "radvqa_instruct", "slake", "alternating")
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "dataset_info.json").write_text(json.dumps({name: {} for name in names}))
    return tmp_path / "rows"


@pytest.fixture
def swift_rows(tmp_path: Path) -> Path:
    """The same of an ms-swift export."""
    names = ("radvqa_alignment", "radvqa_instruct", "alternating")
    (tmp_path / "swift").mkdir()
    (tmp_path / "swift" / "dataset_info.json").write_text(json.dumps([{"dataset_name": name} for name in names]))
    return tmp_path / "swift"


def stages(out: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    return yaml.safe_load((out / "alignment.yaml").read_text()), yaml.safe_load((out / "instruct.yaml").read_text())


def test_llamafactory_has_the_papers_stages(rows: Path, tmp_path: Path) -> None:
    """Table 6: what is frozen, epochs, rates, schedule, and 4 GPUs x 1 row x 4 steps."""
    write_recipe(Request("llamafactory", QWEN, tmp_path / "out", rows))
    alignment, instruct = stages(tmp_path / "out")
    frozen = ("freeze_vision_tower", "freeze_multi_modal_projector", "freeze_language_model")
    assert [alignment[name] for name in frozen] == [False, False, True]
    assert [instruct[name] for name in frozen] == [False, False, False]
    assert (alignment["num_train_epochs"], instruct["num_train_epochs"]) == (1, 2)
    assert (alignment["learning_rate"], instruct["learning_rate"]) == (2e-6, 1e-5)
    assert (alignment["dataset"], instruct["dataset"]) == ("radvqa_alignment", "radvqa_instruct,slake")
    for stage in (alignment, instruct):
        assert (stage["lr_scheduler_type"], stage["warmup_ratio"], stage["weight_decay"]) == ("cosine", 0.03, 0.0)
        assert (stage["per_device_train_batch_size"], stage["gradient_accumulation_steps"]) == (1, 4)
    assert instruct["model_name_or_path"] == alignment["output_dir"]
    assert Path(instruct["deepspeed"]).is_file()


def test_swift_has_both_rates(swift_rows: Path, tmp_path: Path) -> None:
    """The language model's and the vision tower's, as the paper has them."""
    write_recipe(Request("swift", QWEN, tmp_path / "out", swift_rows))
    alignment, instruct = stages(tmp_path / "out")
    assert (instruct["learning_rate"], instruct["vit_lr"]) == (1e-5, 2e-6)
    assert (alignment["freeze_llm"], instruct["freeze_llm"]) == (True, False)
    assert (alignment["freeze_vit"], alignment["freeze_aligner"]) == (False, False)


def test_alternating_turns_shuffling_off(rows: Path, swift_rows: Path, tmp_path: Path) -> None:
    """Blocks of one source are batches of one source only where nothing is shuffled."""
    write_recipe(Request("llamafactory", QWEN, tmp_path / "a", rows, sampling="alternating"))
    write_recipe(Request("swift", QWEN, tmp_path / "b", swift_rows, sampling="alternating"))
    first, second = stages(tmp_path / "a")[1], stages(tmp_path / "b")[1]
    assert (first["dataset"], first["disable_shuffling"]) == ("alternating", True)
    assert (second["dataset"], second["dataset_shuffle"], second["train_dataloader_shuffle"]) == (
        ["alternating"],
        False,
        False,
    )
    assert "disable_shuffling" not in stages(tmp_path / "a")[0]


@pytest.mark.parametrize(("gpus", "nodes"), [(1, 1), (4, 1), (8, 2)])
def test_the_script_is_sound_from_one_gpu_to_several_nodes(rows: Path, tmp_path: Path, gpus: int, nodes: int) -> None:
    """Bash takes it; processes and nodes are named where there are several; the global batch stays."""
    write_recipe(Request("llamafactory", QWEN, tmp_path / "out", rows, gpus=gpus, nodes=nodes))
    script = tmp_path / "out" / "train.sh"
    subprocess.run(["bash", "-n", str(script)], check=True)
    text = script.read_text()
    assert ("NPROC_PER_NODE" in text) == (gpus * nodes > 1)
    assert ("NNODES=2" in text) == (nodes > 1)
    assert stages(tmp_path / "out")[0]["gradient_accumulation_steps"] * gpus * nodes == 16


def test_the_readme_names_the_contradiction(rows: Path, tmp_path: Path) -> None:
    """The paper's batch is 4 or 16; and LLaMA-Factory's one rate is a departure."""
    write_recipe(Request("llamafactory", QWEN, tmp_path / "out", rows))
    text = (tmp_path / "out" / "README.md").read_text()
    assert "That makes 16" in text
    assert "one rate for all weights" in text


def test_what_cannot_be_is_refused(rows: Path, swift_rows: Path, tmp_path: Path) -> None:
    """A batch that does not divide, another trainer's export, an unknown format, a missing stage, a full folder."""
    for request, said in (
        (Request("llamafactory", QWEN, tmp_path / "out", rows, gpus=3), "cannot be had from 3 GPUs"),
        (Request("llamafactory", QWEN, tmp_path / "out", swift_rows), "is an export for swift"),
        (Request("llamafactory", "acme/model", tmp_path / "out", rows), "with --template"),
        (Request("llamafactory", QWEN, tmp_path / "out", tmp_path), "Export first"),
        (Request("llamafactory", QWEN, rows, rows), "not empty"),
    ):
        with pytest.raises(RunError, match=said):
            write_recipe(request)
    assert not (tmp_path / "out").exists()


def test_the_command_lists_its_files(rows: Path, tmp_path: Path) -> None:
    """Every file is named."""
    arguments = [
        "recipe",
        "--trainer",
        "llamafactory",
        "--model",
        QWEN,
        "--data",
        str(rows),
        "-o",
        str(tmp_path / "out"),
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert {Path(line).name for line in result.output.split()} == {
        *("alignment.yaml", "instruct.yaml", "train.sh", "zero3.json", "README.md")
    }
