"""What a text says of labels: the mentions that the sweep of reading.py finds, and the questions that verdicts ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from radimagenet_vqa_tasks.judge.rule.cues import Kind
from radimagenet_vqa_tasks.judge.rule.matching import Entry


class Status(Enum):
    """How a mention is meant."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    OPEN = "left open"


@dataclass
class Mention:
    """One label, part or normal statement, where it stands, and how it is meant."""

    entry: Entry
    clause: int
    status: Status
    phrase: tuple[str, ...] = ()


def leave_open(mentions: Iterable[Mention]) -> None:
    """Leave open those that are affirmed."""
    for mention in mentions:
        if mention.status is Status.AFFIRMED:
            mention.status = Status.OPEN


@dataclass
class Reading:
    """Everything the sweep found.

    Attributes:
        mentions: labels, parts, normal statements and generic words in order.
        partial_clauses: clauses that speak of more than the whole image.
        turned: the number of clauses before the last turn ("but"); a normal statement there is not the last word.
        refused: the text says that it gives no answer.
        has_words: there is any word at all.
        claims: words outside every negation say more than that this is an image.
        lists: mentions that stand as alternatives ("an infarct or a tumor").
        series: mentions that stand in one list, alternatives or not.
        turns_to_finding: something was granted before a "but", and behind it stands a word of the taxonomy.
    """

    mentions: list[Mention] = field(default_factory=list)
    partial_clauses: set[int] = field(default_factory=set)
    turned: int = 0
    refused: bool = False
    has_words: bool = False
    claims: bool = False
    lists: list[list[Mention]] = field(default_factory=list)
    series: list[list[Mention]] = field(default_factory=list)
    turns_to_finding: bool = False

    def denied(self, kind: Kind) -> set[str]:
        """The values that are denied: by the printed name, in the words that affirm them, or never affirmed.

        "Medial meniscus tear. No tear of the lateral meniscus." does not deny a meniscal abnormality.
        """
        affirmed = {each.phrase for each in self.mentions if each.status is Status.AFFIRMED}
        values = self.values(kind, Status.AFFIRMED)
        return {
            each.entry.value
            for each in self.mentions
            if each.entry.kind is kind
            and each.status is Status.NEGATED
            and (each.entry.own_name or each.phrase in affirmed or each.entry.value not in values)
        }

    def alternatives(self) -> set[str]:
        """The values that stand beside something that is no label, or normal, with an "or" between them."""
        found: set[str] = set()
        for members in self.lists:
            affirmed = [each.entry for each in members if each.status is Status.AFFIRMED]
            labels = {entry.value for entry in affirmed if entry.kind in (Kind.LABEL, Kind.PART)}
            found |= labels if any(entry.kind in (Kind.OTHER, Kind.NORMAL) for entry in affirmed) else set()
        return found

    def beside(self, value: str) -> set[str]:
        """The labels and parts that an affirmed list names beside this label."""
        found: set[str] = set()
        for members in self.series:
            affirmed = [each.entry for each in members if each.status is Status.AFFIRMED]
            named = {entry.value for entry in affirmed if entry.kind in (Kind.LABEL, Kind.PART)}
            if any(entry.kind is Kind.LABEL and entry.value == value for entry in affirmed):
                found |= named - {value}
        return found

    def is_wording(self, tokens: Sequence[str]) -> bool:
        """Whether the text is a name and nothing else."""
        names = [each for each in self.mentions if each.status is Status.AFFIRMED]
        return len(names) == 1 and sum(word[0].isalnum() for word in tokens) == len(names[0].phrase)

    def values(self, kind: Kind, status: Status) -> dict[str, bool]:
        """Value -> whether its printed name was used, of the mentions of one kind and status."""
        found: dict[str, bool] = {}
        for mention in self.mentions:
            if mention.entry.kind is kind and mention.status is status:
                found[mention.entry.value] = found.get(mention.entry.value, False) or mention.entry.own_name
        return found

    def normal_clauses(self) -> list[int]:
        """The clauses that call something normal or deny any pathology."""
        wanted = {(Kind.NORMAL, Status.AFFIRMED), (Kind.GENERIC, Status.NEGATED)}
        return [each.clause for each in self.mentions if (each.entry.kind, each.status) in wanted]

    def calls_all_normal(self) -> bool:
        """Whether a clause calls the whole image normal and nothing turns it ("normal but for ...")."""
        clauses = self.normal_clauses()
        return any(clause >= self.turned and clause not in self.partial_clauses for clause in clauses)
