"""Train the demonstration model of the embedded sample: a tiny Qwen2.5-VL, from scratch, on two CPU cores.

    python tools/train_tiny_vlm.py --out radimagenet_vqa_tasks/sample/tiny_vlm

writes a checkpoint that lmms-eval's `qwen2_5_vl` backend runs unchanged, and `measured.json` beside it: accuracy and
number of questions for each kind of question, apart for stand-in images, training slices (every fourth), neighbours of
training slices and scans held out whole. It takes under an hour when the cores are free; the figures of the committed
checkpoint are in its README. Written for transformers 5.

Five short scans cannot teach a transformer to read a multiple-choice question, so reading and seeing are learned apart:

1. language: the image tokens are stand-ins, the sum of the embeddings of the region's and the finding's name, blurred.
   All eight regions and every label take part, and any number of questions costs nothing.
2. vision: with the language model at rest, the tower learns to emit those sums for real slices, strongly augmented.

A share of the questions comes without an image; their targets are guesses that depend on the question alone, so the
text-only arm answers in the right form and at chance. The schedule is fixed and the last step is kept: no image of the
sample chose anything here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from make_sample import SCANS, SEED, Scan, read_scans, split
from PIL import Image
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from torch import Tensor, nn
from torchvision.transforms import v2  # type: ignore[import-untyped]
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from radimagenet_vqa_tasks.generation import TEMPLATES, LabelledImage, nine_questions
from radimagenet_vqa_tasks.taxonomy import clean_label, labels_for, regions

# What the tasks put around a question; the golden prompt files of the tests are the authority.
OPEN_POST = "Please answer the question concisely."
CLOSED_POST = "Please output 'yes' or 'no'(no extra output)."
MC_POST = "Answer with the option's letter from the given choices directly."
SYSTEM_PROMPT = "You are a helpful assistant."  # the host's simple backend sends it, its chat backend does not

PAD, START, END = "<|pad|>", "<|im_start|>", "<|im_end|>"
VISION_START, VISION_END, IMAGE, VIDEO = "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"
UNKNOWN = "[UNK]"
CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif c['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif 'text' in c %}{{ c['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

SIDE = 448  # the host's default min_pixels doubles a 224 x 224 image
PATCH, MERGE = 56, 2
GRID = SIDE // PATCH
IMAGE_TOKENS = (GRID // MERGE) ** 2
MIN_PIXELS, MAX_PIXELS = 256 * 28 * 28, 1605632  # the host's defaults
DIM, LAYERS, HEAD = 128, 4, 32
VISION_DIM, VISION_LAYERS, VISION_HEADS = 64, 4, 4

# How often each of the nine questions is asked in training: the two with options are the hard ones.
SHARES = (2, 1, 1, 5, 1, 2, 1, 1, 4)

# transformers types these only in part: a Qwen2_5_VLForConditionalGeneration, its tokenizer and its processor.
Model: TypeAlias = Any
Words: TypeAlias = Any
Processor: TypeAlias = Any


# --- questions and answers ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """One prompt and its target. `image` is what the image shows, or None where the prompt has no image."""

    prompt: str
    answer: str
    kind: str
    image: LabelledImage | None
    system: bool = False

    def chat(self) -> str:
        """What the processor makes of the chat template's output."""
        system = f"{START}system\n{SYSTEM_PROMPT}{END}\n" if self.system else ""
        image = f"{VISION_START}{IMAGE * IMAGE_TOKENS}{VISION_END}" if self.image else ""
        return f"{system}{START}user\n{image}{self.prompt}{END}\n{START}assistant\n"


def prompt_of(row: dict[str, Any]) -> str:
    """The user text of a benchmark row."""
    if row["question_type"] == "multiple_choice":
        options = "\n".join(f"{letter}. {text}" for letter, text in zip("ABCD", row["choices"], strict=True))
        return f"Question: {row['question']}\nOptions:\n{options}\n{MC_POST}"
    return f"{row['question']}\n{OPEN_POST if row['question_type'] == 'open' else CLOSED_POST}"


