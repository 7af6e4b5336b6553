"""The tiny Qwen2.5-VL from scratch, its tokenizer and processor, and batches of questions for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from radimagenet_vqa_tasks.build.questions import TEMPLATES, LabelledImage
from radimagenet_vqa_tasks.taxonomy import regions
from tiny_vlm.layout import (
    CHAT_TEMPLATE,
    DIM,
    END,
    GRID,
    HEAD,
    IMAGE,
    IMAGE_TOKENS,
    LAYERS,
    MAX_PIXELS,
    MERGE,
    MIN_PIXELS,
    PAD,
    PATCH,
    SIDE,
    START,
    UNKNOWN,
    VIDEO,
    VISION_DIM,
    VISION_END,
    VISION_HEADS,
    VISION_LAYERS,
    VISION_START,
    Model,
    Processor,
    Words,
)
from tiny_vlm.questions import CLOSED_POST, MC_POST, OPEN_POST, SYSTEM_PROMPT, Example, finding, raw_labels


def build_tokenizer() -> Words:
    """A word-level tokenizer. A region, a label or a fixed instruction is one token; punctuation is dropped."""
    labels = {finding(LabelledImage("", name, "mri", raw)) for name in regions() for raw in raw_labels(name)}
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
