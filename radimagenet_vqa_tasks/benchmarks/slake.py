"""SLAKE (`BoKelvin/SLAKE`, test.json): English and Chinese questions about the same images, a benchmark each.

The images are in the data set's imgs.zip. A CLOSED question whose answer is neither yes nor no ("Which is bigger, liver
or spleen?") has the format "phrase". So have all CLOSED questions in Chinese, which say yes and no in many words
("是", "有", "不是", "没有").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from radimagenet_vqa_tasks.benchmarks.benchmark import (
    CLOSED_PROMPT,
    OPEN_PROMPT,
    PHRASE_PROMPT,
    Benchmark,
    Cell,
    Format,
    Prompt,
    Question,
    Row,
    RowFaultError,
    Source,
    by_name,
    size_fault,
    text,
)

QUESTIONS_EN = 1061  # of the test split
FACETS = {"organ": "location", "modality": "modality", "content_type": "content_type", "base_type": "base_type"}
TOLD_ZH = "\n本题不提供图像。请给出最可能的答案。"


def _question(language: str, name: str) -> Callable[[Row], Question | None]:
    def question(row: Row) -> Question | None:
        if row.fields["q_lang"] != language:
            return None
        try:
            return _asked(row, name)
        except RowFaultError as error:
            raise RowFaultError(f"question qid {row.fields['qid']}: {error}") from None

    return question


def _asked(row: Row, name: str) -> Question:
    answer, picture = text(row, "answer"), text(row, "img_name")
    text(row, "question")
    kind = str(row.fields["answer_type"]).strip().upper()
    if row.fields["qid"] is None:
        raise RowFaultError("qid is empty")
    if kind not in ("OPEN", "CLOSED"):
        raise RowFaultError(f"the answer_type {row.fields['answer_type']!r} is neither OPEN nor CLOSED")
    yes_no = answer.lower() in ("yes", "no")
    form: Format = "open" if kind == "OPEN" else "closed" if yes_no and name == "slake" else "phrase"
    return Question(
        question=row.fields["question"],
        target=answer.lower() if form == "closed" else answer,
        format=form,
        key=f"{picture}:{row.fields['qid']}",
        cluster=picture,
        cell=f"{name}_{'open' if form == 'open' else 'closed'}",
        facets={facet: row.fields[column] or "" for facet, column in FACETS.items()},
        files=(picture,),
    )


def _english(questions: Sequence[Question]) -> Iterable[str]:
    return size_fault(questions, QUESTIONS_EN)


SOURCE = Source(
    "slake",
    "SLAKE",
    "BoKelvin/SLAKE",
    "test",
    "test.json",
    beside="imgs.zip",
    folder="imgs",
    revision="a9083ce6c34ac3ffb17671a605962924d8a8f9e9",
    note="Its images are in imgs.zip, which is fetched beside it. The commit is the one that other evaluations name.",
)


def _benchmark(
    name: str, language: str, title: str, open_prompt: Prompt, closed_prompt: Prompt, position: int
) -> Benchmark:
    return Benchmark(
        name=name,
        title=title,
        pool="SLAKE, all",
        source=SOURCE,
        cells=by_name(
            Cell(f"{name}_open", "", "open", "Open", open_prompt, "judge"),
            # The paper's tool looks for "yes" and "no" among answers that have capitals, so all are words to it.
            Cell(f"{name}_closed", "", "closed" if language == "en" else "phrase", "Closed", closed_prompt, "phrase"),
        ),
        columns=("img_name", "question", "answer", "answer_type", "q_lang", "qid", *FACETS.values()),
        kinds={"qid": "id"},
        images=(),
        question=_question(language, name),
        whole=_english if language == "en" else lambda questions: (),
        facets=tuple(FACETS),
        topic="content_type",
        paper_figures=(4, 6) if language == "en" else (),
        position=position,
    )


BENCHMARKS = (
    _benchmark(
        "slake",
        "en",
        "SLAKE (English)",
        OPEN_PROMPT,
        Prompt(post=CLOSED_PROMPT.post, post_phrase=PHRASE_PROMPT.post),
        30,
    ),
    _benchmark(
        "slake_zh",
        "zh",
        "SLAKE (Chinese)",
        Prompt(post="\n请简要回答该问题。", told=TOLD_ZH),
        Prompt(post="\n请用一个单词或者短语回答该问题。", told=TOLD_ZH),
        31,
    ),
)