def finding(image: LabelledImage) -> str:
    return clean_label(image.pathology)


def guess(row: dict[str, Any]) -> str:
    """A plausible answer that knows nothing but the question: its wording and, with options, the first of them."""
    if row["question_type"] == "multiple_choice":
        return "ABCD"[_number(row["choices"][0]) % 4]
    kind = row["metadata"]["question_id"]
    wording = _wording(kind, row["question"])
    if row["question_type"] == "closed":
        return ("yes", "no")[wording % 2]
    if kind == "anatomy_open":
        return list(regions())[wording]
    named = next((name for name in regions() if name in row["question"]), None)
    labels = [label.name for name in ([named] if named else regions()) for label in labels_for(name)]
    return labels[_number(row["question"]) % len(labels)]


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _wording(kind: str, question: str) -> int:
    """Which of its family's templates a question was written from."""
    templates = TEMPLATES[kind.removesuffix("_pos").removesuffix("_neg")]
    patterns = [re.sub(r"\\{\w+\\}", ".+", re.escape(template)) for template in templates]
    return next(index for index, pattern in enumerate(patterns) if re.fullmatch(pattern, question))


class Asker:
    """Draws training questions, about given images or about stand-ins for every region and label."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.stand_ins = {
            name: [LabelledImage(f"{name}/{raw}", name, "mri", raw) for raw in _raw_labels(name)] for name in regions()
        }

    def stand_in(self) -> LabelledImage:
        images = self.stand_ins[self.random.choice(list(self.stand_ins))]
        return images[-1] if self.random.random() < 0.4 else self.random.choice(images)

    def ask(self, image: LabelledImage, *, blind: bool = False) -> Example:
        """One of the nine questions about an image; blind, the same without the image and with a guess as target."""
        rows = nine_questions(image, seed=self.random.getrandbits(32))
        row = self.random.choices(rows, SHARES)[0]
        answer = guess(row) if blind else row["answer"]
        system = self.random.random() < 0.2
        return Example(prompt_of(row), answer, row["metadata"]["question_id"], None if blind else image, system)

    def ask_about_stand_ins(self, count: int, blind: float) -> list[Example]:
        return [self.ask(self.stand_in(), blind=self.random.random() < blind) for _ in range(count)]


def _raw_labels(region: str) -> tuple[str, ...]:
    return (*(label.raw for label in labels_for(region)), "normal")


# --- tokenizer and model --------------------------------------------------------------------------------------


def build_tokenizer() -> Words:
    """A word-level tokenizer. A region, a label or a fixed instruction is one token; punctuation is dropped."""
    labels = {finding(LabelledImage("", name, "mri", raw)) for name in regions() for raw in _raw_labels(name)}
    phrases = {SYSTEM_PROMPT, OPEN_POST, CLOSED_POST, MC_POST, *regions(), *labels}
    templates = [template.format(anatomy="", pathology="") for family in TEMPLATES.values() for template in family]
    plain = "system user assistant Question Options A B C D yes no"
    words = {word for text in (*phrases, *templates, plain) for word in re.findall(r"\w+", text)}
    whole = sorted((phrase for phrase in phrases if phrase not in words), key=lambda text: (-len(text), text))
    pattern = "|".join([*(rf"(?<!\w){re.escape(phrase)}(?!\w)" for phrase in whole), r"\w+"])
    special = (PAD, START, END, VISION_START, VISION_END, IMAGE, VIDEO)
    entries = (*special, UNKNOWN, *sorted(words), *whole)
    core = Tokenizer(models.WordLevel({entry: index for index, entry in enumerate(entries)}, unk_token=UNKNOWN))
    core.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        unk_token=UNKNOWN,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[START, VISION_START, VISION_END, IMAGE, VIDEO],
        chat_template=CHAT_TEMPLATE,
        padding_side="left",
    )


def build_processor(tokenizer: Words) -> Processor:
    pixels: dict[str, Any] = {
        "patch_size": PATCH,
        "merge_size": MERGE,
        "min_pixels": MIN_PIXELS,
        "max_pixels": MAX_PIXELS,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**pixels),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(**pixels),
        chat_template=CHAT_TEMPLATE,
    )


def build_model(tokenizer: Words) -> Model:
    """The untrained network, in float32."""
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": DIM,
        "intermediate_size": 3 * DIM,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": DIM // HEAD,
        "num_key_value_heads": DIM // HEAD,
        "max_position_embeddings": 4096,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1000.0, "mrope_section": [8, 4, 4]},
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "depth": VISION_LAYERS,
        "hidden_size": VISION_DIM,
        "intermediate_size": 3 * VISION_DIM,
        "num_heads": VISION_HEADS,
        "patch_size": PATCH,
        "spatial_merge_size": MERGE,
        "window_size": SIDE,
        "fullatt_block_indexes": list(range(VISION_LAYERS)),
        "out_hidden_size": DIM,
    }
    token: dict[str, Any] = {
        f"{name}_token_id": tokenizer.convert_tokens_to_ids(text)
        for name, text in (
            ("image", IMAGE), ("video", VIDEO), ("vision_start", VISION_START), ("vision_end", VISION_END)
        )
    }  # fmt: skip
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, tie_word_embeddings=True, **token)
    config._attn_implementation = "sdpa"
    model = Qwen2_5_VLForConditionalGeneration(config)
    start_comparing(model)
    return model


@torch.no_grad()
def start_comparing(model: Model) -> None:
    """Start half of the heads as "look at what equals me" (keys = queries), the others as "copy what you look at".

    Answering means finding the option that equals what the image shows. From random weights that comparison takes
    thousands of steps to emerge; from here, a few hundred.
    """
    half = DIM // 2
    for layer in model.model.language_model.layers:
        attention = layer.self_attn
        attention.q_proj.weight[:half] *= 3
        attention.k_proj.weight[:half] = attention.q_proj.weight[:half]
        attention.v_proj.weight[half:] *= 3
        attention.o_proj.weight[:, half:] = attention.v_proj.weight[half:].T


# --- batches --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Batch:
    """Right-padded token ids, next-token targets (-100 outside the answers), positions and the image mask."""

    ids: Tensor
    targets: Tensor
    positions: Tensor
    is_image: Tensor


def collate(examples: Sequence[Example], tokenizer: Words, model: Model) -> Batch:
    prompts = tokenizer([example.chat() for example in examples], add_special_tokens=False)["input_ids"]
    answers = tokenizer([example.answer + END for example in examples], add_special_tokens=False)["input_ids"]
    width = max(len(prompt) + len(answer) for prompt, answer in zip(prompts, answers, strict=True))
    ids = torch.full((len(examples), width), tokenizer.pad_token_id)
    targets = torch.full((len(examples), width), -100)
    for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        ids[row, : len(prompt) + len(answer)] = torch.tensor(prompt + answer)
        targets[row, len(prompt) - 1 : len(prompt) + len(answer) - 1] = torch.tensor(answer)
    is_image = ids == model.config.image_token_id
    grids = torch.tensor([[1, GRID, GRID]]).expand(int(is_image.any(1).sum()), 3)
    positions, _ = model.model.get_rope_index(ids, is_image.int(), image_grid_thw=grids)
    return Batch(ids, targets, positions, is_image)


def answer_logits(model: Model, batch: Batch, image_vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and targets at the answer positions; `image_vectors` is (examples with an image, IMAGE_TOKENS, DIM)."""
    vectors = model.get_input_embeddings()(batch.ids)
    vectors = vectors.masked_scatter(batch.is_image.unsqueeze(-1), image_vectors)
    output = model.model.language_model(inputs_embeds=vectors, position_ids=batch.positions, use_cache=False)
    asked = batch.targets != -100
    return model.lm_head(output.last_hidden_state[asked]), batch.targets[asked]


