"""The words that deny, hedge, refuse or turn: what the rule judge knows of English besides the taxonomy.

Phrases are written plainly; they are compared in the canonical form of text.py, so that "is" also stands for "are" and
"appears", "of" for "in" and "from", and singular for plural.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from radimagenet_vqa_tasks.judge.rule.text import word_set


class Kind(Enum):
    """What an entry does to the meaning of a text."""

    LABEL = "a label or a region"
    PART = "a structure inside a region"
    NORMAL = "nothing is wrong"
    GENERIC = "something is wrong, whatever it is; its negation is normal"
    OTHER = "a finding or place that is no label here, and counts only as an alternative to one"
    NEGATES = "what follows is not there"
    NEGATES_NEXT = "what follows, up to a comma, is not there"
    NEGATED = "what stands before is not there"
    ABSENT = "what stands before, or else what follows, is not there"
    DOUBTS = "what follows is left open"
    DOUBTED = "what stands before is left open"
    EITHER = "what stands before and what follows are left open"
    LESS = "what stands before, or else what follows, is left open"
    REFUSES = "no answer is given, and what follows is left open"
    PREFERS = "what stands before the turn, or else the alternatives to what follows, is left open"
    WOULD = "what stands before is left open; where nothing does, nothing is"
    EXAMPLE = "what follows is left open where the sentence speaks of any or of many"
    SUPPOSES = "what follows is left open where the sentence turns to what there is"
    POSES = "what follows is left open where this opens a sentence"
    TURNS = "the negation or the doubt ends here"
    RESUMES = "the negation or the doubt ends here if this opens a clause"
    IGNORED = "a phrase that would otherwise be misread"


def _phrases(text: str) -> tuple[str, ...]:
    """Phrases that commas part, for tables that are easier to read than a list of quotes."""
    return tuple(phrase.strip() for phrase in text.split(","))


GENERIC = word_set(
    "abnormality abnormal pathology pathologic pathological disease disorder anomaly lesion finding problem issue"
    " anything wrong remarkable unusual condition"
)

SEEN = word_set(
    "seen present identified evident visible visualized visualised detected demonstrated noted observed found"
    " apparent depicted appreciated indicated displayed discernible recognized appreciable"
)
# Joints of their own, which the benchmark has no images of: named beside a region they are a second answer.
OTHER_JOINTS = word_set("elbow wrist")
# Places that belong to no region of the benchmark, or to several.
OTHER_PLACES = word_set("arm buttock face finger forearm hand heart jaw leg mandible neck rib thigh throat thumb")
# What stands behind these is near the place that is shown.
BESIDE = ("above", "below", "adjacent to", "next to", "near", "close to", "outside", "beyond", "beneath")
PRONOUNS = word_set("it one this that them")
TAKES_UP = PRONOUNS | {"any", "none"}
_JUDGED = ("judged", "assessed", "evaluated", "established", "diagnosed", "verified", "decided", "ascertained", "said")
_CONFIRM = (
    *("confirm", "show", "see", "support", "demonstrate", "find", "identify", "suggest", "reveal"),
    *("depict", "prove", "display", "include", "cover", "reach", "verify", "establish", "image"),
)
_SIGNS = ("evidence", "sign", "convincing evidence", "convincing sign", "definite evidence", "definite sign", "trace")
_FIND = word_set("see identify find detect visualize appreciate")
_ANSWER = word_set(
    "judge determine tell answer provide diagnose interpret assess view analyze assist help give make confirm comment"
    " identify see say evaluate offer process access read"
)
# "Any disease such as ..." is about no image; "everything except ..." is about everything else.
ANY = word_set("any anything anywhere anyone every everything all each many various")
_EXCEPT = ("but", "except", "except for", "other than", "apart from", "aside from", "besides", "save", "not")
GRADED = word_set("chance probability likelihood suspicion possibility odds")
LOW = word_set("low remote slim small faint")
_CANNOT = ("cannot", "could not", "couldnt", "unable to")
_TAKEN_UP = ("it", "one", "them", "this", "any")  # "edema was suspected, but I cannot see any"
_SURELY = ("definitely", "convincingly", "reliably", "readily", "well", "actually", "really", "definitively")
_UNPROVEN = (
    "proven",
    "established",
    "real",
    "credible",
    "plausible",
    "justified",
    "warranted",
    "tenable",
    "compelling",
)
_SOURCES = ("finding", "image", "scan", "appearance", "feature", "picture", "study", "mri", "ct", "signal", "sign")
_WOULD_BE = (
    *("my", "most likely", "most probable", "consistent", "compatible", "first", "best", "leading", "likely", "top"),
    *(
        "primary",
        "main",
        "concern",
        "suspicious",
        "worrying",
        "present",
        "in keeping",
        "diagnosis",
        "answer",
        "correct",
        "favored",
        "suspected",
        "called",
    ),
    *("probable", "more likely", "typical", "considered", "classified", "described", "labeled", "visible", "seen"),
)
CUES: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEGATES: (
        *_phrases(
            "no, not, without, w/o, nor, neither, never, hardly, nothing, none of, lack of, lacks, lacking,"
            " inconsistent with, incompatible with, absence of, negative for, free of, clear of, free from, denies,"
            " excluding, fails to, failed to, ruling out, no other, isnt, arent, doesnt, dont, wasnt, argues"
            " against, argue against, speaks against, speak against, against, i doubt, doubt that, not call this,"
            " wouldnt, didnt, hasnt, havent, couldnt, shouldnt, werent, resolution of, cannot be, cant be, could"
            " not be, anything but, exclusion of, pertinent negative, opposite of, by no means, zero evidence of,"
            " zero sign of"
        ),
        *(
            f"{cannot} {verb}{some}"
            for cannot in _CANNOT
            for verb in sorted(_FIND - {"see", "identify", "visualize"})
            for some in ("", " any")
        ),
        *(f"{cannot} {verb} any" for cannot in _CANNOT for verb in (*_FIND, *_CONFIRM, "make out")),
        *(f"{cannot} make out" for cannot in _CANNOT),
        *(f"{any_} {but}" for any_ in ("everything", "anything", "all", "any", "something") for but in _EXCEPT),
    ),
    Kind.NEGATES_NEXT: _phrases(
        "rather than, instead of, far from, as opposed to, unlike, it resembles, mimics, mimicking, mimic of,"
        " simulates, simulating, simulate, can mimic, mistake this for, mistaken for, confused with, could be"
        " mistaken for, might be mistaken for, can be mistaken for"
    ),
    Kind.NEGATED: (
        *_phrases(
            "ruled out, been excluded, is excluded, not there, not likely the case, argued against, out of question,"
            " off table, wrong diagnosis, not fit, not really fit, doesnt fit, dont fit, not explain, doesnt explain,"
            " dismissed, discarded, discounted, disappeared, vanished, gone, is missing, nowhere, not included,"
            " isnt included, outside field, outside image, outside field of view, out of view, out of frame, out of"
            " field of view, outside of image, outside of field of view, outside frame, cut off, lacks support,"
            " lacks evidence, denied, isnt there, refuted, disproved, disproven, not what, not my, is lost"
        ),
        *(f"not {proven}" for proven in _UNPROVEN),
        *(f"not {seen}" for seen in SEEN),
        *(f"not {surely} {seen}" for surely in _SURELY for seen in SEEN),
        *(
            f"{no} {appear} to be {seen}"
            for no in ("not", "doesnt", "dont")
            for appear in ("appear", "seem")
            for seen in SEEN
        ),
        "can hardly be",
        *(f"not been {seen}" for seen in SEEN),
        *(f"isnt {seen}" for seen in SEEN),
        *(f"{cannot} be {seen}" for cannot in ("cannot", "could not") for seen in SEEN),
        *(f"no longer {seen}" for seen in SEEN),
        *(
            f"not {answer}"
            for answer in (
                "diagnosis",
                "finding",
                "cause",
                "case",
                "problem",
                "answer",
                "consideration",
                "option",
                "concern",
            )
        ),
        *(
            f"not {said}"
            for said in ("confirmed", "supported", "suggested", "favored", "convincing", "likely", "shown")
        ),
        *(f"not {verb} {it}" for verb in _CONFIRM for it in ("it", "one", "them")),
        *(
            f"{cannot} {verb} {it}"
            for cannot in _CANNOT
            for verb in (*sorted(_FIND), *_CONFIRM, "make out")
            for it in _TAKEN_UP
            if it != "any"
        ),
        *(f"{verb} none" for verb in _FIND),
        *(f"{cannot} make {it} out" for cannot in _CANNOT for it in _TAKEN_UP),
        *(f"no {sign} of {it}" for sign in _SIGNS for it in sorted(PRONOUNS)),
    ),
    Kind.ABSENT: _phrases(
        "resolved, rather unlikely, is rather unlikely, unlikely, improbable, rather improbable, false, is false,"
        " is missing, implausible, absent, excluded, is unlikely, is absent, negative, is negative"
    ),
    Kind.DOUBTS: _phrases(
        "cannot exclude, could not exclude, not exclude, cannot rule out, not rule out, rule out, r/o, could not"
        " rule out, to exclude, excludes, may or may not, undecided, wonder about, wondered about, i wonder, i"
        " considered, i thought of, initially thought, whether, if, evaluate for, assess for, look for, looking"
        " for, search for, searching for, screen for, check for, more likely than, may include, can include, could"
        " include, condition include, condition such as, disease such as, cannot confirm, question of whether,"
        " unable to exclude, unable to rule out, differential, ddx, hesitate to, hesitate, reluctant to, reluctant,"
        " cannot commit to, cannot call, could not call, not commit to, be tempted to, tempted to, some would, too"
        " little, not enough, fall short of, falls short of, disagree with, at first glance, at first sight, first"
        " thought, first impression, initially considered, initially suspected, little evidence, little to suggest,"
        " little suggest, little support, insufficient evidence, insufficient support, had it been, had this been,"
        " evaluation for, used to detect, used to diagnose, used to show, can show, can reveal, cause include,"
        " possibility include, example include, example is, condition that affect, condition is include, risk of,"
        " risk for, family history of, prevention of, prevent, clinical question, indication:, clinical history:,"
        " history:, reason for exam, reason for examination, atypical for, atypical of, different diagnosis of, be"
        " wrong to, be premature to, too early to, premature to, be mistake to, be incorrect to, be error to,"
        " artifact like, wouldnt commit"
    ),
    Kind.DOUBTED: (
        *_phrases(
            "would be expected, one would expect, one would see, only if, open question, cannot say so, cannot"
            " tell so, cannot be excluded, cannot be ruled out, not excluded, not be excluded, not be ruled out, is"
            " doubtful, doubtful, remains doubtful, not ruled out, cannot be confirmed, cannot be determined, not"
            " be confirmed, is different, i would expect, is to be excluded, to be excluded, should be excluded,"
            " must be excluded, needs to be excluded, has to be excluded, should be ruled out, must be ruled out,"
            " needs to be ruled out, has to be ruled out, is remote, remote one, questionable at best, or something"
            " else, or else, or something completely different"
        ),
        *(
            f"{hard} to {exclude}"
            for hard in ("difficult", "hard", "impossible")
            for exclude in ("exclude", "rule out")
        ),
        *(f"not {judged}" for judged in _JUDGED),
        *(f"{cannot} be {judged}" for cannot in ("cannot", "could not") for judged in _JUDGED),
        *(f"{stays} {open}" for stays in ("is", "remains") for open in ("uncertain", "unclear", "questionable")),
    ),
    Kind.EITHER: _phrases("as well be, equally be"),
    Kind.LESS: _phrases(
        "less likely, is less likely, less probable, is less probable, least likely, is least likely, least probable,"
        " remote possibility, only remote possibility, far fetched, unproven, unconfirmed, unsupported, unfounded,"
        " unconvincing, speculative, debatable, equivocal, inconclusive, untenable, low suspicion, low probability,"
        " low likelihood, low chance, low possibility, low index of suspicion"
    ),
    Kind.REFUSES: (
        *_phrases(
            "as an ai, not sure, unsure, not know, dont know, not certain, uncertain, insufficient information,"
            " indeterminate, im sorry, i am sorry, i apologize, no image, no image provided, no idea, not clear, please"
            " provide, please upload, please share, not applicable, n/a, no conclusion, language model, not provided,"
            " unclear, unknown, not enough information, wont, refuse to"
        ),
        *(f"{cannot} {verb}" for cannot in ("cannot", "could not", "unable to", "not able to") for verb in _ANSWER),
        *(f"{hard} to {verb}" for hard in ("not possible", "impossible", "difficult") for verb in _ANSWER),
    ),
    Kind.PREFERS: (
        *(f"{source} favor" for source in _SOURCES),
        *_phrases(
            "favor, favors, is favored, more likely, most likely, fit better, fits better, better fit, better"
            " explained, preferred, i prefer, would go with, id go with, i would say, id say, my choice, best"
            " explained, more consistent, more typical, more compatible, more suggestive"
        ),
    ),
    Kind.TURNS: _phrases(
        "but, however, although, though, except, except for, other than, apart from, aside from, besides, yet, while,"
        " whereas, nevertheless, nonetheless, instead, rather, despite"
    ),
    Kind.WOULD: _phrases("would"),
    Kind.EXAMPLE: _phrases("such as, for example, for instance, eg, like, including"),
    Kind.SUPPOSES: _phrases("could be, might be, may be, is like, resembles, resemble, could represent, could suggest"),
    Kind.POSES: _phrases("what is like, what is to be, what resembles"),
    Kind.RESUMES: (
        *(f"{source} {verb}" for source in _SOURCES for verb in ("show", "suggest", "point", "indicate")),
        *_phrases(
            "presence of, there is, theres, this, thats, it, its, i, likely, probably, possibly, may, might,"
            " could, consistent, only, just, merely, suggestive, suggesting, suggest, compatible, with, show,"
            " indicating, indicate, which, therefore, so, thus"
        ),
    ),
    Kind.IGNORED: (
        *(f"would {best}explain" for best in ("", "best ")),
        *_phrases(
            "would fit, would account for, would match, would say, would call, would suggest, would need,"
            " would require, would benefit, would warrant, would make sense"
        ),
        *(f"would be {likely}" for likely in _WOULD_BE),
        *(f"cannot be {missed}" for missed in ("overlooked", "missed", "ignored", "denied", "sure", "certain")),
        *(f"not {seen} {before}" for seen in SEEN for before in ("before", "previously")),
        *(f"not previously {seen}" for seen in SEEN),
        *_phrases("if i had to, if asked, if pressed, if forced, if i must, if you ask me, if anything, if i have to"),
        *_phrases(
            "than normal, compared with normal, compared to normal, loss of normal, no longer normal, high resolution,"
            " neither normal nor abnormal, less than normal, relative to normal, what is seen, what is shown, no need,"
            " nothing else,"
            "no change, not only, not just, not merely, no doubt, without doubt, no longer, no question, without"
            " contrast, without iv contrast, without intravenous contrast, without gadolinium, not a doctor, not a"
            " radiologist, not a physician, not a medical, not a substitute, not medical, without and with contrast,"
            " normal saline, not limited to, near normal, nearly normal, almost normal, mostly normal, largely normal,"
            " normal variant, normal anatomic variant, normal anatomical variant, normal variation, not normal, not"
            " unremarkable"
        ),
    ),
}
