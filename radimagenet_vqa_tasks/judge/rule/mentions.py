"""What a text says of labels: the mentions that reading.py finds, and the questions that verdicts ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from radimagenet_vqa_tasks.judge.rule.cues import Kind
from radimagenet_vqa_tasks.judge.rule.matching import Entry, Match

NAMES = (Kind.LABEL, Kind.PART)


class Status(Enum):
    """How a mention is meant."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    OPEN = "left open"


@dataclass
class Clause:
    """A clause of a sentence.

    Attributes:
        number: of the clauses of the text.
        opened_by: the sign or word that it begins with.
        mentions: what it names.
        has_verb, has_subject: it has one of its own.
        partial: it speaks of more than the whole image.
    """

    number: int
    opened_by: str = ""
    mentions: list[Mention] = field(default_factory=list)
    has_verb: bool = False
    has_subject: bool = False
    partial: bool = False


@dataclass(eq=False)
class Mention:
    """One label, part or normal statement, where it stands, and how it is meant."""

    entry: Entry
    match: Match
    status: Status
    phrase: tuple[str, ...]
    clause: Clause


def leave_open(mentions: Iterable[Mention]) -> None:
    """Leave open those that are affirmed."""
    for mention in mentions:
        if mention.status is Status.AFFIRMED:
            mention.status = Status.OPEN


@dataclass
class Account:
    """Everything that was found.

    Attributes:
        mentions: labels, parts, normal statements and generic words in order.
        refused: the text says that it gives no answer.
        has_words: there is any word at all.
        claims: words outside every denial say more than that this is an image.
        turns_to_finding: something was granted before a "but", and behind it stands a word of the taxonomy.
        turned: the number of clauses before the last turn ("but"); a normal statement there is not the last word.
        lists: mentions that stand in one list, and whether an "or" joins them.
    """

    mentions: list[Mention] = field(default_factory=list)
    refused: bool = False
    has_words: bool = False
    claims: bool = False
    turns_to_finding: bool = False
    turned: int = 0
    lists: list[tuple[list[Mention], bool]] = field(default_factory=list)

    def denied(self, kind: Kind) -> set[str]:
        """The values that are denied: by the printed name, in the words that affirm them, or never affirmed.

        "Medial meniscus tear. No tear of the lateral meniscus." does not deny a meniscal abnormality.
        """
        if all(each.status is not Status.NEGATED for each in self.mentions):
            return set()
        affirmed = {each.phrase for each in self.mentions if each.status is Status.AFFIRMED}
        values = self.values(kind, Status.AFFIRMED)
        return {
            each.entry.value
            for each in self.mentions
            if each.entry.kind is kind
            and each.status is Status.NEGATED
            and (each.entry.own_name or each.phrase in affirmed or each.entry.value not in values)
        }

    def beside(self, value: str, kinds: Sequence[Kind], *, alternatives: bool) -> bool:
        """Whether an affirmed list names something else of these kinds beside a label; `alternatives`: with an "or"."""
        own = NAMES if alternatives else (Kind.LABEL,)
        for members, has_or in self.lists:
            affirmed = [each.entry for each in members if each.status is Status.AFFIRMED]
            named = any(entry.value == value and entry.kind in own for entry in affirmed)
            others = any(entry.value != value and entry.kind in kinds for entry in affirmed)
            if named and others and has_or >= alternatives:
                return True
        return False

    def values(self, kind: Kind, status: Status) -> dict[str, bool]:
        """Value -> whether its printed name was used, of the mentions of one kind and status."""
        found: dict[str, bool] = {}
        for mention in self.mentions:
            if mention.entry.kind is kind and mention.status is status:
                found[mention.entry.value] = found.get(mention.entry.value, False) or mention.entry.own_name
        return found

    def normal(self) -> list[Mention]:
        """The mentions that call something normal or deny any pathology; who has no image denies nothing by that."""
        wanted = {(Kind.NORMAL, Status.AFFIRMED)} | (set() if self.refused else {(Kind.GENERIC, Status.NEGATED)})
        return [each for each in self.mentions if (each.entry.kind, each.status) in wanted]

    def calls_all_normal(self) -> bool:
        """Whether a clause calls the whole image normal and nothing turns it ("normal but for ...")."""
        return any(each.clause.number >= self.turned and not each.clause.partial for each in self.normal())

    def is_wording(self, tokens: Sequence[str]) -> bool:
        """Whether the text is a name and nothing else."""
        if len(self.mentions) != 1 or self.mentions[0].status is not Status.AFFIRMED:
            return False
        return sum(word[0].isalnum() for word in tokens) == len(self.mentions[0].phrase)
