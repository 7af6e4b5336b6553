"""The one record of an answered question: scoring writes it, the logs keep it, everything later reads it."""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

# "answered": a caption, which is neither right nor wrong but has scores.
Outcome = Literal["correct", "incorrect", "declined", "unparsed", "missing", "answered"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

ArmName = Literal["image", "textonly", "told", "blank", "swapped"]
ARMS: tuple[ArmName, ...] = get_args(ArmName)
"""What of its image a model was shown; see docs/protocols.md."""

Facet = str | bool | int | float | None

STRICT, PAPER, SHOWN_RIGHT = "accuracy", "accuracy_paper", "accuracy_shown"


class Shown(msgspec.Struct, gc=False):
    """The picture that was shown in the place of a question's own (arm `swapped`).

    Attributes:
        key: the question that the picture belongs to.
        target: what would be right if the question were asked of it; None where no answer of the question's would be.
    """

    key: str
    target: str | None = None


class Record(msgspec.Struct, kw_only=True):
    """One question, what a model answered, and what became of the answer.

    Attributes:
        key: of the question; unique in its benchmark and stable.
        cluster: what the question shares with others (a patient, study or scan where the data tell, else an image);
            errors are clustered on it.
        picture: the image, where the cluster is more than that; "" where the cluster is the image.
        cell: the column of the benchmark's table.
        facets: what results are broken down by; the names are the benchmark's.
        target: the right answer: a letter, "yes" or "no", or a text.
        response: the model's raw words; None where it gave none (null content), or where they were not read.
        extracted: the letter, "yes", "no" or phrase that was read; None where nothing was, and for open answers.
        reason: why the outcome is what it is, as a short code; None where it needs no reason.
        scores: by metric: 1 or 0 for questions. Without a strict verdict there is no "accuracy"; without a known paper
            protocol, and for an open answer that another judge than the paper's has judged, there is no
            "accuracy_paper". In the arm `swapped` "accuracy_shown" says whether the answer is
            right for the picture that was shown, where the question leaves room for that answer. Of captions they are
            `scoring.captions.METRICS`.
        error: what an endpoint said in the place of a response, without keys.
        judge: who judged an open answer, or what measured a caption; None for the other formats.
        tier: how the rule judge came to its verdict: "matched" or "read".
        judge_reply: the LLM judge's own words.
        earlier_verdicts: verdicts that later ones have replaced, the oldest first.
        fingerprint: a digest of the data.
        version: of the task, N-X.
        asked: a digest of the prompt's template and the generation settings.
        pack: the version of this package.
        shown: in the arm `swapped`, whose picture it was.
    """

    key: str
    cluster: str
    cell: str
    picture: str = ""
    format: str
    target: str
    fingerprint: str
    version: str
    outcome: Outcome
    arm: ArmName
    scores: dict[str, float]
    facets: dict[str, Facet] = {}
    question: str | None = None
    choices: tuple[str, ...] = ()
    response: str | None = None
    extracted: str | None = None
    reason: str | None = None
    error: str | None = None
    judge: str | None = None
    tier: str | None = None
    judge_reply: str | None = None
    earlier_verdicts: list[dict[str, Any]] = []
    asked: str = ""
    pack: str = ""
    shown: Shown | None = None

    @property
    def image(self) -> str:
        """What tells the image from others."""
        return self.picture or self.cluster

    @property
    def with_image(self) -> bool:
        """Whether the model was shown the question's own image."""
        return self.arm == "image"

    def facet(self, name: str) -> Facet:
        """A facet's value; None where the benchmark has none of that name. Every record has "format" as one."""
        return self.format if name == "format" else self.facets.get(name)

    @property
    def in_paper(self) -> float | None:
        """The score by the paper's tool; None where none is claimed."""
        return self.scores.get(PAPER)


def as_dict(record: Record) -> dict[str, Any]:
    """The record as the sample logs hold it."""
    found: dict[str, Any] = msgspec.to_builtins(record)
    return found