def hits(batch: Batch, logits: Tensor) -> list[bool]:
    """For each example, whether greedy decoding gives the target and then stops."""
    predicted = batch.targets.masked_scatter(batch.targets != -100, logits.argmax(-1))
    return (predicted == batch.targets).all(1).tolist()


def name_vectors(model: Model, tokenizer: Words, names: Sequence[str]) -> Tensor:
    vectors: Tensor = model.get_input_embeddings()(torch.tensor(tokenizer.convert_tokens_to_ids(list(names))))
    return vectors


def prototypes(model: Model, tokenizer: Words, images: Sequence[LabelledImage]) -> tuple[Tensor, Tensor]:
    """The vectors of each image's region and finding, (images, DIM) each."""
    return (
        name_vectors(model, tokenizer, [image.location for image in images]),
        name_vectors(model, tokenizer, [finding(image) for image in images]),
    )


def stand_in_vectors(model: Model, tokenizer: Words, examples: Sequence[Example]) -> Tensor:
    """Image tokens that a good vision tower might emit: prototypes in varying strength, with gaps and noise."""
    region, label = prototypes(model, tokenizer, [example.image for example in examples if example.image])
    shape = (len(region), IMAGE_TOKENS, 1)
    vectors = region[:, None] * (0.6 + 0.8 * torch.rand(shape)) + label[:, None] * (0.6 + 0.8 * torch.rand(shape))
    noise = 0.5 * vectors.detach().pow(2).mean().sqrt()
    return vectors * (torch.rand(shape) > 0.2) + noise * torch.randn_like(vectors)


