"""What the parts of the tiny model share: special tokens, the chat template, and sizes."""

from __future__ import annotations

from typing import Any, TypeAlias

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

# transformers types these only in part: a Qwen2_5_VLForConditionalGeneration, its tokenizer and its processor.
Model: TypeAlias = Any
Words: TypeAlias = Any
Processor: TypeAlias = Any
