"""Train the demonstration model of the embedded sample: a tiny Qwen2.5-VL, from scratch, on two CPU cores.

    python tools/train_tiny_vlm.py --out radimagenet_vqa_tasks/sample/tiny_vlm

writes a checkpoint that lmms-eval's `qwen2_5_vl` backend runs unchanged, and `measured.json` beside it: accuracy and
number of questions for each kind of question, apart for stand-in images, training slices (every fourth), neighbours of
training slices and scans held out whole. It takes under an hour when the cores are free; the figures of the committed
checkpoint are in its README. Written for transformers 5; the checkpoint is for 4.57 too.

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
import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from make_sample import SCANS, SEED, Scan, read_scans, split
from PIL import Image
from tiny_vlm.layout import Model, Processor, Words
from tiny_vlm.layouts import add_older_layout
from tiny_vlm.network import (
    answer_logits,
    build_model,
    build_processor,
    build_tokenizer,
    collate,
    hits,
    name_vectors,
    prototypes,
    stand_in_vectors,
)
from tiny_vlm.questions import Asker, Example, finding, prompt_of
from tiny_vlm.slices import GreyPatches, Slices, see
from torch import Tensor, nn
from transformers import (
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
)

from radimagenet_vqa_tasks.build.questions import nine_questions
from radimagenet_vqa_tasks.taxonomy import regions

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


def save(model: Model, tokenizer: Words, folder: Path) -> None:
    """Write the checkpoint as bfloat16, the precision in which the host loads it."""
    model.generation_config.update(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=False
    )
    model.to(torch.bfloat16).save_pretrained(folder)
    build_processor(tokenizer).save_pretrained(folder)
    add_older_layout(folder)
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
