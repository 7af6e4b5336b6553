"""What a text affirms, denies and leaves open: one sweep over its words, sentence by sentence.

Negation reaches from its cue to the end of the sentence or to a word that turns it ("but", "other than"), across
the commas of a list; a cue that stands behind ("... is not seen") reaches back over its clause, and over the list
that the clause ends. Every word and every match is handled a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from radimagenet_vqa_tasks.judge.cues import Kind
from radimagenet_vqa_tasks.judge.text import IS, MINOR_BREAKS, SENTENCE_ENDS, SHOW, word_set
from radimagenet_vqa_tasks.judge.vocabulary import Entry, Match, Vocabulary

_CLAUSE_BREAKS = MINOR_BREAKS | {"and", "or", "nor"}
_LIST_WORDS = frozenset({"and", "or", "nor"})
# Words that a sentence about the whole image may hold: "the scan appears normal", "this is a normal knee MRI".
_ABOUT_THE_IMAGE = word_set(
    "this that it there is scan image study exam examination mri ct mr t1 t2 picture slice view axial sagittal coronal"
    " patient shown show present visible seen identified detected evident found noted overall completely entirely"
    " appearance anatomy answer diagnosis impression conclusion result condition limit of any evidence sign i see"
    " significant acute obvious apparent definite likely probably most radiological radiographic imaging medical body"
    " part region abdomen abdominal pelvis ankle foot brain hip knee lung chest shoulder spine joint structure"
    " abnormality abnormal pathology pathological disease lesion finding normal unremarkable healthy no not nothing"
    " without or yes have has do contain demonstrate reveal specific particular"
)


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


@dataclass
class Reading:
    """Everything the sweep found.

    Attributes:
        mentions: labels, parts, normal statements and generic words in order.
        partial_clauses: clauses that speak of more than the whole image.
        turned: the number of clauses before the last turn ("but"); a normal statement there is not the last word.
        refused: the text says that it gives no answer.
        has_words: there is any word at all.
    """

    mentions: list[Mention] = field(default_factory=list)
    partial_clauses: set[int] = field(default_factory=set)
    turned: int = 0
    refused: bool = False
    has_words: bool = False

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


def read(tokens: Sequence[str], vocabulary: Vocabulary) -> Reading:
    """What the words affirm, deny and leave open, in the terms of a vocabulary."""
    sweep = _Sweep(tokens)
    position = 0
    for match in vocabulary.find(tokens):
        for index in range(position, match.start):
            sweep.word(index)
        sweep.match(match)
        position = match.end
    for index in range(position, len(tokens)):
        sweep.word(index)
    return sweep.reading


class _Sweep:
    """The state of the sweep: which scope is open, and what may still be denied from behind."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.reading = Reading(has_words=any(token[0].isalnum() for token in tokens))
        self.scope = Status.AFFIRMED
        self.scope_ends_at_comma = False
        self.scope_used = False
        self.scope_done = False
        self.clause = 0
        # Clauses of this sentence that a cue behind them may still reach, the last one open.
        self.reachable: list[_Clause] = [_Clause()]

    def word(self, index: int) -> None:
        token = self.tokens[index]
        if token in SENTENCE_ENDS:
            self._end_sentence()
        elif token in _CLAUSE_BREAKS:
            self._end_clause(index)
        elif token == IS:
            self.reachable[-1].has_verb = True
            self.scope_done = self.scope_used
        elif token not in _ABOUT_THE_IMAGE:
            self.reading.partial_clauses.add(self.clause)

    def match(self, match: Match) -> None:
        kind = match.entry.kind
        if kind in (Kind.LABEL, Kind.PART, Kind.NORMAL, Kind.GENERIC):
            self._mention(match)
        elif kind is Kind.NEGATES:
            self._negate(match)
        elif kind is Kind.NEGATES_NEXT:
            self._open(Status.NEGATED, until_comma=True)
        elif kind is Kind.NEGATED or (kind is Kind.ABSENT and self._has_subject(match)):
            self._reach_back(Status.NEGATED)
        elif kind is Kind.ABSENT:
            self._open(Status.NEGATED)
        elif kind is Kind.DOUBTED:
            self._reach_back(Status.OPEN)
        elif kind in (Kind.DOUBTS, Kind.REFUSES):
            self.reading.refused |= kind is Kind.REFUSES
            self._open(Status.OPEN)
        elif kind is Kind.TURNS:
            self._turn()
        elif kind is Kind.RESUMES:
            self._resume(match)

    def _mention(self, match: Match) -> None:
        if match.entry.kind is Kind.NORMAL and self._heads_label(match):
            self._reach_back(Status.NEGATED)
            return
        mention = Mention(match.entry, self.clause, self.scope)
        self.reading.mentions.append(mention)
        self.reachable[-1].mentions.append(mention)
        self.scope_used = True
        if match.entry.kind in (Kind.LABEL, Kind.PART):
            self.reading.partial_clauses.add(self.clause)

    def _after_colon(self, match: Match) -> bool:
        return match.start > 0 and self.tokens[match.start - 1] == ":" and len(self.reachable) > 1

    def _heads_label(self, match: Match) -> bool:
        """Whether this is the "none" of "Edema: none"."""
        headings = self.reachable[-2].mentions if self._after_colon(match) else []
        return any(mention.entry.kind is Kind.LABEL for mention in headings)

    def _has_subject(self, match: Match) -> bool:
        return bool(self.reachable[-1].mentions) or self._after_colon(match)

    def _negate(self, match: Match) -> None:
        follows = self.tokens[match.end] if match.end < len(self.tokens) else "."
        if "other" in self.tokens[match.start : match.end]:
            # "No other abnormality" speaks of the rest of the image.
            self.reading.partial_clauses.add(self.clause)
        if follows[0].isalnum() or follows == ":":
            self._open(Status.NEGATED)
        elif self._after_colon(match):
            self._reach_back(Status.NEGATED)
        # Otherwise it is the "No" of "No, there is edema", which denies nothing.

    def _open(self, scope: Status, until_comma: bool = False) -> None:
        self.scope, self.scope_ends_at_comma = scope, until_comma
        self.scope_used = self.scope_done = False

    def _close(self) -> None:
        self._open(Status.AFFIRMED)

    def _turn(self) -> None:
        self._close()
        self._new_clause()
        self.reading.turned = self.clause

    def _resume(self, match: Match) -> None:
        before = self.tokens[match.start - 1] if match.start else ""
        # A verb ends a negation that has had its object: "a scan without fracture shows edema".
        verb = self.tokens[match.start] == SHOW
        if before in (",", "and", ")") or (verb and self.scope_used):
            self._close()
        if match.end - match.start == 1 and self.tokens[match.start] not in _ABOUT_THE_IMAGE:
            self.reading.partial_clauses.add(self.clause)
        self.reachable[-1].has_verb = True

    def _reach_back(self, status: Status) -> None:
        """Deny the clause before a cue and, where it ends a list ("A, B and C are absent"), the list."""
        while self.reachable:
            clause = self.reachable.pop()
            for mention in clause.mentions:
                mention.status = status
            listed = clause.opened_by in _LIST_WORDS or (clause.opened_by in (",", ":") and not clause.mentions)
            before = self.reachable[-1] if self.reachable else None
            if before is None or before.has_verb or not (listed or clause.in_list):
                break
            before.in_list = True
        self.reachable = [_Clause()]

    def _end_clause(self, index: int) -> None:
        sign = self.tokens[index]
        if sign == "," and self.scope_ends_at_comma:
            self._close()
        # "No infarct is seen and edema is present": the denial had its verb, and no "or" goes on with its list.
        if self.scope_done and sign in (",", "and") and self.tokens[index + 1 : index + 2] not in (["or"], ["nor"]):
            self._close()
        self._new_clause(sign)

    def _new_clause(self, sign: str = "") -> None:
        self.clause += 1
        self.reachable.append(_Clause(opened_by=sign))

    def _end_sentence(self) -> None:
        self._close()
        self.clause += 1
        self.reachable = [_Clause()]


@dataclass
class _Clause:
    opened_by: str = ""
    has_verb: bool = False
    in_list: bool = False
    mentions: list[Mention] = field(default_factory=list)
