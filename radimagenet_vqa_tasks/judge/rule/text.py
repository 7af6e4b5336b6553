"""Free medical text as plain words: dress taken off, one spelling, one number, one order of small words.

`words` turns text into a list of canonical words and
boundary signs; `term_words` does the same to a wording of the taxonomy, so that both sides meet. All of it takes
linear time and raises on no string.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache


def word_set(text: str) -> frozenset[str]:
    """The words of a string, for tables that are easier to read than a list of quotes."""
    return frozenset(text.split())


SENTENCE_ENDS = frozenset(".!?;\n")
MINOR_BREAKS = frozenset(",:()/|&")
OF = "of"
IS = "is"
SHOW = "show"

_DASHES = "\u2010\u2011\u2012\u2212-"
_LONG_DASHES = "\u2013\u2014\u2015"
_APOSTROPHES = "'\u2018\u2019\u201b\u2032\u02bc`"
_LINE_BREAKS = "\n\r\v\f\x85\u2028\u2029"
_UNSEEN = ("Mn", "Me", "Cf", "Cs", "Co")

_CHINESE = "\u3400-\u9fff"
_WORD = re.compile(rf"e\.g\.|i\.e\.|vs\.|\ba/p\b|\d+\.\d+|[{_CHINESE}]|(?:(?![{_CHINESE}])[^\W_])+|[.!?;\n,:()/|&]")
_COMMAND = re.compile(r"\\(?:text|math|bold|operatorname|rm|bf|displaystyle)[a-z]{0,8}")
_ESCAPED_BREAK = re.compile(r"\\[nr]")
_TAG = re.compile(r"</?[a-z][^<>\n]{0,60}>")
_MORE_THAN = re.compile(r"(?<=[a-z)]) >{1,3} (?=[a-z])")  # "tendinosis > tear"
_SHORT_FORM = re.compile(r"(?<=[a-z])\.(?=[,:)])")  # "hyperint., focal"
_SPACED_DASH = re.compile(r"(?<=\S) -{1,3} ")

# Substrings, so that "haem" turns ischaemic too and "oedem" the adjective.
SPELLINGS = (
    ("oedem", "edem"),
    ("tumour", "tumor"),
    ("haem", "hem"),
    ("oesoph", "esoph"),
    ("dilatation", "dilation"),
    ("dilatated", "dilated"),
    ("tendonitis", "tendinitis"),
    ("tendonosis", "tendinosis"),
    ("tendonopathy", "tendinopathy"),
    ("leucoen", "leukoen"),
    ("leucoar", "leukoar"),
    ("caec", "cec"),
    ("fibre", "fiber"),
    ("centre", "center"),
    ("distention", "distension"),
    ("favour", "favor"),
    ("colour", "color"),
    ("faec", "fec"),
    ("paed", "ped"),
    ("ageing", "aging"),
    ("visualis", "visualiz"),
)
_FORMS = {
    "disk": "disc",
    "discal": "disc",
    "grey": "gray",
    "vertebrae": "vertebra",
    "menisci": "meniscus",
    "calculi": "calculus",
    "bronchi": "bronchus",
    "alveoli": "alveolus",
    "bullae": "bulla",
    "foci": "focus",
    "foramina": "foramen",
    "diverticula": "diverticulum",
    "calyces": "calyx",
    "calices": "calyx",
    "leiomyomata": "leiomyoma",
    "infarction": "infarct",
    "postop": "postoperative",
    "cant": "cannot",
    # What is written short in reports.
    "abn": "abnormality",
    "dz": "disease",
    "e.g.": "eg",
    "fx": "fracture",
    "hyperint": "hyperintensity",
    "jt": "joint",
    "lig": "ligament",
    "mets": "metastasis",
    **{f"{stem}es": f"{stem}is" for stem in ("metastas", "stenos", "thrombos", "diagnos", "prosthes")},
}
_NO_PLURAL = word_set("ascites pancreas atlas series biceps triceps quadriceps gas lens does always less")
# Bound forms that are never a word of their own: "intra articular" is one word however it is spaced.
_BOUND = word_set(
    "abdomino acromio arterio calcaneo cranio gleno infra intra lumbo micro musculo neuro osteo para patello peri"
    " retro sub supra talo thoraco"
)
_PAIRS = frozenset(
    {
        ("air", "space"),
        ("brain", "stem"),
        ("can", "not"),
        ("epi", "dural"),
        ("extra", "articular"),
        ("extra", "axial"),
        ("extra", "dural"),
        ("fat", "containing"),
        ("gall", "bladder"),
        ("gall", "stone"),
        ("honey", "combing"),
        ("post", "operative"),
        ("post", "op"),
        ("post", "surgical"),
    }
)
_SMALL_WORDS = frozenset({"and", "or", "nor", OF, IS})  # "supra- and infraspinatus"
# Side, size and degree say nothing about which label is meant.
_ARTICLES = word_set("a an the")
_MODIFIERS = word_set(
    "both left right bilateral bilaterally unilateral small large tiny huge big mild mildly moderate"
    " moderately severe severely minimal marked markedly slight slightly subtle extensive prominent multiple"
    " several few rt lt bilat sided partially completely fully clearly focally scattered numerous full partial"
    " thickness complete incomplete distal proximal grade"
)
_OF_WORDS = word_set(
    "of in within involving affecting inside at from on along throughout around surrounding to after following"
)
_SHOW_WORDS = word_set(
    "show shows showing contain contains containing harbor harbors demonstrate demonstrates demonstrating reveal"
    " reveals revealing has have having exhibits"
)
_IS_WORDS = word_set("is are was were be appear appears look looks seem seems")


def words(text: str, *, modifiers: bool = False) -> list[str]:
    """Canonical words and boundary signs, in order; articles are left out, and so are side, size and degree unless
    `modifiers` are asked for."""
    found: list[str] = []
    for token in _WORD.findall(_fold(text)):
        if token in SENTENCE_ENDS and (not found or found[-1] in SENTENCE_ENDS):
            continue
        if token in SENTENCE_ENDS or token in MINOR_BREAKS:
            word = token
        else:
            word = _canonical(token) if modifiers or token not in _MODIFIERS else ""
        if word == "been" and found and found[-1] == SHOW:
            found[-1] = IS
        elif found and word.isalnum() and _is_one_word(found[-1], word):
            joined = found.pop() + word
            found.append(_FORMS.get(joined, joined))
        elif word:
            found.append(word)
    return found


def _is_one_word(first: str, second: str) -> bool:
    return (first, second) in _PAIRS or (first in _BOUND and second not in _SMALL_WORDS)


@lru_cache(maxsize=65536)  # more than the taxonomy has wordings
def term_words(term: str) -> tuple[str, ...]:
    """A wording as the words that `words` would find in it."""
    return tuple(words(term))


def _fold(text: str) -> str:
    table = _ascii() if text.isascii() else {ord(char): _fold_char(char) for char in set(text)}
    text = _TAG.sub(" ", _COMMAND.sub(" ", text.translate(table)))
    text = _MORE_THAN.sub(" more likely than ", text) if ">" in text else text
    text = _SHORT_FORM.sub("", text) if "." in text else text
    return _SPACED_DASH.sub(" , ", _ESCAPED_BREAK.sub("\n", text)).replace("-", " ").replace(" = ", ": ")


@cache
def _ascii() -> dict[int, str]:
    return {code: _fold_char(chr(code)) for code in range(128)}


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    # One character at a time: normalising a whole text sorts runs of combining marks in quadratic time.
    if char in _LINE_BREAKS:
        return "\n"
    if char in _APOSTROPHES:
        return ""
    if char in _DASHES:
        return "-"
    if char in _LONG_DASHES:
        return " , "
    lowered = char.casefold().replace("\u0153", "oe").replace("\u00e6", "ae")
    parts = unicodedata.normalize("NFKD", lowered)
    # Signs that stand for a whole phrase are left alone; 18 times the text is no answer's business.
    return "".join(part for part in parts if unicodedata.category(part) not in _UNSEEN) if len(parts) < 6 else char


@lru_cache(maxsize=16384)
def _canonical(word: str) -> str:
    if word in _ARTICLES or word == "i.e.":
        return ""
    if word in _OF_WORDS:
        return OF
    if word in _IS_WORDS:
        return IS
    if word in _SHOW_WORDS:
        return SHOW
    for british, american in SPELLINGS:
        word = word.replace(british, american)
    return _FORMS.get(word) or _singular(word)


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word in _NO_PLURAL or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "xes")):
        return word[:-2]
    return _FORMS.get(word[:-1], word[:-1])
