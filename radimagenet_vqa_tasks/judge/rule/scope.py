"""How far a negation or a doubt reaches that has been opened."""

from __future__ import annotations

from dataclasses import dataclass

from radimagenet_vqa_tasks.judge.rule.mentions import Status


@dataclass
class Scope:
    """What the words are meant as, from a cue on.

    Attributes:
        status: how mentions are meant.
        ends_at_comma: a comma ends it.
        corrects: it is opened by a "not", which may correct: "not a knee, a hip".
        used: something has been mentioned.
        named: something other than "an abnormality" has been.
        done: a verb stands behind what has been mentioned.
        worded: words that are no finding have been denied.
        closed: a verb stands behind those, so that the denial has its subject: "no native head is left, because".
    """

    status: Status = Status.AFFIRMED
    ends_at_comma: bool = False
    corrects: bool = False
    used: bool = False
    named: bool = False
    done: bool = False
    worded: bool = False
    closed: bool = False

    @property
    def ends_at_because(self) -> bool:
        return self.closed and self.status is Status.NEGATED
