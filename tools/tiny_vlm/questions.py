"""What the tiny model is asked: prompts as the tasks write them, their targets, and guesses where it sees no image."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass
from typing import Any

from radimagenet_vqa_tasks.build.questions import TEMPLATES, LabelledImage, nine_questions
from radimagenet_vqa_tasks.taxonomy import clean_label, labels_for, regions
from tiny_vlm.layout import END, IMAGE, IMAGE_TOKENS, START, VISION_END, VISION_START

# What the tasks put around a question; the golden prompt files of the tests are the authority.
OPEN_POST = "Please answer the question concisely."
CLOSED_POST = "Please output 'yes' or 'no'(no extra output)."
MC_POST = "Answer with the option's letter from the given choices directly."
SYSTEM_PROMPT = "You are a helpful assistant."  # the host's simple backend sends it, its chat backend does not

# How often each of the nine questions is asked in training: the two with options are the hard ones.
SHARES = (2, 1, 1, 5, 1, 2, 1, 1, 4)


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
            name: [LabelledImage(f"{name}/{raw}", name, "mri", raw) for raw in raw_labels(name)] for name in regions()
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


def raw_labels(region: str) -> tuple[str, ...]:
    return (*(label.raw for label in labels_for(region)), "normal")
