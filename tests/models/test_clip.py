"""The CLIP backend: arithmetic by hand, and a small model of random weights through the runner."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from support import lines_of

from radimagenet_vqa_tasks import paper_option, read_option
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.models.clip import Asked, Clip, reply, similarities, weights
from radimagenet_vqa_tasks.run.evaluation import run

pytestmark = pytest.mark.host
ROOT_HALF = math.sqrt(0.5)


@pytest.fixture(scope="module")
def small_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as open_clip saves models, with two tiny towers of random weights."""
    open_clip = pytest.importorskip("open_clip", reason="the extra [clip] is not installed")
    folder = tmp_path_factory.mktemp("clip")
    vision = {"image_size": 32, "layers": 1, "width": 64, "head_width": 32, "patch_size": 16}
    text = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1}
    config = {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text}
    torch.manual_seed(0)
    torch.save(open_clip.CLIP(**config).state_dict(), folder / "open_clip_pytorch_model.bin")
    held = {"model_cfg": config, "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3}}
    (folder / "open_clip_config.json").write_text(json.dumps(held), encoding="utf-8")
    return folder


def test_slices_weigh_by_their_distance_from_the_middle() -> None:
    """A Gaussian of one slice about n // 2, as in CT-Bench's script; views of one thing weigh the same."""
    nine = weights(9, "slices")
    assert sum(nine) == pytest.approx(1) and nine[4] == max(nine)
    assert [nine[at] / nine[4] for at in (3, 5, 2)] == pytest.approx([math.exp(-0.5), math.exp(-0.5), math.exp(-2)])
    assert weights(2, "slices")[1] == max(weights(2, "slices"))
    assert weights(4, "views") == [0.25] * 4


def test_cosines_are_of_the_options_whatever_they_are() -> None:
    """By hand: texts against the mean of the images, or images against the question's text."""
    images, texts = torch.eye(2), torch.tensor([[1.0, 0.0], [0.0, 1.0], [ROOT_HALF, ROOT_HALF]])
    views = Asked("views", [None, None], "?", ["a", "b", "c"])  # type: ignore[list-item]
    assert similarities(views, images, texts) == pytest.approx([ROOT_HALF, ROOT_HALF, 1.0])
    slices = Asked("slices", [None, None], "?", ["a", "b"])  # type: ignore[list-item]
    first, middle = math.exp(-0.5), 1.0
    expected = [one / math.hypot(first, middle) for one in (first, middle)]
    assert similarities(slices, images, texts[:2]) == pytest.approx(expected)
    options = Asked("options", [None, None], "a lesion", ["Image A", "Image B"])  # type: ignore[list-item]
    assert options.texts == ("a lesion",)
    assert similarities(options, images, texts[1:2]) == pytest.approx([0.0, 1.0])


def test_reply_is_read_as_its_letter_by_both_protocols() -> None:
    """The cosines behind it are no answer; where one is no number there is no letter."""
    said = reply([0.1, 0.25, -0.3, 0.25])
    choices = ["liver", "spleen", "kidney", "0.25"]
    assert said == "B\n\nsimilarities: 0.100000, 0.250000, -0.300000, 0.250000"
    assert read_option(said, choices) == "B" and paper_option(said, choices) == {"B"}
    assert read_option(reply([math.nan, 0.5]), choices[:2]) is None


def ran(small_clip: Path, output: Path, tasks: str, copies: Any = None, more: str = "", batch: str = "4") -> list[Any]:
    arguments = ["--model", "radvqa_clip", "--model_args", f"pretrained={small_clip}{more}", "--tasks", tasks]
    found = run(
        [*arguments, "--device", "cpu", "--batch_size", batch, "--output_path", str(output), "--limit", "6"], copies
    )
    assert found is not None
    return [line["record"] for line in lines_of(found.sample_logs)]


def test_sample_and_both_forms_of_options_through_the_runner(
    small_clip: Path, tmp_path: Path, comparator_copies: dict[str, Path]
) -> None:
    """Every question gets a letter, the nearest by the logged cosines; batches and repeats change nothing."""
    tasks = ",".join(f"radvqa_ctbench_clip_{kind}_bbox" for kind in ("img2txt", "ct2txt", "txt2img"))
    tasks += ",radvqa_sample_pathology_mc,radvqa_rexvqa_geometric"
    copies = {name: comparator_copies[name] for name in ("ctbench", "rexvqa")}
    records = ran(small_clip, tmp_path / "a", tasks, copies)
    assert len(records) == 30
    for record in records:
        found = [float(one) for one in record["response"].partition("similarities: ")[2].split(", ")]
        assert record["outcome"] in ("correct", "incorrect") and len(found) == len(record["choices"])
        assert record["extracted"] == "ABCDEFGHIJ"[found.index(max(found))]
    sample = [one for one in records if one["cell"] == "pathology_mc"]
    again = ran(
        small_clip, tmp_path / "b", "radvqa_sample_pathology_mc", None, ",precision=fp32,template={}", batch="1"
    )
    assert [one["extracted"] for one in again] == [one["extracted"] for one in sample]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"pretrained": ""}, "needs --model_args pretrained="),
        ({"pretrained": "x", "presicion": "fp16"}, "no model argument 'presicion'"),
        ({"pretrained": "x", "precision": "int8"}, "precision=int8 is none of fp32, fp16, bf16"),
        ({"pretrained": "x", "template": "a scan"}, "has no {} for the option"),
        ({"pretrained": "nowhere", "model": "ViT-Z"}, "the CLIP model nowhere .ViT-Z. cannot be loaded"),
    ],
)
def test_wrong_argument_is_named(arguments: dict[str, str], said: str) -> None:
    """Before anything is asked, with what is right."""
    with pytest.raises(RunError, match=said):
        Clip(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("radvqa_sample_abnormality_closed", "radvqa_sample_abnormality_closed has others"),
        ("radvqa_sample_anatomy_mc_textonly", "radvqa_sample_anatomy_mc_textonly shows none"),
    ],
)
def test_question_without_options_or_image_is_refused(task: str, said: str, small_clip: Path, tmp_path: Path) -> None:
    """It has nothing to compare."""
    with pytest.raises(RunError, match=said):
        ran(small_clip, tmp_path, task)
