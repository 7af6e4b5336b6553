"""Responses to outcomes and records."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from radimagenet_vqa_tasks.plugin import TASKS
from radimagenet_vqa_tasks.scoring.outcomes import TASK_VERSION, process_results, score
from radimagenet_vqa_tasks.scoring.response import Response
from radimagenet_vqa_tasks.utils.aggregation import accuracy


def doc(form: str, target: str, subject: str = "pathology", choices: tuple[str, ...] = ()) -> dict[str, Any]:
    facets = {
        "subject": subject,
        "template": f"{subject}_{form}",
        "location": "knee",
        "modality": "mri",
        "pathology": "fracture",
        "abnormal": True,
    }
    return {
        "question": "What is it?",
        "choices": list(choices),
        "target": target,
        "format": form,
        "key": f"img:{subject}_{form}",
        "cluster": "img",
        "cell": f"{subject}_{form}" + ("_pos" if (subject, form) == ("pathology", "closed") else ""),
        "facets": facets,
        "fingerprint": "0123456789abcdef",
        "arm": "image",
    }


MC = doc("mc", "B", choices=("hematoma", "fracture", "no pathology seen", "muscle strain"))
CLOSED = doc("closed", "yes")
ABNORMALITY = doc("closed", "yes", subject="abnormality") | {"question": "Is there an abnormality present?"}
OPEN = doc("open", "fracture")


@pytest.mark.parametrize(
    ("question", "response", "outcome", "in_paper"),
    [
        (MC, "B", "correct", True),
        (MC, "The answer is C.", "incorrect", False),
        (MC, "A or B", "unparsed", False),
        (MC, "", "unparsed", False),
        (CLOSED, "Yes", "correct", True),
        (CLOSED, "no", "incorrect", False),
        (CLOSED, "I cannot tell", "declined", False),
        # The paper's tool looks for substrings: "abnormal" holds "no".
        (CLOSED, "Yes, it is abnormal", "correct", False),
        (CLOSED, "normal", "unparsed", False),
        (ABNORMALITY, "abnormal", "correct", False),
        (ABNORMALITY, "normal", "incorrect", False),
        (OPEN, "fracture", "correct", None),
        (OPEN, "A hematoma.", "incorrect", None),
        (OPEN, "", "unparsed", None),
    ],
)
def test_outcome_and_paper_score_of_a_response(
    question: dict[str, Any], response: str, outcome: str, in_paper: bool | None
) -> None:
    """Each format's outcomes, where the paper's protocol counts differently, and that the rule judge is not its."""
    scored = score(question, response)
    assert (scored.outcome, scored.in_paper) == (outcome, in_paper)


def comparator(cell: str, form: str, target: str, question: str) -> dict[str, Any]:
    return {**doc(form, target), "cell": cell, "question": question, "facets": {}}


BIGGER = comparator("slake_closed", "phrase", "Liver", "Which is bigger, liver or spleen?")
SLAKE_YES = comparator("slake_closed", "closed", "yes", "Is the heart shown?")
VQARAD_YES = comparator("vqarad_closed", "closed", "yes", "Is the heart shown?")
VQARAD_OPEN = comparator("vqarad_open", "open", "Left lung", "Where is the lesion?")
SLAKE_ZH = comparator("slake_zh_closed", "phrase", "没有", "图像中有异常吗？")


@pytest.mark.parametrize(
    ("question", "response", "outcome", "in_paper"),
    [
        (BIGGER, "liver.", "correct", True),
        (BIGGER, "The liver", "correct", False),
        (BIGGER, "spleen", "incorrect", False),
        (BIGGER, "liver, spleen", "unparsed", False),
        # The paper's tool scores all closed questions of SLAKE word for word, and those of VQA-RAD by substrings.
        (SLAKE_YES, "Yes", "correct", True),
        (SLAKE_YES, "Yes, it is.", "correct", False),
        (VQARAD_YES, "Yes, it is.", "correct", True),
        # "Normal" says no to "Is it abnormal?" of RadImageNet-VQA, and to no question of another benchmark.
        (VQARAD_YES, "normal", "unparsed", False),
        (VQARAD_OPEN, "The lesion is in the left lung.", "correct", None),
        (VQARAD_OPEN, "left lung, right lung", "incorrect", None),
        (SLAKE_ZH, "没有", "correct", True),
        (SLAKE_ZH, "无", "correct", False),
    ],
)
def test_comparators_are_scored_by_their_own_rules(
    question: dict[str, Any], response: str, outcome: str, in_paper: bool | None
) -> None:
    """Phrases, the rule judge without a taxonomy, and where the paper's tool treats a benchmark in its own way."""
    scored = score(question, response)
    assert (scored.outcome, scored.in_paper) == (outcome, in_paper)
    assert scored.judge == ("rule" if question["format"] == "open" else None)


