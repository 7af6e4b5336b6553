"""What a text affirms, denies and leaves open: one sweep over its words, sentence by sentence.

Negation reaches from its cue to the end of the sentence or to a word that turns it ("but", "other than"), across
the commas of a list; a cue that stands behind ("... is not seen") reaches back over its clause, and over the list
that the clause ends. Every word and every match is handled a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Sequence

from radimagenet_vqa_tasks.judge.rule import clauses
from radimagenet_vqa_tasks.judge.rule.clauses import (
    ABOUT_THE_IMAGE,
    AFTER_DENIAL,
    AHEAD,
    CLAUSE_BREAKS,
    CONCEDES,
    CONTRASTS,
    EXCEPTS,
    HEADING_SIGNS,
    LIST_WORDS,
    NO_SUBJECT,
    SETTLED,
    TURNS_BACK,
)
from radimagenet_vqa_tasks.judge.rule.cues import LOW, TAKES_UP, Kind
from radimagenet_vqa_tasks.judge.rule.lists import Lists
from radimagenet_vqa_tasks.judge.rule.matching import Match, Vocabulary
from radimagenet_vqa_tasks.judge.rule.mentions import Mention, Reading, Status, leave_open
from radimagenet_vqa_tasks.judge.rule.questions import Questions
from radimagenet_vqa_tasks.judge.rule.reach import Reachable
from radimagenet_vqa_tasks.judge.rule.scope import Scope
from radimagenet_vqa_tasks.judge.rule.text import IS, SENTENCE_ENDS, SHOW
from radimagenet_vqa_tasks.judge.rule.turns import Turns

_NOT = frozenset({"not", "isnt", "arent", "wasnt"})
_DENIALS = frozenset({Kind.NEGATES, Kind.NEGATES_NEXT, Kind.NEGATED, Kind.ABSENT})


def read(tokens: Sequence[str], vocabulary: Vocabulary) -> Reading:
    """What the words affirm, deny and leave open, in the terms of a vocabulary."""
    sweep = _Sweep(tokens, vocabulary)
    position = 0
    for match in vocabulary.find(tokens):
        for index in range(position, match.start):
            sweep.word(index)
        sweep.match(match)
        position = match.end
    for index in range(position, len(tokens)):
        sweep.word(index)
    sweep.end()
    sweep.questions.end()
    return sweep.reading


class _Sweep:
    """The state of the sweep: which scope is open, and what may still be denied from behind."""

    def __init__(self, tokens: Sequence[str], vocabulary: Vocabulary) -> None:
        self.tokens = tokens
        self.vocabulary = vocabulary
        self.reading = Reading(has_words=any(token[0].isalnum() for token in tokens))
        self.scope = Scope()
        self.clause = 0
        self.reachable = Reachable()
        self.questions = Questions()
        self.sentence: list[Mention] = []
        self.names_something = False  # other than "an abnormality", in this sentence
        self.turns = Turns()
        self.lists = Lists(tokens, vocabulary, self.reading)
        # Where the lists of the sentence before and of this one begin.
        self.recent = self.lists_before = 0

    def word(self, index: int) -> None:
        token = self.tokens[index]
        if token in SENTENCE_ENDS:
            self._end_sentence(token)
        elif token in CLAUSE_BREAKS:
            self._end_clause(index)
        elif token == IS:
            self.reachable.last.has_verb = True
            self.scope.done, self.scope.closed = self.scope.used, self.scope.used or self.scope.worded
        elif token in LOW and clauses.is_graded(self.tokens, index):
            self._reach_back(Status.OPEN)
        elif token == "because" and self.scope.ends_at_because and self.tokens[index - 1] == ",":
            self.scope = Scope()
        elif token == "out" and clauses.rules(self.tokens, index):
            self._reach_back(Status.NEGATED)
        else:
            self.questions.answer(token)
            self.reachable.last.has_subject |= token not in NO_SUBJECT
            self.reachable.last.has_verb |= token in SETTLED
            if token not in ABOUT_THE_IMAGE:
                self.scope.worded = True
                self.reading.partial_clauses.add(self.clause)
                self.reading.turns_to_finding |= self.turns.conceded > 0 and token in self.vocabulary.words
                self.reading.claims |= self.scope.status is Status.AFFIRMED and token != "otherwise"

    def match(self, match: Match) -> None:
        kind = match.entry.kind
        self.questions.answer(
            self.tokens[match.start], denied=kind is Kind.NEGATES and not self._follows(match)[0].isalnum()
        )
        if kind in (Kind.LABEL, Kind.PART, Kind.NORMAL, Kind.GENERIC, Kind.OTHER):
            self._mention(match)
        elif kind is Kind.TURNS:
            self._turn(match)
        elif kind in (Kind.PREFERS, Kind.RESUMES, Kind.SUPPOSES):
            self._resume(match)
        elif kind in _DENIALS:
            self._deny(match)
        else:
            self._doubt(match)

    def _deny(self, match: Match) -> None:
        kind = match.entry.kind
        if kind is Kind.NEGATES:
            self._negate(match)
        elif kind is Kind.NEGATES_NEXT:
            self.scope = Scope(Status.NEGATED, ends_at_comma=True)
        elif kind is Kind.NEGATED or self._has_subject(match):
            refers = not TAKES_UP.isdisjoint(self.tokens[match.start : match.end])
            if not refers and self._names_nothing_before(match):
                self.scope = Scope(Status.NEGATED)  # "The abnormality is not likely edema", "not seen: edema"
            self._reach_back(Status.NEGATED, refers=refers)
        else:
            self.scope = Scope(Status.NEGATED)

    def _doubt(self, match: Match) -> None:
        kind = match.entry.kind
        if kind is Kind.DOUBTED or (kind is Kind.LESS and self._has_subject(match)):
            if self.tokens[match.start] == "or":  # "an infarct, a tumor or something else"
                leave_open(self.sentence[-AHEAD:])
            self._reach_back(Status.OPEN)
        elif kind is Kind.EITHER:
            self._reach_back(Status.OPEN)
            self.scope = Scope(Status.OPEN)
        elif kind is Kind.WOULD:
            leave_open(self.reachable.last.mentions)
        elif kind is Kind.REFUSES and self._after(match, ":") and self.sentence:
            self.reading.refused = True  # "Edema: cannot assess"
            self._reach_back(Status.OPEN)
        elif self._opens(match):
            self.reading.refused |= kind is Kind.REFUSES
            self.scope = Scope(Status.OPEN)

    def _opens(self, match: Match) -> bool:
        """Whether a doubt about what follows is one in this place."""
        if match.entry.kind is Kind.EXAMPLE:
            return clauses.speaks_of_any(self.tokens, match.start)
        if match.entry.kind is Kind.POSES:
            return match.start == 0 or self.tokens[match.start - 1] in SENTENCE_ENDS
        return match.entry.kind in (Kind.DOUBTS, Kind.LESS, Kind.REFUSES)

    def _names_nothing_before(self, match: Match) -> bool:
        """Whether a denial has nothing but "an abnormality" before it, and something behind it."""
        follows = self._follows(match)
        return not self.names_something and (follows[0].isalnum() or follows == ":")

    def _mention(self, match: Match) -> None:
        if match.entry.kind is Kind.NORMAL and self._heads_label(match):
            self._reach_back(Status.NEGATED)
            return
        phrase = tuple(self.tokens[match.start : match.end])
        mention = Mention(match.entry, self.clause, self.scope.status, phrase)
        self.reading.mentions.append(mention)
        self.reachable.last.mentions.append(mention)
        self.sentence.append(mention)
        if match.entry.kind in (Kind.LABEL, Kind.PART, Kind.OTHER, Kind.NORMAL):
            self.lists.join(mention, match)
        heading_is_partial = self._after(match, ":") and self.clause - 1 in self.reading.partial_clauses
        if match.entry.kind is Kind.NORMAL and heading_is_partial:
            # "Alignment: normal" speaks of the alignment only.
            self.reading.partial_clauses.add(self.clause)
        self.scope.used = True
        self.scope.named |= match.entry.kind is not Kind.GENERIC
        self.names_something |= match.entry.kind is not Kind.GENERIC
        if match.entry.kind in (Kind.LABEL, Kind.PART) or "clear" in phrase:
            # "The left lung is clear" may be said of one side.
            self.reading.partial_clauses.add(self.clause)

    def _after(self, match: Match, signs: str) -> bool:
        return match.start > 0 and self.tokens[match.start - 1] in signs and len(self.reachable) > 1

    def _heads_label(self, match: Match) -> bool:
        """Whether this is the "none" of "Edema: none"."""
        headings = self.reachable.heading.mentions if self._after(match, ":|") else []
        return any(mention.entry.kind is Kind.LABEL for mention in headings)

    def _has_subject(self, match: Match) -> bool:
        if match.start and self.tokens[match.start - 1] == "with":
            return False  # "an infarct with absent edema"
        clause = self.reachable.last
        if clause.mentions or self._after(match, ":|"):
            return True
        follows = self._follows(match)
        ends = not follows[0].isalnum() or follows in AFTER_DENIAL
        if not follows[0].isalnum() and self._after(match, ",("):
            return True
        continues = clause.opened_by in TURNS_BACK and not clause.has_subject
        return continues and (ends or self.tokens[match.start] == IS)

    def _follows(self, match: Match) -> str:
        return self.tokens[match.end] if match.end < len(self.tokens) else "."

    def _negate(self, match: Match) -> None:
        follows = self._follows(match)
        if "other" in self.tokens[match.start : match.end]:
            # "No other abnormality" speaks of the rest of the image.
            self.reading.partial_clauses.add(self.clause)
        heads = any(self._after(match, sign) for sign in HEADING_SIGNS)
        if heads and clauses.is_evidence(self.tokens, match.end):
            self._reach_back(Status.NEGATED)  # "Edema: no evidence"
        elif follows[0].isalnum() or follows == ":":
            # "No infarct, no bleed, edema": each item has a "no" of its own, so one without it is affirmed.
            before = self.tokens[match.start - 1] if match.start else "."
            again = self.scope.status is Status.NEGATED and before in (",", "and")
            corrects = self.tokens[match.start] == "not" and (before in SENTENCE_ENDS or before == IS)
            self.scope = Scope(Status.NEGATED, ends_at_comma=again, corrects=corrects)
        elif heads or self.reachable.last.opened_by in TURNS_BACK | LIST_WORDS | {","}:
            self._reach_back(Status.NEGATED, refers=True, anywhere=True)  # "Edema: no", "edema? maybe, but maybe not"
        elif self.tokens[match.start] in _NOT and self.reachable.last.mentions:
            self._reach_back(Status.NEGATED)  # "an infarct is seen, edema is not"
        # Otherwise it is the "No" of "No, there is edema", which denies nothing.

    def _turn(self, match: Match) -> None:
        word, affirmed = self.tokens[match.start], self.scope.status is Status.AFFIRMED
        excepts = word in EXCEPTS and affirmed and not self.reachable.last.has_verb
        if excepts and clauses.speaks_of_any(self.tokens, match.start):
            self.scope = Scope(Status.NEGATED)  # "any disease other than edema"
            return
        self.scope = Scope()
        self.turns.prefers |= self.turns.supposes and clauses.settles(self.tokens, match.end)
        self.turns.conceded = len(self.sentence)
        self.turns.concedes = self.tokens[match.start] in CONCEDES
        self._new_clause(self.tokens[match.start])
        self.reading.turned = self.clause
        if self.tokens[match.start] in CONTRASTS:
            # "... while the left lung is clear" is not said of the whole image.
            self.reading.partial_clauses.add(self.clause)

    def _resume(self, match: Match) -> None:
        if match.entry.kind is Kind.PREFERS:
            self.turns.prefers, self.turns.preferred = True, len(self.sentence)
        self.turns.supposes |= match.entry.kind is Kind.SUPPOSES
        before = self.tokens[match.start - 1] if match.start else ""
        # A verb ends a negation that has had its object: "a scan without fracture shows edema".
        verb = self.tokens[match.start] == SHOW
        if before in (",", "and", ")", ":") or (verb and self.scope.used):
            self.scope = Scope()
        if match.end - match.start == 1 and self.tokens[match.start] not in ABOUT_THE_IMAGE:
            self.reading.partial_clauses.add(self.clause)
        self.reachable.last.has_verb = True

    def _reach_back(self, status: Status, refers: bool = False, anywhere: bool = False) -> None:
        if status is Status.OPEN and not self.sentence:
            self.reading.refused = True  # "It cannot be determined."
        self.reachable.back(status, refers=refers, anywhere=anywhere)

    def _end_clause(self, index: int) -> None:
        sign = self.tokens[index]
        if sign == "," and self.scope.ends_at_comma and not clauses.goes_on(self.tokens, index):
            self.scope = Scope()
        # "No infarct is seen and edema is present": the denial had its verb, and no "or" goes on with its list.
        if self.scope.done and sign in (",", "and") and self.tokens[index + 1 : index + 2] not in (["or"], ["nor"]):
            self.scope = Scope()
        if sign == "," and self.scope.used and clauses.affirms(self.tokens, index):
            self.scope = Scope()
        # "Not a cyst: a lipoma", "not a knee, a hip"
        if sign == ":" and self.scope.status is Status.NEGATED and self.scope.named:
            self.scope = self.scope if clauses.announces(self.tokens, index) else Scope()
        if sign == "," and self.scope.corrects and self.scope.named and clauses.corrects(self.tokens, index):
            self.scope = Scope()
        if sign == "," and self.turns.concedes:
            if self.scope.status is Status.OPEN and not self.scope.used:
                self.scope = Scope()  # "While I cannot diagnose, the image shows edema"
            self.turns.conceded, self.turns.concedes = len(self.sentence), False
        self._new_clause(sign)

    def _new_clause(self, sign: str = "") -> None:
        self.clause += 1
        self.reachable.begin(sign)

    def end(self) -> None:
        """Settle what the end of a sentence or of the text settles."""
        self.lists.end()
        self.turns.settle(self.sentence, self.reading, self.recent)
        self.turns = Turns()
        self.recent, self.lists_before = self.lists_before, len(self.reading.lists)

    def _end_sentence(self, sign: str) -> None:
        self.scope = Scope()
        self.end()
        if sign == "?":
            self.questions.ask(self.sentence, whether=self.reachable.has_verb)
        self.sentence, self.names_something = [], False
        self.clause += 1
        self.reachable = Reachable()
