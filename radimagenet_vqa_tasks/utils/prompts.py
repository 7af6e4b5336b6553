"""What a model is shown: the images (or nothing, or something else in their place), then one text.

The instructions before and after the question are `pre_prompt` and `post_prompt` of the task files'
`lmms_eval_specific_kwargs`, so that users of the host override them for a model as they do for any task. In a task
with questions of several formats, `post_prompt_phrase` takes the place of `post_prompt` after those of format "phrase".
Where a benchmark's questions have several images and it knows ways to show some of them, `views` names one.

Marks in a text that name an image ("<image 1>") stay as the data set has them: the images come first, in the order of
their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PIL import Image

from radimagenet_vqa_tasks.benchmarks import BENCHMARK_OF
from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS, body
from radimagenet_vqa_tasks.data.images import blank, decode
from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.scoring.record import ArmName

_Given = Mapping[str, Any] | None


def doc_to_text(doc: Mapping[str, Any], lmms_eval_specific_kwargs: _Given = None) -> str:
    """The prompt of one question."""
    affixes = lmms_eval_specific_kwargs or {}
    after = affixes.get(f"post_prompt_{doc['format']}", affixes.get("post_prompt", ""))
    listed = {name: affixes[name] for name in ("options", "mark") if name in affixes}
    asked = body(doc["question"], doc["choices"] if doc["format"] == "mc" else (), **listed)
    return f"{affixes.get('pre_prompt', '')}{asked}{affixes.get('told', '')}{after}"


def doc_to_visual(doc: Mapping[str, Any], lmms_eval_specific_kwargs: _Given = None) -> list[Image.Image]:
    """The question's images, decoded to 8-bit RGB. Raises DataError where one cannot be."""
    return [decode(image, doc["key"]) for image in _shown(doc, lmms_eval_specific_kwargs)]


def doc_to_blank_visual(doc: Mapping[str, Any], lmms_eval_specific_kwargs: _Given = None) -> list[Image.Image]:
    """Uniform grey in the place of each image, of its size. Raises DataError where an image is no image."""
    return [blank(image, doc["key"]) for image in _shown(doc, lmms_eval_specific_kwargs)]


def _shown(doc: Mapping[str, Any], given: _Given) -> Sequence[dict[str, Any]]:
    """The images that `views` leaves. Raises DataError where the benchmark knows no such way."""
    way, images = (given or {}).get("views", ALL_VIEWS), doc["images"]
    if way == ALL_VIEWS:
        return images
    ways = BENCHMARK_OF[doc["cell"]].views
    if way not in ways:
        raise DataError(f"views: {way!r} is none of {', '.join((ALL_VIEWS, *ways))}; the task's file names it")
    return [images[place] for place in ways[way](doc["views"])]


def doc_to_no_visual(doc: Mapping[str, Any], lmms_eval_specific_kwargs: _Given = None) -> list[Image.Image]:
    """Nothing to look at. An empty list, not None: the host's chat backends treat the two differently."""
    return []


VISUALS: Mapping[ArmName, Callable[[Mapping[str, Any], _Given], list[Image.Image]]] = {
    "image": doc_to_visual,
    "textonly": doc_to_no_visual,
    "told": doc_to_no_visual,
    "blank": doc_to_blank_visual,
    "swapped": doc_to_visual,  # the questions of the arm have other pictures already
}
"""What is shown in each arm."""