@given(
    response=st.text() | st.sampled_from([None, 3, ["A"], b"A"]),
    question=st.sampled_from([MC, CLOSED, OPEN, BIGGER, SLAKE_ZH, VQARAD_OPEN]),
)
def test_hook_never_raises(response: Any, question: dict[str, Any]) -> None:
    """Whatever a model or a backend returns is scored: an exception here would lose the whole run."""
    result = process_results(question, [response])
    assert result["record"]["outcome"] in ("correct", "incorrect", "declined", "unparsed")
    assert result["accuracy"]["score"] in (0, 1)


CTBENCH = {**MC, "cell": "ctbench_img2txt_bbox", "facets": {}}


def test_what_ct_benchs_runner_drops_stays_in_our_denominator() -> None:
    """Null content is an unread answer, worth 0; by the paper's protocol the question is not there at all."""
    dropped = process_results(CTBENCH, [Response(None)])
    assert dropped["record"]["scores"] == {"accuracy": 0.0}
    assert dropped["accuracy_paper"]["dropped"] and "score" not in dropped["accuracy_paper"]
    answered = [process_results(CTBENCH, [text]) for text in ('{"selected_option": "B"}', "B", "")]
    assert [one["record"]["scores"] for one in answered] == [
        {"accuracy": 1.0, "accuracy_paper": 1.0},
        {"accuracy": 1.0, "accuracy_paper": 0.0},
        {"accuracy": 0.0, "accuracy_paper": 0.0},
    ]
    every = [dropped, *answered]
    assert [accuracy([one[name] for one in every]) for name in ("accuracy", "accuracy_paper")] == [0.5, 1 / 3]


def test_hook_without_a_response_is_unparsed() -> None:
    """A backend that returns nothing at all gave no readable answer."""
    assert process_results(MC, [])["record"]["outcome"] == "unparsed"


def test_version_is_the_task_files() -> None:
    """The version in the records is the one that the host prints."""
    shared = (TASKS / "_task_yaml").read_text(encoding="utf-8").partition("metadata:")[2]
    assert yaml.safe_load(f"metadata:{shared}")["metadata"]["version"] == TASK_VERSION
    for group in TASKS.rglob("*.yaml"):
        text = group.read_text(encoding="utf-8")
        assert ("version:" not in text) or f"version: {TASK_VERSION}" in text


@pytest.mark.parametrize(
    ("question", "target", "response", "score"),
    [
        (MC, "A", "A", 1.0),
        (MC, "A", "B", 0.0),
        (MC, "A", "A or B", 0.0),
        (MC, "none of the options", "A", None),
        (MC, None, "A", None),
        (CLOSED, "no", "No.", 1.0),
        (CLOSED, "no", "I cannot tell", 0.0),
        (OPEN, "no pathology seen", "no pathology seen", 1.0),
        (OPEN, "no pathology seen", "fracture", 0.0),
        (doc("open", "knee", "anatomy"), "brain", "the brain", 1.0),
        (doc("open", "knee", "anatomy"), "brain", "the knee", 0.0),
    ],
)
def test_swapped_answers_are_scored_for_the_picture_shown(
    question: dict[str, Any], target: str | None, response: str, score: float | None
) -> None:
    """Where the question leaves room for the shown picture's answer, and nowhere else, in no other arm."""
    swapped = question | {"arm": "swapped", "shown": {"key": "other", "target": target}}
    record = process_results(swapped, [response])["record"]
    assert record["scores"].get("accuracy_shown") == score
    assert "accuracy_shown" not in process_results(question, [response])["record"]["scores"]