# --- slices ---------------------------------------------------------------------------------------------------


class Slices:
    """The training slices as (n, 1, 224, 224) in 0..1, drawn so that every scan and region comes equally often."""

    def __init__(self, scans: Sequence[Scan], seed: int) -> None:
        self.random = random.Random(seed)
        self.images = [scan.image for scan in scans]
        pixels = [np.asarray(Image.open(SCANS / image.path).convert("L")) for image in self.images]
        self.pixels = torch.from_numpy(np.stack(pixels)).unsqueeze(1).float() / 255
        self.groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, scan in enumerate(scans):
            self.groups[scan.scan, scan.image.location].append(index)

    def draw(self, count: int) -> tuple[Tensor, list[LabelledImage]]:
        """Augmented pixels and what they show; abnormal slices, where a scan has any, are 40 % of its draws."""
        chosen = []
        for members in self.random.choices(list(self.groups.values()), k=count):
            abnormal = [index for index in members if self.images[index].is_abnormal]
            chosen.append(self.random.choice(abnormal if abnormal and self.random.random() < 0.4 else members))
        return augment(self.pixels[chosen]), [self.images[index] for index in chosen]


def augment(pixels: Tensor) -> Tensor:
    """Other shapes, tones and qualities of the same slices: all that stands in for other patients and scanners."""
    return degrade(retone(reshape(pixels)).clamp(0, 1)).clamp(0, 1)


def uniform(count: int, low: float, high: float) -> Tensor:
    return low + (high - low) * torch.rand(count)


def reshape(pixels: Tensor) -> Tensor:
    """Turn up to 20 degrees, zoom, stretch, shift, mirror and bend."""
    n = len(pixels)
    angle, zoom, aspect = uniform(n, -0.35, 0.35), uniform(n, -0.3, 0.3).exp(), uniform(n, -0.12, 0.12).exp()
    mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    shift = torch.stack([uniform(n, -0.2, 0.2), uniform(n, -0.2, 0.2)], -1)
    turn = torch.stack([cos * aspect * mirror, -sin / aspect, sin * aspect * mirror, cos / aspect], -1).view(n, 2, 2)
    matrix = torch.cat([turn, shift[:, :, None]], -1)
    bend = F.interpolate(0.04 * torch.randn(n, 2, 5, 5), size=pixels.shape[-2:], mode="bicubic", align_corners=False)
    grid = F.affine_grid(matrix, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid + bend.permute(0, 2, 3, 1) * torch.rand(n, 1, 1, 1), align_corners=False)


