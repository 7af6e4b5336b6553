"""`radvqa_clip`: models that put images and texts into one space (CLIP, BiomedCLIP), by open_clip (extra `[clip]`).

The answer to a multiple-choice question is the option whose text is nearest to the image by the cosine of their
vectors; where the options are images, the image nearest to the question's text. Neighbouring slices are averaged with
the weights of a Gaussian of one slice about the middle one, as CT-Bench's script does it; several views of one thing
equally. The letter is the reply; the cosines follow in a paragraph of their own, in the order of the options.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lmms_eval.api.instance import Instance
from lmms_eval.api.model import lmms
from PIL import Image
from tqdm import tqdm

from radimagenet_vqa_tasks.benchmarks import cell_called
from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS, Pictures
from radimagenet_vqa_tasks.errors import RunError

SIGMA = 1.0  # slices
DEFAULT_BATCH = 16

Vectors = torch.Tensor
"""Rows of length 1, float32."""


@dataclass(frozen=True)
class Asked:
    """What one question gives to compare."""

    pictures: Pictures
    images: Sequence[Image.Image]
    question: str
    choices: Sequence[str]

    @property
    def texts(self) -> Sequence[str]:
        """What the images are compared with: the options, or the question where the images are the options."""
        return (self.question,) if self.pictures == "options" else self.choices


def weights(images: int, pictures: Pictures) -> list[float]:
    """How much each image of a question counts in their mean; they sum up to 1."""
    middle = images // 2
    raw = [math.exp(-(((at - middle) / SIGMA) ** 2) / 2) if pictures == "slices" else 1.0 for at in range(images)]
    return [one / sum(raw) for one in raw]


def similarities(asked: Asked, images: Vectors, texts: Vectors) -> list[float]:
    """The cosine of each option, in their order; `images` and `texts` are the vectors of the question's own."""
    if asked.pictures == "options":
        return [float(one) for one in images @ texts[0]]
    shares = torch.tensor(weights(len(images), asked.pictures), dtype=images.dtype, device=images.device)
    mean = torch.nn.functional.normalize(shares @ images, dim=0)
    return [float(one) for one in texts @ mean]


def reply(found: Sequence[float]) -> str:
    """The letter of the nearest option, the first of equal ones, and all cosines; no letter where one is no number."""
    listed = ", ".join(f"{one:.6f}" for one in found)
    if not all(map(math.isfinite, found)):
        return f"(no answer)\n\nsimilarities: {listed}"
    return f"{LETTERS[max(range(len(found)), key=found.__getitem__)]}\n\nsimilarities: {listed}"


