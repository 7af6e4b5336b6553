"""The backend that answers from the prompt's text alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lmms_eval.api.instance import Instance

from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS, lettered
from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.models.prior import Prior, answer

GOLDEN = Path(__file__).parent.parent / "golden" / "prompts.json"
TEXT_ONLY = [name for name in json.loads(GOLDEN.read_text(encoding="utf-8")) if name.endswith("_textonly")]


class Untouchable:
    """Fails whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the prior looked at {name}")

    def __getitem__(self, name: object) -> Any:
        raise AssertionError(f"the prior looked at {name}")

    def __call__(self, *_: object) -> Any:
        raise AssertionError("the prior looked at an image")


def test_answer_comes_from_the_prompt_alone() -> None:
    """Neither the document (answer, facets), nor the image, nor the task is touched."""
    prior = Prior(batch_size=1)
    prior.task_dict = Untouchable()
    arguments = ("Is this image abnormal?\nPlease output 'yes' or 'no'(no extra output).", {}, Untouchable(), 0)
    request = Instance(
        "generate_until", (*arguments, "radvqa_abnormality_closed", "test"), 0, {"task": "t", "doc_id": 0, "repeats": 1}
    )
    assert prior.generate_until([request, request]) == ["yes", "yes"]


def texts(name: str) -> list[str]:
    """A task's prompts in the golden file: one, or one of each format."""
    simple = json.loads(GOLDEN.read_text(encoding="utf-8"))[name]["simple"]
    return [simple["text"]] if "text" in simple else [one["text"] for one in simple.values()]


@pytest.mark.parametrize("name", TEXT_ONLY)
def test_every_task_of_every_family_gets_an_answer_of_its_kind(name: str) -> None:
    """A letter that is offered, yes or no, or some words, on the very prompts that models get."""
    for text in texts(name):
        found = answer(text)
        if "\nOptions: \n" in text:
            assert f"\n{found}. " in text
        elif "'yes' or 'no'" in text:
            assert found in ("yes", "no")
        else:
            assert len(found) > 1
    # An answer from the text alone is the same whether or not there is an image.
    assert [answer(text) for text in texts(name.removesuffix("_textonly"))] == [answer(text) for text in texts(name)]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Question: What is it?\nOptions:\nA. nodule\nB. no pathology seen\nAnswer with the letter.", "B"),
        ("What is it?\nOptions:\nA. abdomen\nB. knee", "A"),
        ("Look. Is this scan abnormal? Say yes or no.", "yes"),
        ("Does the patient have scoliosis?", "no"),
        ("What condition is affecting the knee?\nPlease answer the question concisely.", "no pathology seen"),
        ("A. abdomen is an option only after the word.", "unknown"),
        ("", "unknown"),
        ("Question: ?\nOptions:\n", "unknown"),
    ],
)
def test_prompts_with_other_instructions_are_read_too(prompt: str, expected: str) -> None:
    """Users change prompts: options stay recognisable by their lines, closed questions by how they begin or end."""
    assert answer(prompt) == expected


def test_model_arguments_are_refused() -> None:
    """There is nothing to set, and a typing error must not go unnoticed."""
    with pytest.raises(RunError, match="radvqa_prior has no model argument 'seed'"):
        Prior(seed=1)


@given(st.text(max_size=300))
def test_any_prompt_gets_some_answer(prompt: str) -> None:
    """Users' prompts may say anything: there is always an answer, the same again."""
    assert answer(prompt)
    assert answer(prompt) == answer(prompt)


@given(st.lists(st.text("abc \u00e9", min_size=1, max_size=8), min_size=1, max_size=26), st.text("abc?", max_size=20))
def test_a_letter_is_always_one_that_is_offered(options: list[str], question: str) -> None:
    """However many options, and whatever they are."""
    prompt = f"Question: {question}\nOptions:\n{lettered(options)}\nAnswer with the option's letter."
    assert answer(prompt) in LETTERS[: len(options)]