def retone(pixels: Tensor, knots: int = 6) -> Tensor:
    """A random rising tone curve for each image, as another window, contrast agent or coil would give."""
    n = len(pixels)
    curve = F.pad((torch.rand(n, knots) ** 1.5 + 0.05).cumsum(1), (1, 0))
    curve = torch.lerp(torch.linspace(0, 1, knots + 1), curve / curve[:, -1:], torch.rand(n, 1))
    low, high = 0.15 * torch.rand(n, 1), 1 - 0.25 * torch.rand(n, 1)
    curve = low + (high - low) * curve
    position = pixels.clamp(0, 1) * knots
    below = position.long().clamp(max=knots - 1)
    start, stop = (curve.gather(1, (below + step).flatten(1)).view_as(pixels) for step in (0, 1))
    return torch.lerp(start, stop, position - below)


def degrade(pixels: Tensor) -> Tensor:
    """Blur, noise, up to two grey boxes, and JPEG for a quarter of the images (one host backend sends JPEG)."""
    n = len(pixels)
    blurred = F.avg_pool2d(F.pad(pixels, (2, 2, 2, 2), mode="replicate"), 5, 1)
    pixels = torch.lerp(pixels, blurred, 0.9 * torch.rand(n, 1, 1, 1))
    pixels = pixels + torch.randn_like(pixels) * 0.08 * torch.rand(n, 1, 1, 1)
    for image in pixels:
        for _ in range(int(torch.randint(3, ()))):
            height, width = torch.randint(20, 80, (2,)).tolist()
            top, left = torch.randint(224 - 80, (2,)).tolist()
            image[:, top : top + height, left : left + width] = 0.6 * torch.rand(())
    jpeg = v2.JPEG((60, 95))
    for index in (torch.rand(n) < 0.25).nonzero()[:, 0].tolist():
        coded = jpeg((pixels[index].clamp(0, 1) * 255).round().byte().expand(3, -1, -1))
        pixels[index] = coded[:1].float() / 255
    return pixels


class GreyPatches(nn.Module):
    """The tower's patch embedding for grey stills: all channels and frames are equal, so their weights are summed.

    Six times less work in training than `Conv3d` on three channels and two frames, and the same function.
    """

    def __init__(self, convolution: nn.Conv3d) -> None:
        super().__init__()
        self.proj = convolution

    def forward(self, patches: Tensor) -> Tensor:
        return F.linear(patches, self.proj.weight.sum((1, 2)).flatten(1))


def see(model: Model, pixels: Tensor) -> Tensor:
    """The image tokens of 224 x 224 slices, (n, IMAGE_TOKENS, DIM); expects `GreyPatches` in the tower."""
    large = F.interpolate(pixels, size=(SIDE, SIDE), mode="bicubic", align_corners=False).clamp(0, 1)
    patches, *_ = Qwen2VLImageProcessor().patchify((large - 0.5) / 0.5, PATCH, MERGE, 1)
    grids = torch.tensor([[1, GRID, GRID]]).expand(len(pixels), 3)
    tokens: Tensor = model.model.visual(patches.flatten(0, 1), grid_thw=grids).pooler_output
    return tokens.view(len(pixels), IMAGE_TOKENS, DIM)


# --- the two stages -------------------------------------------------------------------------------------------

Loss = Callable[[float], tuple[Tensor, dict[str, list[bool]]]]


