"""The questions as the page's script gets them."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from runs_support import record, records

from radimagenet_vqa_tasks.benchmarks.radvqa import CELLS
from radimagenet_vqa_tasks.report.answers import Answer, Column
from radimagenet_vqa_tasks.report.payload import CUTS, packed, payload


def column(label: str, found: list[dict[str, Any]], **texts: Any) -> Column:
    """A column of these records, every answer with the same texts."""
    by_question = {(one.fingerprint, one.key): one for one in found}
    return Column(label, "image", by_question, {question: Answer(**texts) for question in by_question})


def unpacked(text: str) -> dict[str, Any]:
    """What the script reads."""
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(text)))
    return found


def test_questions_about_one_image_stand_together() -> None:
    """Rows go image by image, each image's in the order of the table, whatever the order of the records."""
    found = payload([column("one", records(3)[::-1])], {})
    cells = [found["cells"][code]["name"] for code in found["questions"]["cell"]]
    assert cells == [*CELLS] * 3
    assert found["questions"]["cluster"] == sorted(found["questions"]["cluster"])


def test_runs_meet_in_the_question_they_share() -> None:
    """A question of both runs is one row; one of a single run is unanswered in the other, not guessed."""
    one = column("one", [record(0, "anatomy_open"), record(1, "anatomy_open")], response="knee")
    other = column("other", [record(1, "anatomy_open", right=False)], response="hip")
    found = payload([one, other], {})
    assert found["questions"]["key"] == ["image0:anatomy_open", "image1:anatomy_open"]
    outcomes = [[found["outcomes"][code] if code >= 0 else None for code in arm["outcome"]] for arm in found["answers"]]
    assert outcomes == [["correct", "correct"], [None, "incorrect"]]
    assert found["answers"][1]["response"][0] == found["answers"][1]["paper"][0] == -1


def test_keys_of_other_data_are_other_questions() -> None:
    """The same key under two fingerprints is two rows, whose names in the address differ."""
    both = [record(0, "anatomy_open"), record(0, "anatomy_open", fingerprint="fedcba9876543210")]
    found = payload([column("one", both)], {})
    assert found["questions"]["link"] == ["01234567/image0:anatomy_open", "fedcba98/image0:anatomy_open"]


def test_missing_facets_are_no_filter_values() -> None:
    """A facet that a record lacks is -1; one with a single value is no filter at all."""
    some = [record(0, "anatomy_open"), record(1, "anatomy_open", location=None), record(2, "anatomy_open")]
    found = payload([column("one", some)], {})
    assert found["facets"]["location"] == {"label": "region", "values": ["brain", "lung"], "of": [0, -1, 1]}
    assert "modality" not in found["facets"]


@given(st.text(st.characters()))
def test_any_text_arrives_unchanged(text: str) -> None:
    """Lone surrogates, NULs and every other character of a response are the same in the page."""
    one = column("one", [record(0, "anatomy_open")], response=text, prompt=text)
    found = unpacked(packed([one], {}, {}, 10**9))
    answers = found["answers"][0]
    assert found["texts"][answers["response"][0]] == found["words"][answers["prompt"][0]] == text


def test_long_responses_are_cut_and_say_so() -> None:
    """A runaway response keeps its beginning, and the page knows how long it was."""
    one = column("one", [record(0, "anatomy_open")], response="x" * (CUTS[0] + 1))
    found = payload([one], {})
    assert found["texts"][found["answers"][0]["response"][0]] == "x" * CUTS[0]
    assert found["answers"][0]["length"] == {0: CUTS[0] + 1}


def test_budget_cuts_responses_shorter() -> None:
    """With many long responses the whole stays within the budget, at the cost of their ends."""
    found = records(20)
    by_question = {(one.fingerprint, one.key): one for one in found}
    random = {
        question: Answer(response="".join(f"{(row * 7919 + at * 104729) ** 3 % 99991} " for at in range(1500)))
        for row, question in enumerate(by_question)
    }
    one = Column("one", "image", by_question, random)
    whole = len(packed([one], {}, {}, 10**9))
    cut = packed([one], {}, {}, whole // 3)
    assert len(cut) <= whole // 3
    kept = {len(text) for text in unpacked(cut)["texts"]} & set(CUTS)
    assert kept


def test_budget_holds_for_whatever_is_long() -> None:
    """Questions, options, prompts, judges, keys and facets are cut like responses; then questions are left out."""
    random = [f"{(at * 104729) ** 3 % 99991} " * 300 for at in range(60)]
    found = [
        record(image, "anatomy_mc", key=text, question=text, choices=(text, text[::-1]), location=text, target="A")
        for image, text in enumerate(random)
    ]
    by_question = {(one.fingerprint, one.key): one for one in found}
    texts = {key: Answer(*(f"{n}{key[1]}" for n in range(4)), earlier=(key[1],) * 50) for key in by_question}
    one = Column("one", "image", by_question, texts)
    for budget in (40_000, 4_000):
        cut = packed([one], {}, {}, budget)
        assert len(cut) <= budget
    assert 0 < unpacked(cut)["leftOut"] < 60


def test_same_runs_give_the_same_bytes() -> None:
    """No clock and no order of a set gets into the payload."""
    one = column("one", records(3), response="knee")
    assert packed([one], {}, {}, 10**9) == packed([one], {}, {}, 10**9)
