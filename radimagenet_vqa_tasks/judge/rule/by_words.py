"""One open answer against the right one by their words, for every benchmark without a taxonomy.

Of the answer's sentences the one that answers counts: a conclusion, or else the one that repeats most of the question.
Its claim (claims.py) must name everything that the right answer lists and nothing that contradicts it: another answer
of the same kind (left for right, CT for MRI, the spleen for the liver), a second thing in a list, an alternative, a
longer name ("heart failure" for the heart), a denial. What is more exact is right ("the right lung" for the lung).
Another sentence may explain, but neither deny the answer nor give another one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from radimagenet_vqa_tasks.judge.rule.claims import AskedWords, Claim, asked, claims
from radimagenet_vqa_tasks.judge.rule.meanings import (
    LIST_SIGNS,
    OR,
    SMALL,
    Wording,
    content,
    frame,
    meant,
    rivals,
    same_word,
    wordings,
)
from radimagenet_vqa_tasks.judge.rule.tables import table
from radimagenet_vqa_tasks.judge.verdict import Verdict
from radimagenet_vqa_tasks.reading.canonical import IS, OF, SHOW

SHORTEST_EXPLANATION = 5  # words; a shorter sentence is one more answer
_ENDS_A_NAME = frozenset({OF, IS, SHOW})


def judge_words(answer: str, target: str, question: str) -> Verdict:
    """The verdict on an answer without its dress; see the module for the rules."""
    wanted = wordings(target)
    if not wanted:
        return Verdict("missing", "unknown_target")
    said = content(meant(answer))
    if not said:
        return Verdict("unparsed", "empty")
    verdicts = [_Judge(wording, question).verdict(answer) for wording in wanted]
    best = next((verdict for verdict in verdicts if verdict.outcome == "correct"), verdicts[0])
    if best.outcome == "correct" and any(frozenset(said) <= frozenset(wording.words) for wording in wanted):
        return Verdict("correct", "match", tier="matched")
    return best


def _members(claim: Claim) -> Iterator[range]:
    """What a claim lists, but for asides in brackets."""
    start, aside = claim.start, False
    for place in range(claim.start, claim.core + 1):
        sign = claim.tokens[place] if place < claim.core else ","
        if sign in LIST_SIGNS:
            if not aside:
                yield range(start, place)
            aside, start = (aside or sign == "(") and sign != ")", place + 1


class _Judge:
    """The rules for one wording of the right answer to one question."""

    def __init__(self, wording: Wording, question: str) -> None:
        self._target = frozenset(wording.words)
        self._about: AskedWords = asked(question, wording.words)
        given = self._about.echo | frame()
        # What the question says already need not be said again: "left" is the left lung of "which lung?".
        alone = len(wording.items) == 1
        self._items = tuple((alone and item - given) or item for item in wording.items)
        self._allowed = (given - self._target) - self._about.offered
        self._rivals = self._of_the_kinds()
        self._denies = table("denies") - self._target

    def _of_the_kinds(self) -> frozenset[str]:
        kinds = (rivals()[word] for word in self._target if word in rivals())
        return (frozenset[str]().union(*kinds) | self._about.offered) - self._target

    def verdict(self, answer: str) -> Verdict:
        said = claims(answer, self._about, self._target)
        if not said:
            return Verdict("incorrect", "no_label", tier="read")
        chosen = max(range(len(said)), key=lambda place: (said[place].concludes, said[place].echoed, -place))
        verdict = self._of_claim(said[chosen])
        others = [claim for place, claim in enumerate(said) if place != chosen]
        if verdict.outcome == "correct":
            if any(self._denied(claim) for claim in others):
                return Verdict("incorrect", "negated", tier="read")
            if any(self._is_another(claim) for claim in others):
                return Verdict("incorrect", "other_words", tier="read")
        return verdict

    def _of_claim(self, claim: Claim) -> Verdict:
        if self._denied(claim):
            return Verdict("incorrect", "negated", tier="read")
        places = self._places(claim.tokens, claim.start, claim.end)
        denied = self._reach(claim.tokens)
        core = (claim.tokens[place] for place in range(claim.start, claim.core) if place not in denied)
        if not self._rivals.isdisjoint(core):
            return Verdict("incorrect", "other_words", tier="read")
        if not places:
            return Verdict("incorrect", "no_label", tier="read")
        hits = frozenset(places)
        if self._lists_more(claim, hits, denied):
            return Verdict("incorrect", "other_words", tier="read")
        if any(self._goes_on(claim.tokens, place, hits, places[-1]) for place in places if place < claim.core):
            return Verdict("incorrect", "other_words", tier="read")
        if not self._complete(claim, places):
            return Verdict("incorrect", "part_of_list" if len(self._items) > 1 else "no_label", tier="read")
        return Verdict("correct", "match", tier="read")

    def _complete(self, claim: Claim, places: Sequence[int]) -> bool:
        named = [claim.tokens[place] for place in places]
        return all(any(same_word(word, other) for other in named) for item in self._items for word in item)

    @staticmethod
    def _near(word: str, item: frozenset[str]) -> bool:
        return any(same_word(word, other) for other in item)

    def _places(self, tokens: Sequence[str], start: int, end: int) -> list[int]:
        """Where words of the right answer stand."""
        return [place for place in range(start, end) if self._near(tokens[place], self._target)]

    def _lists_more(self, claim: Claim, hits: frozenset[int], denied: frozenset[int]) -> bool:
        """Whether a member of a list in the claim holds no word of the right answer, or offers an alternative."""
        if not OR.isdisjoint(claim.tokens[claim.start : claim.core]) and OR.isdisjoint(self._target):
            return True
        named = 0
        for part in _members(claim):
            if not hits.isdisjoint(part):
                named += 1
            elif not all(index in denied or self._is_silent(claim.tokens[index]) for index in part):
                return True
        return len(self._items) > 1 and named > len(self._items)

    def _is_silent(self, token: str) -> bool:
        return token in self._allowed or token in SMALL or not token[0].isalnum()

    def _goes_on(self, tokens: Sequence[str], place: int, hits: frozenset[int], last: int) -> bool:
        """Whether a name goes on behind this word: "heart failure"."""
        if place + 1 >= len(tokens) or place + 1 in hits:
            return False
        after = tokens[place + 1]
        if after in LIST_SIGNS or self._is_silent(after) or after in table("adds") | table("explains"):
            return False
        # "Upper lobe of the lung": the name goes on to the next word of the right answer.
        return place == last and not after.endswith("ed")

    def _denied(self, claim: Claim) -> bool:
        """Whether a word of the right answer stands where a denial reaches."""
        reach = self._reach(claim.tokens)
        return any(place in reach for place in self._places(claim.tokens, 0, len(claim.tokens)))

    def _reach(self, tokens: Sequence[str]) -> frozenset[int]:
        """Where denials reach: to the end of the clause, and back where the cue does not open its part of a list."""
        reach: set[int] = set()
        start = 0
        for end in range(len(tokens) + 1):
            if end == len(tokens) or tokens[end] in table("turns"):
                cues = (place for place in range(start, end) if tokens[place] in self._denies)
                first = next(cues, None)
                if first is not None:
                    opens = first == start or tokens[first - 1] in LIST_SIGNS
                    reach.update(range(first if opens else start, end))
                start = end + 1
        return frozenset(reach)

    def _is_another(self, claim: Claim) -> bool:
        """Whether a further sentence gives an answer of its own instead of explaining."""
        core = claim.tokens[claim.start : claim.core]
        if self._places(claim.tokens, claim.start, claim.core):
            return False
        words = [word for word in content(claim.tokens) if word not in frame()]
        short = len(content(claim.tokens)) < SHORTEST_EXPLANATION and bool(words)
        return short or (claim.start > 0 and not self._rivals.isdisjoint(core[:3]))