def optimise(name: str, parameters: Sequence[nn.Parameter], steps: int, peak: float, loss_at: Loss) -> None:
    """AdamW with warm-up, and cosine decay in the second half.

    `loss_at(progress)` returns the loss and, for the progress line, which examples were answered rightly, by kind.
    """
    optimizer = torch.optim.AdamW(parameters, lr=peak, betas=(0.9, 0.98), weight_decay=0.01)
    warmup = min(100, steps // 4 + 1)
    tally: dict[str, list[bool]] = defaultdict(list)
    begin = time.monotonic()
    for step in range(steps):
        cosine = 0.5 * (1 + math.cos(math.pi * max(0.0, 2 * step / steps - 1)))
        optimizer.param_groups[0]["lr"] = peak * min((step + 1) / warmup, 0.02 + 0.98 * cosine)
        loss, found = loss_at(step / steps)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        for kind, right in found.items():
            tally[kind] += right
        if (step + 1) % 50 == 0 or step + 1 == steps:
            shown = " ".join(f"{kind}={np.mean(right):.2f}" for kind, right in sorted(tally.items()))
            seconds = time.monotonic() - begin
            print(f"{name} {step + 1}/{steps} {seconds:.0f}s loss {loss.item():.3f} {shown}", flush=True)
            tally.clear()


def by_kind(examples: Sequence[Example], right: Sequence[bool]) -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = defaultdict(list)
    for example, is_right in zip(examples, right, strict=True):
        found[example.kind if example.image else f"blind_{example.kind}"].append(is_right)
    return found


def learn_language(model: Model, tokenizer: Words, asker: Asker, steps: int) -> None:
    """Stage 1. Guessing without an image is learned by heart, so it waits until the comparing has emerged."""

    def loss_at(progress: float) -> tuple[Tensor, dict[str, list[bool]]]:
        examples = asker.ask_about_stand_ins(96, blind=0.2 if progress > 0.6 else 0.0)
        batch = collate(examples, tokenizer, model)
        logits, targets = answer_logits(model, batch, stand_in_vectors(model, tokenizer, examples))
        return F.cross_entropy(logits, targets), by_kind(examples, hits(batch, logits))

    parameters = [*model.model.language_model.parameters()]
    optimise("language", parameters, steps, 1.5e-3, loss_at)


def learn_vision(model: Model, tokenizer: Words, slices: Slices, steps: int) -> None:
    """Stage 2. Each image token should equal the prototype; their mean should be nearest to the right names."""
    every_region = list(regions())
    every_label = sorted({finding(image) for image in slices.images})
    with torch.no_grad():
        names = [name_vectors(model, tokenizer, group) for group in (every_region, every_label)]

    def loss_at(progress: float) -> tuple[Tensor, dict[str, list[bool]]]:
        pixels, images = slices.draw(32)
        tokens = see(model, pixels)
        with torch.no_grad():
            target = torch.stack(prototypes(model, tokenizer, images)).sum(0)[:, None].expand_as(tokens)
        loss, found = F.mse_loss(tokens, target) / target.pow(2).mean(), {}
        wanted = (
            ("region", every_region, [image.location for image in images]),
            ("finding", every_label, [finding(image) for image in images]),
        )
        for (what, known, truth), vectors in zip(wanted, names, strict=True):
            likeness = 10 * F.cosine_similarity(tokens.mean(1)[:, None], vectors[None], dim=-1)
            answer = torch.tensor([known.index(name) for name in truth])
            loss = loss + 0.5 * F.cross_entropy(likeness, answer)
            found[what] = (likeness.argmax(-1) == answer).tolist()
        return loss, found

    optimise("vision", [*model.model.visual.parameters()], steps, 1e-3, loss_at)


# --- saving and measuring -------------------------------------------------------------------------------------


def save(model: Model, tokenizer: Words, folder: Path) -> None:
    """Write the checkpoint as bfloat16, the precision in which the host loads it."""
    model.generation_config.update(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=False
    )
    model.to(torch.bfloat16).save_pretrained(folder)
    build_processor(tokenizer).save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)


