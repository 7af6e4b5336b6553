"""What a text affirms, denies and leaves open: one pass over the clauses of each sentence.

A denial or a doubt reaches from its cue to the end of the sentence or to a word that turns it ("but", "other than"),
across the commas of a list. A cue that stands behind ("... is not seen") reaches back over its clause, and over the
list that the clause ends. Every word and every match is handled a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from radimagenet_vqa_tasks.judge.rule.cues import Kind
from radimagenet_vqa_tasks.judge.rule.lists import AHEAD, BREAKS, LIST_WORDS, OR, lists_of, until
from radimagenet_vqa_tasks.judge.rule.matching import Match, Vocabulary
from radimagenet_vqa_tasks.judge.rule.mentions import NAMES, Account, Clause, Mention, Status, leave_open
from radimagenet_vqa_tasks.judge.rule.tables import listed, tables
from radimagenet_vqa_tasks.reading.canonical import IS, SENTENCE_ENDS, SHOW

# After these a denial without a subject of its own is about the clause before: "possible, but unlikely".
_TURNS_BACK = frozenset({"but", "yet", "although", "though", "however", "and"})
_HEADS = frozenset(":|(")
_BACK = {
    Kind.NEGATED: Status.NEGATED,
    Kind.ABSENT: Status.NEGATED,
    Kind.DOUBTED: Status.OPEN,
    Kind.LESS: Status.OPEN,
    Kind.EITHER: Status.OPEN,
}
_SEEN = frozenset(tables()["lists"]["SEEN"].split(","))
_ABOUT_THE_IMAGE = listed("about_the_image")
_NO_SUBJECT = listed("no_subject")
_LOW, _CHANCE, _ANY = listed("low"), listed("chance"), listed("any")
_OTHER_OR = OR | {"alternatively"}
_IT = frozenset({"it", "one", "this", "that", "them", "any", "none"})


@dataclass
class _Scope:
    """How what follows a cue is meant; `used`: something has been mentioned; `done`: and a verb stands behind it."""

    status: Status = Status.AFFIRMED
    ends_at_comma: bool = False
    used: bool = False
    done: bool = False


def read(tokens: Sequence[str], vocabulary: Vocabulary) -> Account:
    """What the words affirm, deny and leave open, in the terms of a vocabulary."""
    reader = _Reader(tokens, vocabulary)
    position = 0
    for match in vocabulary.find(tokens):
        for index in range(position, match.start):
            reader.word(index)
        reader.match(match)
        position = match.end
    for index in range(position, len(tokens)):
        reader.word(index)
    reader.end_sentence("")
    return reader.reading


class _Reader:
    """The state of the pass: the open scope, the clauses of the sentence, and what a question has asked."""

    def __init__(self, tokens: Sequence[str], vocabulary: Vocabulary) -> None:
        self.tokens = tokens
        self.vocabulary = vocabulary
        self.reading = Account(has_words=any(token[0].isalnum() for token in tokens))
        self.asked: list[Mention] = []
        self.number = 0
        self._begin_sentence()

    def _begin_sentence(self) -> None:
        self.scope = _Scope()
        self.clauses = [self._clause()]
        self.sentence: list[Mention] = []
        self.names_something = False  # other than "an abnormality"
        self.has_or = False
        self.conceded = self.preferred = 0
        self.prefers = self.supposes = self.concedes = False

    def _clause(self, opened_by: str = "") -> Clause:
        self.number += 1
        return Clause(self.number, opened_by)

    # -- words and signs

    def word(self, index: int) -> None:
        token = self.tokens[index]
        if token in SENTENCE_ENDS:
            self.end_sentence(token)
        elif token in BREAKS:
            self._break(token, index)
        elif token == IS:
            self.clauses[-1].has_verb = True
            self.scope.done = self.scope.used
        elif token in _LOW and self._before(index) & _CHANCE:
            self._reach_back(Status.OPEN)
        elif token == "because" and self.tokens[index - 1] == ",":
            self.scope = _Scope()  # "no rim is left, because there is edema"
        elif token == "out" and self._before(index) & {"rule", "ruled", "ruling"}:
            self._reach_back(Status.NEGATED)
        else:
            if self.asked:
                self._answers(token)
            self.clauses[-1].has_subject |= token not in _NO_SUBJECT
            if token not in _ABOUT_THE_IMAGE:
                self._says_more(token)

    def _says_more(self, token: str) -> None:
        self.clauses[-1].partial = True
        self.has_or |= token in _OTHER_OR
        self.reading.turns_to_finding |= self.conceded > 0 and token in self.vocabulary.words
        self.reading.claims |= self.scope.status is Status.AFFIRMED and token != "otherwise"

    def _break(self, sign: str, index: int) -> None:
        self.has_or |= sign in OR
        following = self._ahead(index) if self.scope.status is not Status.AFFIRMED else []
        if sign == "," and self.scope.ends_at_comma and OR.isdisjoint(following):
            self.scope = _Scope()
        elif self.scope.done and sign in (",", "and") and self.tokens[index + 1 : index + 2] not in (["or"], ["nor"]):
            self.scope = _Scope()  # "no infarct is seen and edema is present"
        elif sign == "," and self.scope.used and following and following[-1] in _SEEN and not BREAKS & set(following):
            self.scope = _Scope()  # "no infarct, edema present"
        elif (
            sign == ":"
            and self.scope.status is Status.NEGATED
            and self.scope.used
            and not self._before(index) & {"none", "such"}
        ):
            self.scope = _Scope()  # "not a cyst: a lipoma"
        if sign == "," and self.concedes:
            if self.scope.status is Status.OPEN and not self.scope.used:
                self.scope = _Scope()  # "while I cannot diagnose, the image shows edema"
            self.conceded, self.concedes = len(self.sentence), False
        self.clauses.append(self._clause(sign))

    def end_sentence(self, sign: str) -> None:
        """Settle what the end of a sentence settles."""
        self._settle()
        if sign == "?":
            self.asked += self.sentence
        elif not sign:
            leave_open(each for each in self.asked if each.entry.kind is Kind.NORMAL)
            return
        self._begin_sentence()

    def _settle(self) -> None:
        if len(self.sentence) > 1 or (self.sentence and self.has_or):
            self.reading.lists += lists_of(self.sentence, self.tokens, self.vocabulary)
        if not self.prefers:
            return
        chosen = {
            each.entry.value for each in self.sentence[self.conceded :] if each.entry.kind in (*NAMES, Kind.OTHER)
        }
        leave_open(each for each in self.sentence[: self.conceded] if chosen - {each.entry.value})
        values = {each.entry.value for each in self.sentence[self.preferred :] if each.status is Status.AFFIRMED}
        for members, _ in self.reading.lists[-2:]:
            if values and values <= {each.entry.value for each in members}:
                leave_open(each for each in members if each.entry.value not in values)

    # -- matches

    def match(self, match: Match) -> None:
        kind = match.entry.kind
        if self.asked:
            denies = kind is Kind.NEGATES and not self._next(match)[0].isalnum()
            self._answers(self.tokens[match.start], denied=denies)
        if kind in (*NAMES, Kind.NORMAL, Kind.GENERIC, Kind.OTHER):
            self._mention(match)
        elif kind is Kind.TURNS:
            self._turn(match)
        elif kind in (Kind.PREFERS, Kind.RESUMES, Kind.SUPPOSES):
            self._resume(match)
        elif kind is Kind.NEGATES:
            self._negate(match)
        elif kind is Kind.NEGATES_NEXT:
            self.scope = _Scope(Status.NEGATED, ends_at_comma=True)
        elif kind in _BACK:
            self._from_behind(match, _BACK[kind])
        elif kind is Kind.WOULD:
            leave_open(self.clauses[-1].mentions)
        else:
            self._doubt(match)

    def _mention(self, match: Match) -> None:
        kind = match.entry.kind
        if kind is Kind.NORMAL and self._prev(match) in (":", "|") and self._heading():
            self._reach_back(Status.NEGATED)  # "Edema: none"
            return
        clause, phrase = self.clauses[-1], tuple(self.tokens[match.start : match.end])
        mention = Mention(match.entry, match, self.scope.status, phrase, clause)
        for each in (self.reading.mentions, clause.mentions, self.sentence):
            each.append(mention)
        self.scope.used = True
        self.names_something |= kind is not Kind.GENERIC
        # "The left lung is clear" may be said of one side, "alignment: normal" of the alignment only.
        heading_says_more = self._prev(match) == ":" and len(self.clauses) > 1 and self.clauses[-2].partial
        clause.partial |= kind in NAMES or "clear" in phrase or (kind is Kind.NORMAL and heading_says_more)
        if clause.opened_by == "," and clause.has_verb and not clause.has_subject:
            # "The other structures, including the deltoid, are unremarkable."
            clause.partial |= any(each.partial for each in self.clauses[-3:])

    def _heading(self) -> bool:
        return len(self.clauses) > 1 and any(each.entry.kind is Kind.LABEL for each in self.clauses[-2].mentions)

    def _turn(self, match: Match) -> None:
        word = self.tokens[match.start]
        excepts = word in ("except", "other", "apart", "aside", "besides") and not self.clauses[-1].has_verb
        if excepts and self.scope.status is Status.AFFIRMED and self._before(match.start) & _ANY:
            self.scope = _Scope(Status.NEGATED)  # "any disease other than edema"
            return
        self.scope = _Scope()
        self.prefers |= self.supposes and self.tokens[match.end : match.end + 1] in (["it"], ["its"], ["this"], [IS])
        self.conceded, self.concedes = len(self.sentence), word in ("although", "though", "while", "whereas")
        self.clauses.append(self._clause(word))
        self.reading.turned = self.number
        # "... while the left lung is clear" is not said of the whole image.
        self.clauses[-1].partial = word in ("while", "whereas")

    def _resume(self, match: Match) -> None:
        if match.entry.kind is Kind.PREFERS:
            self.prefers, self.preferred = True, len(self.sentence)
        self.supposes |= match.entry.kind is Kind.SUPPOSES
        # A verb ends a denial that has had its object: "a scan without fracture shows edema".
        if self._prev(match) in (",", "and", ")", ":") or (self.tokens[match.start] == SHOW and self.scope.used):
            self.scope = _Scope()
        if match.end - match.start == 1 and self.tokens[match.start] not in _ABOUT_THE_IMAGE:
            self.clauses[-1].partial = True
        self.clauses[-1].has_verb = True

    def _negate(self, match: Match) -> None:
        before, after = self._prev(match), self._next(match)
        if "other" in self.tokens[match.start : match.end]:
            self.clauses[-1].partial = True  # "no other abnormality" speaks of the rest of the image
        if before in _HEADS | {","} and set(self._rest(match.end)) <= _SEEN | {"evidence", "sign", "trace"}:
            self._reach_back(Status.NEGATED, anywhere=True)  # "Edema: no evidence", "Edema: no"
        elif after[0].isalnum() or after == ":":
            # "No infarct, no bleed, edema": each item has a "no" of its own, so one without it is affirmed.
            again = self.scope.status is Status.NEGATED and before in (",", "and")
            corrects = self.tokens[match.start] == "not"
            self.scope = _Scope(Status.NEGATED, ends_at_comma=again or corrects)
        elif self.clauses[-1].opened_by in _TURNS_BACK | LIST_WORDS | {","}:
            self._reach_back(Status.NEGATED, anywhere=True)  # "maybe edema, maybe not"
        elif self.tokens[match.start].endswith(("not", "nt")):
            self._reach_back(Status.NEGATED)  # "an infarct is seen, edema is not"

    def _from_behind(self, match: Match, status: Status) -> None:
        refers = not _IT.isdisjoint(self.tokens[match.start : match.end])
        if self._has_subject(match) or match.entry.kind is Kind.DOUBTED or (refers and self.sentence):
            if self.tokens[match.start] == "or":  # "an infarct, a tumor or something else"
                leave_open(self.sentence[-AHEAD:])
            self._reach_back(status, anywhere=refers)
            if (not self.names_something and match.entry.kind is Kind.NEGATED) or match.entry.kind is Kind.EITHER:
                self.scope = _Scope(status)  # "the abnormality is not likely edema"
        else:
            self.scope = _Scope(status)

    def _has_subject(self, match: Match) -> bool:
        """Whether a cue that may stand on either side is about what stands before it."""
        if self._prev(match) == "with":
            return False  # "an infarct with absent edema"
        clause = self.clauses[-1]
        ends = not self._next(match)[0].isalnum()
        if clause.mentions or (self._prev(match) in (":", "|") and len(self.clauses) > 1):
            return True
        if ends and self._prev(match) in (",", "("):
            return True
        continues = clause.opened_by in _TURNS_BACK or (ends and clause.opened_by == ",")
        return continues and not clause.has_subject

    def _doubt(self, match: Match) -> None:
        kind = match.entry.kind
        if kind is Kind.EXAMPLE and not self._before(match.start) & _ANY:
            return
        if kind is Kind.POSES and match.start and self.tokens[match.start - 1] not in SENTENCE_ENDS:
            return
        if kind in (Kind.DOUBTS, Kind.REFUSES, Kind.EXAMPLE, Kind.POSES):
            self.reading.refused |= kind is Kind.REFUSES
            if kind is Kind.REFUSES and self._prev(match) == ":":
                self._reach_back(Status.OPEN, anywhere=True)  # "Edema: cannot assess"
            self.scope = _Scope(Status.OPEN)

    def _reach_back(self, status: Status, *, anywhere: bool = False) -> None:
        """Give a status to the clause before a cue and, where it ends a list ("A, B and C are absent"), to the list."""
        self.reading.refused |= status is Status.OPEN and not self.sentence  # "It cannot be determined."
        place = len(self.clauses) - 1
        continues = self.clauses[place].opened_by in _TURNS_BACK | {","} and not self.clauses[place].has_subject
        if anywhere or continues or self.clauses[place].opened_by in _HEADS:
            while place and not self.clauses[place].mentions:
                place -= 1
        while place >= 0:
            clause = self.clauses[place]
            for mention in clause.mentions:
                mention.status = status
            before = self.clauses[place - 1] if place else None
            listed_ = clause.opened_by in LIST_WORDS | {",", "/"}
            if before is None or before.has_verb or not listed_ or not before.mentions:
                break
            place -= 1
        self.clauses = [self._clause()]

    # -- what stands around

    def _answers(self, token: str, *, denied: bool = False) -> None:
        """Deny what was asked if "no" follows; leave it open unless "yes" follows."""
        if not token[0].isalnum():
            return
        for mention in self.asked if denied else ():
            if mention.status is Status.AFFIRMED:
                mention.status = Status.NEGATED
        if token != "yes":
            leave_open(self.asked)
        self.asked = []

    def _prev(self, match: Match) -> str:
        return self.tokens[match.start - 1] if match.start else "."

    def _next(self, match: Match) -> str:
        return self.tokens[match.end] if match.end < len(self.tokens) else "."

    def _ahead(self, index: int) -> list[str]:
        """The next words of the sentence behind this place."""
        return until(self.tokens[index + 1 : index + 1 + AHEAD])

    def _rest(self, start: int) -> list[str]:
        """The words of the clause from this place on."""
        words = until(self.tokens[start : start + AHEAD], SENTENCE_ENDS | BREAKS)
        return [word for word in words if word[0].isalnum()]

    def _before(self, index: int) -> set[str]:
        """The words of the sentence just before this place."""
        return set(until(self.tokens[max(0, index - AHEAD) : index][::-1]))
