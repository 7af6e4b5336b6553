"""How far back a cue reaches that stands behind what it denies: "A, B and C are absent"."""

from __future__ import annotations

from dataclasses import dataclass, field

from radimagenet_vqa_tasks.judge.rule.clauses import HEADING_SIGNS, LIST_WORDS, TURNS_BACK
from radimagenet_vqa_tasks.judge.rule.mentions import Mention, Status


@dataclass
class Clause:
    """What a cue that stands behind has to know of the clause that it closes."""

    opened_by: str = ""
    has_verb: bool = False
    has_subject: bool = False
    in_list: bool = False
    mentions: list[Mention] = field(default_factory=list)


class Reachable:
    """The clauses of a sentence that a cue behind them may still reach, the last one open."""

    def __init__(self) -> None:
        self._clauses = [Clause()]

    def __len__(self) -> int:
        return len(self._clauses)

    @property
    def last(self) -> Clause:
        return self._clauses[-1]

    @property
    def heading(self) -> Clause:
        """The clause before the last one."""
        return self._clauses[-2]

    @property
    def has_verb(self) -> bool:
        return any(clause.has_verb for clause in self._clauses)

    def begin(self, opened_by: str) -> None:
        self._clauses.append(Clause(opened_by))

    def back(self, status: Status, *, refers: bool = False, anywhere: bool = False) -> None:
        """Give a status to the clause before a cue and, where it ends a list ("A, B and C are absent"), to the list.

        A clause without a subject, or whose cue `refers` to one ("no evidence of it"), is about the one before; a cue
        that may stand `anywhere` is about the last one that names something.
        """
        while anywhere and len(self._clauses) > 1 and not self.last.mentions:
            self._clauses.pop()
        turned = False
        while self._clauses:
            clause = self._clauses.pop()
            for mention in clause.mentions:
                mention.status = status
            listed = clause.opened_by in LIST_WORDS or (clause.opened_by in HEADING_SIGNS and not clause.mentions)
            turned = (turned or clause.opened_by in TURNS_BACK) and not clause.mentions
            turned = turned and (refers or not clause.has_subject)
            before = self._clauses[-1] if self._clauses else None
            if before is None or not (turned or (not before.has_verb and (listed or clause.in_list))):
                break
            before.in_list |= not turned
        self._clauses = [Clause()]