class Clip(lmms):
    """The host's backend around an open_clip model.

    Model arguments:
        pretrained: "hf-hub:ORG/NAME"; a folder as open_clip saves it; or, with `model`, a checkpoint's file or tag.
        model: the architecture, where `pretrained` does not tell: "ViT-B-32".
        precision: "fp32" (the default), "fp16" or "bf16".
        template: the sentence around an option, with {} in its place.
        context_length: of texts in tokens, where it is not to be the model's own.

    The host's options `--device` and `--batch_size` come as `device` and `batch_size`: so many images or texts are
    encoded at a time.
    """

    is_simple = True

    def __init__(
        self,
        pretrained: str = "",
        model: str = "",
        precision: str = "fp32",
        template: str = "{}",
        context_length: int | str | None = None,
        device: str | None = None,
        batch_size: int | str | None = None,
        max_batch_size: int | str | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__()
        if unknown:
            raise RunError(f"radvqa_clip has no model argument {sorted(unknown)[0]!r}; docs/running.md lists them.")
        if "{}" not in str(template):
            raise RunError(f"radvqa_clip: template={template!r} has no {{}} for the option's text.")
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        said = str(batch_size or "")  # "auto" is no number
        self.batch_size = max(1, int(said)) if said.isdigit() else DEFAULT_BATCH
        self._template, self._texts = str(template), dict[str, Vectors]()
        length = None if context_length is None else int(context_length)
        self._model, self._see, self._tokens, self._dtype = _loaded(pretrained, model, precision, self.device, length)

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """A reply to every request. Raises RunError for a question without options or without an image."""
        replies: list[str] = []
        bar = tqdm(total=len(requests), desc="Comparing", disable=self.rank != 0)
        for start in range(0, len(requests), self.batch_size):
            batch = [self._to_compare(request) for request in requests[start : start + self.batch_size]]
            replies += map(reply, self._compared(batch))
            bar.update(len(batch))
        return replies

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        raise NotImplementedError("radvqa_clip compares; it has no likelihoods")

    def generate_until_multi_round(self, requests: list[Instance]) -> list[str]:
        raise NotImplementedError("the pack's tasks have one round")

    def _to_compare(self, request: Instance) -> Asked:
        _, _, doc_to_visual, doc_id, task, split = request.args
        doc = self.task_dict[task][split][doc_id]
        if doc.get("format") != "mc" or "cell" not in doc:
            raise RunError(f"radvqa_clip answers the pack's multiple-choice questions, and {task} has others.")
        images = doc_to_visual(doc)
        if not images:
            raise RunError(f"radvqa_clip compares images with texts, and {task} shows none.")
        found = Asked(cell_called(doc["cell"]).pictures, images, doc["question"], doc["choices"])
        if found.pictures == "options" and len(images) != len(found.choices):
            raise RunError(
                f"question {doc['key']!r} of {task} has {len(found.choices)} options and {len(images)} images."
            )
        return found

    def _compared(self, batch: Sequence[Asked]) -> Iterator[list[float]]:
        """Every question's cosines; all images and all new texts of the batch are encoded together."""
        images = self._encode([image for one in batch for image in one.images])
        self._learn({text for one in batch for text in one.texts})
        start = 0
        for one in batch:
            own = images[start : start + len(one.images)]
            start += len(one.images)
            yield similarities(one, own, torch.stack([self._texts[text] for text in one.texts]))

    @torch.inference_mode()
    def _encode(self, images: Sequence[Image.Image]) -> Vectors:
        seen = [torch.stack([self._see(image) for image in part]) for part in _parts(images, self.batch_size)]
        return torch.cat([_unit(self._model.encode_image(one.to(self.device, self._dtype))) for one in seen])

    @torch.inference_mode()
    def _learn(self, texts: set[str]) -> None:
        """The vectors of texts that were not seen before; the same options are asked again and again."""
        for part in _parts(sorted(texts - self._texts.keys()), self.batch_size):
            tokens = self._tokens([self._template.replace("{}", text) for text in part]).to(self.device)
            self._texts.update(zip(part, _unit(self._model.encode_text(tokens)), strict=True))


def _loaded(
    pretrained: str, model: str, precision: str, device: torch.device, context_length: int | None
) -> tuple[Any, Any, Any, torch.dtype]:
    """The model, what prepares an image, what prepares texts, and the images' type. Raises RunError."""
    try:
        import open_clip
    except ImportError as error:
        raise RunError("radvqa_clip needs open_clip: pip install 'radimagenet-vqa-tasks[clip]'") from error
    types = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
    if precision not in types:
        raise RunError(f"radvqa_clip: precision={precision} is none of {', '.join(types)}.")
    if not pretrained:
        raise RunError(
            "radvqa_clip needs --model_args pretrained=hf-hub:ORG/NAME, a folder, or model=...,pretrained=..."
        )
    name, weights_of = (model, pretrained) if model else (_source(pretrained), None)
    try:
        loaded, _, see = open_clip.create_model_and_transforms(
            name, pretrained=weights_of, precision=precision, device=device
        )
        tokens = open_clip.get_tokenizer(name, context_length=context_length)
    except Exception as error:  # each kind of source fails in its own way
        first = str(error).strip().partition("\n")[0]
        raise RunError(
            f"the CLIP model {pretrained}{f' ({model})' if model else ''} cannot be loaded ({type(error).__name__}: "
            f"{first}). It is hf-hub:ORG/NAME, a folder with open_clip_config.json, or model=ARCHITECTURE with a "
            "checkpoint's file or tag."
        ) from error
    return loaded.eval(), see, tokens, types[precision]


def _source(pretrained: str) -> str:
    """A folder in open_clip's way of writing; anything else as it is."""
    return f"local-dir:{pretrained}" if Path(pretrained).is_dir() else pretrained


def _unit(vectors: torch.Tensor) -> Vectors:
    return torch.nn.functional.normalize(vectors.float(), dim=-1)


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
