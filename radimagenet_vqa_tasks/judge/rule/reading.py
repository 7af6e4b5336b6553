"""What a text affirms, denies and leaves open: one sweep over its words, sentence by sentence.

Negation reaches from its cue to the end of the sentence or to a word that turns it ("but", "other than"), across
the commas of a list; a cue that stands behind ("... is not seen") reaches back over its clause, and over the list
that the clause ends. Every word and every match is handled a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Sequence

from radimagenet_vqa_tasks.judge.rule.clauses import (
    ABOUT_THE_IMAGE,
    AFTER_DENIAL,
    AHEAD,
    APART,
    BROAD,
    CLAUSE_BREAKS,
    CONCEDES,
    CONTRASTS,
    LIST_SIGNS,
    LIST_WORDS,
    NO_LIST,
    NO_SUBJECT,
    OR,
    TURNS_BACK,
    Clause,
    MentionList,
)
from radimagenet_vqa_tasks.judge.rule.cues import PRONOUNS, SEEN, Kind
from radimagenet_vqa_tasks.judge.rule.matching import Match, Vocabulary
from radimagenet_vqa_tasks.judge.rule.mentions import Mention, Reading, Status
from radimagenet_vqa_tasks.judge.rule.text import IS, SENTENCE_ENDS, SHOW


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
    return sweep.reading


class _Sweep:
    """The state of the sweep: which scope is open, and what may still be denied from behind."""

    def __init__(self, tokens: Sequence[str], vocabulary: Vocabulary) -> None:
        self.tokens = tokens
        self.vocabulary = vocabulary
        self.reading = Reading(has_words=any(token[0].isalnum() for token in tokens))
        self.scope = Status.AFFIRMED
        self.scope_ends_at_comma = False
        self.scope_used = False
        self.scope_done = False
        self.clause = 0
        # Clauses of this sentence that a cue behind them may still reach, the last one open.
        self.reachable: list[Clause] = [Clause()]
        # The mentions of this sentence, and those of a question that may have no answer yet.
        self.sentence: list[Mention] = []
        self.asked: list[Mention] = []
        # How many mentions of this sentence stand before its last turn.
        self.conceded = 0
        self.concedes = self.prefers = False
        self.list = MentionList()

    def word(self, index: int) -> None:
        token = self.tokens[index]
        if token in SENTENCE_ENDS:
            self._end_sentence(token)
        elif token in CLAUSE_BREAKS:
            self._end_clause(index)
        elif token == IS:
            self.reachable[-1].has_verb = True
            self.scope_done = self.scope_used
        else:
            self._answer(token)
            self.reachable[-1].has_subject |= token not in NO_SUBJECT
            if token not in ABOUT_THE_IMAGE:
                self.reading.partial_clauses.add(self.clause)
                self.reading.turns_to_finding |= self.conceded > 0 and token in self.vocabulary.words
                self.reading.claims |= self.scope is Status.AFFIRMED and token != "otherwise"

    def match(self, match: Match) -> None:
        kind = match.entry.kind
        self._answer(self.tokens[match.start])
        if kind in (Kind.LABEL, Kind.PART, Kind.NORMAL, Kind.GENERIC, Kind.OTHER):
            self._mention(match)
        elif kind is Kind.NEGATES:
            self._negate(match)
        elif kind is Kind.NEGATES_NEXT:
            self._open(Status.NEGATED, until_comma=True)
        elif kind is Kind.NEGATED or (kind is Kind.ABSENT and self._has_subject(match)):
            self._reach_back(Status.NEGATED, refers=self.tokens[match.end - 1] in PRONOUNS)
        elif kind is Kind.ABSENT:
            self._open(Status.NEGATED)
        elif kind is Kind.DOUBTED or (kind is Kind.LESS and self._has_subject(match)):
            self._reach_back(Status.OPEN)
        elif kind is Kind.EITHER:
            self._reach_back(Status.OPEN)
            self._open(Status.OPEN)
        elif kind is Kind.REFUSES and self._after_colon(match) and self.sentence:
            self.reading.refused = True  # "Edema: cannot assess"
            self._reach_back(Status.OPEN)
        elif kind in (Kind.DOUBTS, Kind.LESS, Kind.REFUSES):
            self.reading.refused |= kind is Kind.REFUSES
            self._open(Status.OPEN)
        elif kind is Kind.TURNS:
            self._turn(match)
        elif kind is Kind.PREFERS:
            self.prefers = True
            self._resume(match)
        elif kind is Kind.RESUMES:
            self._resume(match)

    def _mention(self, match: Match) -> None:
        if match.entry.kind is Kind.NORMAL and self._heads_label(match):
            self._reach_back(Status.NEGATED)
            return
        phrase = tuple(self.tokens[match.start : match.end])
        mention = Mention(match.entry, self.clause, self.scope, phrase)
        self.reading.mentions.append(mention)
        self.reachable[-1].mentions.append(mention)
        self.sentence.append(mention)
        if match.entry.kind in (Kind.LABEL, Kind.PART, Kind.OTHER, Kind.NORMAL):
            self._join(mention, match)
        if (
            match.entry.kind is Kind.NORMAL
            and self._after_colon(match)
            and self.clause - 1 in self.reading.partial_clauses
        ):
            # "Alignment: normal" speaks of the alignment only.
            self.reading.partial_clauses.add(self.clause)
        self.scope_used = True
        if match.entry.kind in (Kind.LABEL, Kind.PART) or "clear" in phrase:
            # "The left lung is clear" may be said of one side.
            self.reading.partial_clauses.add(self.clause)

    def _join(self, mention: Mention, match: Match) -> None:
        """Go on with the list that the mention before belongs to, or begin one."""
        last = self.list.members[-1] if self._is_joined(match) else None
        if last is None:
            self.end_list()
        elif mention.entry.kind is Kind.OTHER and self._means_the_same(last, mention.phrase, after=True):
            self.list.end = match.end
            return
        elif last.entry.kind is Kind.OTHER and self._means_the_same(mention, last.phrase, after=False):
            self.list.members.pop()
        else:
            self.list.has_or |= not OR.isdisjoint(self.tokens[self.list.end : match.start])
        self.list.members.append(mention)
        self.list.end = match.end

    def _is_joined(self, match: Match) -> bool:
        """Whether a sign or list word, and at most adjectives, stand between the list and this."""
        if not (self.list.members and 0 < match.start - self.list.end <= APART):
            return False
        gap = self.tokens[self.list.end : match.start]
        return gap[0] in LIST_SIGNS and NO_LIST.isdisjoint(gap)

    def _means_the_same(self, label: Mention, other: tuple[str, ...], *, after: bool) -> bool:
        """Whether `other` is the "rupture" of "acl tear or rupture", or of "rupture or tear of acl"."""
        phrase = (*label.phrase[:-1], *other) if after else (*other, *label.phrase[1:])
        known = self.vocabulary.entries.get(phrase)
        return other[0] in BROAD or (known is not None and known.value == label.entry.value)

    def end_list(self) -> None:
        """Keep the list that ends here if its members are alternatives."""
        if len(self.list.members) > 1:
            self.reading.series.append(self.list.members)
            if self.list.has_or:
                self.reading.lists.append(self.list.members)
        self.list = MentionList()

    def _answer(self, token: str) -> None:
        """Leave open what a question named, unless it stands alone or "yes" follows."""
        if self.asked and token[0].isalnum():
            for mention in self.asked:
                if token != "yes" and mention.status is Status.AFFIRMED:
                    mention.status = Status.OPEN
            self.asked = []

    def _after_colon(self, match: Match) -> bool:
        return match.start > 0 and self.tokens[match.start - 1] == ":" and len(self.reachable) > 1

    def _heads_label(self, match: Match) -> bool:
        """Whether this is the "none" of "Edema: none"."""
        headings = self.reachable[-2].mentions if self._after_colon(match) else []
        return any(mention.entry.kind is Kind.LABEL for mention in headings)

    def _has_subject(self, match: Match) -> bool:
        if match.start and self.tokens[match.start - 1] == "with":
            return False  # "an infarct with absent edema"
        clause = self.reachable[-1]
        if clause.mentions or self._after_colon(match):
            return True
        follows = self._follows(match)
        ends = not follows[0].isalnum() or follows in AFTER_DENIAL
        continues = clause.opened_by in TURNS_BACK and not clause.has_subject
        return continues and (ends or self.tokens[match.start] == IS)

    def _follows(self, match: Match) -> str:
        return self.tokens[match.end] if match.end < len(self.tokens) else "."

    def _negate(self, match: Match) -> None:
        follows = self._follows(match)
        if "other" in self.tokens[match.start : match.end]:
            # "No other abnormality" speaks of the rest of the image.
            self.reading.partial_clauses.add(self.clause)
        if follows[0].isalnum() or follows == ":":
            # "No infarct, no bleed, edema": each item has a "no" of its own, so one without it is affirmed.
            again = self.scope is Status.NEGATED and match.start and self.tokens[match.start - 1] in (",", "and")
            self._open(Status.NEGATED, until_comma=bool(again))
        elif self._after_colon(match) or (self.tokens[match.start - 1] == IS and self.reachable[-1].mentions):
            self._reach_back(Status.NEGATED)  # "Edema: no", "an infarct is seen, edema is not"
        # Otherwise it is the "No" of "No, there is edema", which denies nothing.

    def _open(self, scope: Status, until_comma: bool = False) -> None:
        self.scope, self.scope_ends_at_comma = scope, until_comma
        self.scope_used = self.scope_done = False

    def _close(self) -> None:
        self._open(Status.AFFIRMED)

    def _turn(self, match: Match) -> None:
        self._close()
        self.conceded = len(self.sentence)
        self.concedes = self.tokens[match.start] in CONCEDES
        self._new_clause(self.tokens[match.start])
        self.reading.turned = self.clause
        if self.tokens[match.start] in CONTRASTS:
            # "... while the left lung is clear" is not said of the whole image.
            self.reading.partial_clauses.add(self.clause)

    def _leave_conceded_open(self) -> None:
        """Leave open what was granted before a turn: "a hematoma is possible, but a seroma is favored"."""
        findings = (Kind.LABEL, Kind.PART, Kind.OTHER)
        rivals = {each.entry.value for each in self.sentence[self.conceded :] if each.entry.kind in findings}
        for mention in self.sentence[: self.conceded]:
            if mention.status is Status.AFFIRMED and rivals - {mention.entry.value}:
                mention.status = Status.OPEN

    def _resume(self, match: Match) -> None:
        before = self.tokens[match.start - 1] if match.start else ""
        # A verb ends a negation that has had its object: "a scan without fracture shows edema".
        verb = self.tokens[match.start] == SHOW
        if before in (",", "and", ")", ":") or (verb and self.scope_used):
            self._close()
        if match.end - match.start == 1 and self.tokens[match.start] not in ABOUT_THE_IMAGE:
            self.reading.partial_clauses.add(self.clause)
        self.reachable[-1].has_verb = True

    def _reach_back(self, status: Status, refers: bool = False) -> None:
        """Deny the clause before a cue and, where it ends a list ("A, B and C are absent"), the list.

        A clause without a subject, or whose cue `refers` to one ("no evidence of it"), is about the one before.
        """
        if status is Status.OPEN and not self.sentence:
            self.reading.refused = True  # "It cannot be determined."
        turned = False
        while self.reachable:
            clause = self.reachable.pop()
            for mention in clause.mentions:
                mention.status = status
            listed = clause.opened_by in LIST_WORDS or (clause.opened_by in (",", ":") and not clause.mentions)
            turned = (turned or clause.opened_by in TURNS_BACK) and not clause.mentions
            turned = turned and (refers or not clause.has_subject)
            before = self.reachable[-1] if self.reachable else None
            if before is None or not (turned or (not before.has_verb and (listed or clause.in_list))):
                break
            before.in_list |= not turned
        self.reachable = [Clause()]

    def _end_clause(self, index: int) -> None:
        sign = self.tokens[index]
        if sign == "," and self.scope_ends_at_comma and not self._goes_on(index):
            self._close()
        # "No infarct is seen and edema is present": the denial had its verb, and no "or" goes on with its list.
        if self.scope_done and sign in (",", "and") and self.tokens[index + 1 : index + 2] not in (["or"], ["nor"]):
            self._close()
        if sign == "," and self.scope_used and self._affirms(index):
            self._close()
        if sign == "," and self.concedes:
            self.conceded, self.concedes = len(self.sentence), False
        self._new_clause(sign)

    def _rest(self, index: int) -> list[str]:
        """The next words of the sentence, up to `AHEAD` of them."""
        rest: list[str] = []
        for token in self.tokens[index + 1 : index + 1 + AHEAD]:
            if token in SENTENCE_ENDS:
                break
            rest.append(token)
        return rest

    def _goes_on(self, index: int) -> bool:
        """Whether an "or" further on says that the list of what is denied has not ended."""
        return not {"or", "nor"}.isdisjoint(self._rest(index))

    def _affirms(self, index: int) -> bool:
        """Whether what follows a comma is the "edema present" of "no infarct, edema present"."""
        rest = self._rest(index)
        return len(rest) > 1 and rest[-1] in SEEN and CLAUSE_BREAKS.isdisjoint(rest)

    def _new_clause(self, sign: str = "") -> None:
        self.clause += 1
        self.reachable.append(Clause(opened_by=sign))

    def end(self) -> None:
        """Settle what the end of a sentence or of the text settles."""
        if self.prefers:
            self._leave_conceded_open()
        self.concedes = self.prefers = False
        self.conceded = 0
        self.end_list()

    def _end_sentence(self, sign: str) -> None:
        self._close()
        self.end()
        if sign == "?":
            self.asked += self.sentence
        self.sentence = []
        self.clause += 1
        self.reachable = [Clause()]