@torch.inference_mode()
def measure_binding(model: Model, tokenizer: Words, seed: int, count: int) -> dict[str, Any]:
    """Accuracy when perfect image tokens (stand-ins for all eight regions) take the tower's place."""
    asker = Asker(seed)
    examples = asker.ask_about_stand_ins(count, blind=0.0)
    batch = collate(examples, tokenizer, model)
    logits, _ = answer_logits(model, batch, stand_in_vectors(model, tokenizer, examples).to(model.dtype))
    return accuracies(by_kind(examples, hits(batch, logits)))


@torch.inference_mode()
def measure(model: Model, processor: Processor, scans: Sequence[Scan], *, blind: bool) -> dict[str, Any]:
    """Accuracy on the nine questions of each slice, by greedy generation through the saved processor."""
    rows = [(scan.image, row) for scan in scans for row in nine_questions(scan.image, SEED)]
    found: dict[str, list[bool]] = defaultdict(list)
    for begin in range(0, len(rows), 36):
        part = rows[begin : begin + 36]
        pictures = [[] if blind else [Image.open(SCANS / image.path).convert("RGB")] for image, _ in part]
        replies = answer(model, processor, pictures, [prompt_of(row) for _, row in part])
        for (_, row), reply in zip(part, replies, strict=True):
            found[row["metadata"]["question_id"]].append(reply == row["answer"])
    return accuracies(found)


def answer(
    model: Model, processor: Processor, pictures: Sequence[list[Image.Image]], prompts: Sequence[str]
) -> list[str]:
    messages = [
        [{"role": "user", "content": [*({"type": "image"} for _ in own), {"type": "text", "text": prompt}]}]
        for own, prompt in zip(pictures, prompts, strict=True)
    ]
    texts = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    images = [picture for own in pictures for picture in own] or None
    inputs = processor(text=texts, images=images, padding=True, padding_side="left", return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=16, do_sample=False)
    replies = output[:, inputs["input_ids"].shape[1] :]
    decoded: list[str] = processor.batch_decode(replies, skip_special_tokens=True)
    return decoded


def accuracies(found: dict[str, list[bool]]) -> dict[str, Any]:
    return {kind: {"accuracy": round(float(np.mean(right)), 4), "n": len(right)} for kind, right in found.items()}


def measure_all(folder: Path, seed: int) -> dict[str, Any]:
    """What the saved checkpoint can do, apart: reading the question, and seeing three kinds of slices."""
    model: Model = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, dtype=torch.bfloat16)
    processor: Processor = Qwen2_5_VLProcessor.from_pretrained(folder)
    parts = split(read_scans())
    report: dict[str, Any] = {"binding": measure_binding(model, processor.tokenizer, seed + 1, 3000)}
    seen = {"train": parts["train"][::4], "neighbour": parts["neighbour"], "held_out": parts["held_out"]}
    for part, scans in seen.items():
        report[part] = {
            "image": measure(model, processor, scans, blind=False),
            "text_only": measure(model, processor, scans, blind=True),
        }
    return report


def train(seed: int, scale: float) -> tuple[Model, Words]:
    torch.manual_seed(seed)
    tokenizer, asker = build_tokenizer(), Asker(seed)
    slices = Slices(split(read_scans())["train"], seed)
    model = build_model(tokenizer)
    general = model.model.visual.patch_embed
    model.model.visual.patch_embed = GreyPatches(general.proj)
    learn_language(model, tokenizer, asker, round(1500 * scale))
    for steps in (700, 500):  # the second round restarts the learning rate
        learn_vision(model, tokenizer, slices, round(steps * scale))
    model.model.visual.patch_embed = general
    return model.eval(), tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the training steps; 0.01 is a smoke test")
    options = parser.parse_args()
    begin = time.monotonic()
    save(*train(options.seed, options.scale), options.out)
    report = {"training_minutes": round((time.monotonic() - begin) / 60, 1), **measure_all(options.out, options.seed)}
    (options.out / "measured.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
