"""Whether a reply declines: it says that there is no image, that its speaker may not answer, or that it cannot tell.

What a sentence is about decides, not its wording. One about the image's absence ("no scan was supplied", "please
upload it"), the speaker's ability or the task ("I'm not able to interpret images"), or the speaker's knowledge
("impossible to say") declines; one about a finding ("I cannot see any abnormality in the scan") does not. So each word
is put into a class, and the patterns are over the order of classes: what matters is which noun a negation governs.
In "I can't see the scan" it is the image; in "I don't see a mass in the scan" and "no image findings" it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from radimagenet_vqa_tasks.reading.thinking import split
from radimagenet_vqa_tasks.reading.undress import has_any, plain, word_set

Reason = Literal["no_image", "refusal", "unsure"]

# One letter a class; a word of no class is "x". Closed classes of English, and the nouns and verbs of this one subject.
_CLASSES = {
    "I": "image images picture pictures photo photos photograph photographs attachment attachments file files figure"
    " imaging visual visuals upload uploads",
    "S": "scan scans xray xrays radiograph radiographs film films ct mri slide slides ultrasound angiogram mammogram",
    "n": "no zero",
    "N": "not never",
    "0": "nothing none anything",
    "W": "without",
    "u": "unable impossible difficult hard challenging incapable unqualified failed fails forgot forgotten neglected"
    " too decline declines refuse refuses",
    "k": "lack lacks lacking",
    "A": "can could able possible allowed permitted qualified capable will would ability",
    "P": "see seeing view viewing viewed access accessing open opening opened receive find finding display look looking"
    " perceive process processing get got",
    "h": "have had having",
    # What becomes of an image alone; and what a finding may be as well.
    "U": "provided supplied given attached uploaded included shared sent submitted received loaded linked"
    " available arrived accessible viewable through accompanies accompanied",
    "J": "found detected visible present presented displayed shown here exists",
    "m": "missing absent unavailable inaccessible empty corrupted",
    "V": "provide send resend share supply paste include submit post add",
    "l": "upload reupload attach load",
    "T": "answer interpret interpreting diagnose diagnosing assist help provide analyze analyse comment offer respond"
    " review give make perform comply read engage discuss speculate",
    "K": "say tell determine determined know confirm confirmed assess assessed conclude decide identify identified"
    " evaluate evaluated verify judge distinguish establish established ascertain specify answered",
    "Q": "sure certain know",
    "C": "clear",
    "Z": "unsure uncertain unclear inconclusive indeterminate undetermined insufficient",
    "G": "idea way information",
    "M": "i we me my",
    "Y": "you user",
    "D": "the a an any your this that these those such said enough",
    "F": "finding findings evidence sign signs feature features abnormality abnormalities quality",
    "B": "is are was were be been being has do does did am seems appears seem appear come came",
    "R": "in on with to for of at from by which within",
    "w": "if whether when once until unless",
    "L": "please kindly",
    "t": "it them",
    "e": "there",
    "c": "and because since as but although unfortunately however sorry then so",
    "a": "first yet now again today",
    "o": "or nor",
    "q": "need needs require requires",
}
_CLASS = {word: name for name, words in _CLASSES.items() for word in words.split()}
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|[,:]|\d+")
# Each with a substring without which it is not there.
_CONTRACTED = (
    ("x-ray", re.compile(r"x-ray"), "xray"),
    ("re-", re.compile(r"re-(?=upload|send|attach)"), "re"),
    ("can", re.compile(r"\bcannot\b|\bcan't\b"), "can not"),
    ("n't", re.compile(r"n't\b"), " not"),
    ("'", re.compile(r"'(?:m|re)\b"), " are"),
    ("'", re.compile(r"'(?:ve|d|ll)\b"), " have"),
    ("", re.compile(r"\b(look|access|provided|looking|capable) (?:at|to|with|of)\b"), r"\1"),
)

_MODIFIED = "D?[xUJ]{0,2}"
_IMAGE = f"{_MODIFIED}[IS]{{1,4}}"
_IMAGES = f"{_IMAGE}(?:[,oc]{{1,2}}{_IMAGE}){{0,3}}"
_ENDS = "(?![xFIS])"  # the noun is the head of its phrase: not "image findings", "CT abnormality"
_NOT_TO = "(?:NxA?R|NAx?R|NR|Nx?|ux?R|uR?)"
_NO_IMAGE = re.compile(
    f"nx{{0,2}}S{{0,3}}I{{1,3}}{_ENDS}"  # no image; no radiological image
    f"|n{_IMAGES}B{{0,4}}x?B{{0,4}}[UJ]"  # no CT or MRI was included
    f"|eB{{1,4}}n{_IMAGES}{_ENDS}|^[nm][IS]{{1,4}}$"  # there is no scan
    f"|0x?[Bh]{{0,4}}(?:U|R[PKT])"  # nothing was attached; nothing to look at
    f"|eB{{0,4}}N[BR]{{0,4}}{_IMAGES}{_ENDS}"  # there does not seem to be an image
    # the image is not visible, did not load
    f"|(?:^|[,cwD]){_IMAGE}(?:YB?xR?|Y[UJ])?[BhA]{{0,5}}(?:N|uR)x?[BhR]{{0,4}}x?(?:B?[UJ]|l|P$)"
    f"|(?:^|[,c]){_IMAGE}[BRhA]{{0,5}}x?m(?!D)"  # the image seems to be missing
    f"|(?:{_NOT_TO}|[Nn]h?D?AR)[xBhR]{{0,2}}[PUJVlh][PUJ]?{_IMAGES}{_ENDS}"  # I can't see the image; not attached
    f"|k{_IMAGES}{_ENDS}|nPR?{_IMAGES}{_ENDS}|nGRP?{_IMAGES}{_ENDS}"  # no access to any image; no way of seeing it
    f"|[IS][DR]?[MY][hAB]{{0,4}}N[xB]?[PhUJVl]"  # the image that I do not have
    f"|(?:(?:^|[,:c])x?L?|L|AY)x?[Vl](?:M|R)?(?:{_IMAGES}{_ENDS}|t|$)"  # please upload it; could you provide the scan
    f"|w[YM]?[hABx]{{0,2}}[VUJl](?:M|R)?(?:{_IMAGES}{_ENDS}|t)"  # once you have sent the scan
    f"|[Mc][BAhx]{{0,2}}(?:qR?P?|hRP){_IMAGES}{_ENDS}"  # I need to see the image
)
_WITHOUT = re.compile(f"WP?{_IMAGES}{_ENDS}")
_UNABLE = re.compile("[Nu]")
_REFUSAL = re.compile(f"(?:^[,xcnB]{{0,6}}|M)[ABhx]{{0,3}}(?:{_NOT_TO}|[Nn]h?D?AR)[xBhR]{{0,2}}T")
_UNSURE = re.compile(f"{_NOT_TO}[xBRCD]{{0,3}}K|[NnZ][xD]?G|NBx?K|(?:N|uRB?)x?Q|NCw|Z")

_IMAGE_ZH = "(?:图像|图片|影像|照片|扫描|片子|附件|附图|图(?=$|[,.!?;\n]))"
_NO_IMAGE_ZH = re.compile(
    f"(?:没有|没|未|无(?!法)|缺少|看不到|看不见|(?:无法|不能)[^,.!?;\n]{{0,2}}[看见查取收打访])"
    f"[^,.!?;\n图影照片附]{{0,6}}{_IMAGE_ZH}(?!中|上|里|内|的|学|显示|异常|证据|表现|征象|质量)"
    f"|{_IMAGE_ZH}(?:并|都|尚)?(?:未|没有|没|不)(?:被|能|成功)?(?:提供|上传|附上|收到|加载|可见|可用|存在|发送)"
    f"|{_IMAGE_ZH}(?:缺失|丢失)"
    f"|(?:请|麻烦|需要)[^,.!?;\n]{{0,8}}(?:上传|提供|发送|发|附上|分享)[^,.!?;\n]{{0,6}}{_IMAGE_ZH}"
)
_REFUSAL_ZH = re.compile("(?:无法|不能|没办法|不便)[^,.!?;\n]{0,4}(?:回答|诊断|分析|提供|解读|解释|协助|帮助)|抱歉")
_UNSURE_ZH = re.compile("(?:无法|不能|难以)[^,.!?;\n]{0,2}(?:确定|判断|得知|确认|看出)|不确定|不清楚|不知道")
_CHINESE = re.compile("[\u4e00-\u9fff]")

# A segment says one thing: what is said of the image ends there, and an answer given all the same may follow.
_SEGMENT = re.compile(
    r"([.!?;\n]+|,? ?\b(?:but|however|so(?! that)|therefore|nevertheless|still|though|anyway|that said)\b"
    r"|,(?= ?(?:my|i(?:'d|'ll| would| will)?) (?:(?!can)\w+ )?(?:guess|say|answer|go|pick|choose)))",
    re.I,
)
_COURTEOUS = word_set(
    "yes no yeah sure ok okay certainly absolutely of course happy glad to help i d would be can am with that this you"
    " your sorry thanks thank for unfortunately hello hi ' , and do so the a assist"
)
_OFFER = re.compile(r"\b(?:i|we)(?: can|'d|'ll| would| will| am|'m)\b[^.]{0,30}\b(?:help|assist|glad|happy)\b", re.I)
_LEADING_WORD = re.compile(r"^\W*(?:yes|no|sure)\b[,.!:]?", re.I)
# To whom advice is given, and of whom.
_ADVICE = re.compile(
    r"\W*(?:(?:please|kindly|(?:if|once|when) (?:you|there)|you|your|consult|seek|contact|ask|it is (?:best|important)"
    r"|i(?:'m|'ll|'d| am| will| would| can)? (?:be )?(?:recommend|suggest|advise|need|apologi|happy|glad)\w*"
    r"|as an?)\b|(?:an?|the|only an?|any) (?:\w+ )?"
    r"(?:radiologist|doctor|physician|professional|specialist|clinician)\b|请|建议|如果)",
    re.I,
)
SHORTEST_DECLINE = 6  # characters: "unsure"
# Without one of these substrings nothing declines, which most replies are told by.
_HINTS = (
    *("no ", "not ", "n't", "without", "cannot", "unable", "fail", "forg", "none", "nothing", "missing", "unavailable"),
    *("inaccessible", "absent", "lack", "need", "require", "upload", "attach", "provide", "supply", "send", "share"),
    *("paste", "certain", "unclear", "unsure", "inconclusive", "determin", "insufficient", "impossible", "difficult"),
    *("hard", "never", "empty", "corrupted", "decline", "refuse", "too "),
    *("没", "未", "无", "不", "难", "请", "需", "缺", "看", "抱", "烦"),
)


def declining(response: str) -> Reason | None:
    """Why a response declines to answer, None where no sentence of it does.

    An answer may stand beside such a sentence ("I can't see the image; my best guess is no"); whether one does is for
    the reader of the question's format to say, which `reading.read` asks first.
    """
    return reason_of(plain(split(response).answer))


def reason_of(text: str) -> Reason | None:
    """The reason that a text without thinking and dress gives; the image's absence goes before the others."""
    reasons = [_reason(segment) for segment, _ in _segments(text)] if may_decline(text) else []
    return next((reason for reason in ("no_image", "refusal", "unsure") if reason in reasons), None)


def only_declines(text: str) -> Reason | None:
    """The reason that a text without thinking and dress gives, if it gives no answer all the same.

    For open questions, whose answers may be any words: what remains without the sentences that decline must be courtesy
    or advice ("A radiologist should look at it").
    """
    reason = reason_of(text)
    if reason is None:
        return None
    rest = (segment for segment, _ in _segments(without_declining(text)))
    return reason if all(_is_courtesy(segment) or _ADVICE.match(segment) for segment in rest) else None


def without_absence(text: str) -> str:
    """`text` without what it says of a missing image, and without the courtesies ahead of it ("Yes, of course!").

    The yes or no that opens a sentence about the speaker ("No, I'm not able to interpret scans") goes too.
    """
    if not may_decline(text):
        return text
    kept: list[str] = []
    absent = False
    for segment, edge in _segments(text):
        reason = _reason(segment)
        if reason == "no_image":
            kept = [] if not absent and _is_courtesy("".join(kept)) else kept
            absent = True
        elif not (absent and _is_courtesy(segment)):
            kept.append((_LEADING_WORD.sub("", segment) if reason == "refusal" else segment) + edge)
    return "".join(kept)


def without_declining(text: str) -> str:
    """`text` without every segment that declines, for whatever reason."""
    return "".join(segment + edge for segment, edge in _segments(without_absence(text)) if _reason(segment) is None)


def may_decline(text: str) -> bool:
    """Whether a text has any of the words without which nothing declines; for speed alone."""
    if len(text) < SHORTEST_DECLINE and text.isascii():
        return False
    return has_any(text.lower(), _HINTS)


def _segments(text: str) -> Iterator[tuple[str, str]]:
    parts = [*_SEGMENT.split(text), ""]
    return zip(parts[::2], parts[1::2], strict=False)


def _reason(segment: str) -> Reason | None:
    """What one segment declines for."""
    if not may_decline(segment):
        return None
    if _CHINESE.search(segment):
        for reason, pattern in _ZH:
            if pattern.search(segment):
                return reason
    classes = _classes(segment)
    if _NO_IMAGE.search(classes) or (_WITHOUT.search(classes) and _UNABLE.search(classes)):
        return "no_image"
    if _REFUSAL.search(classes):
        return "refusal"
    return "unsure" if _UNSURE.search(classes) else None


_ZH: tuple[tuple[Reason, re.Pattern[str]], ...] = (
    ("no_image", _NO_IMAGE_ZH),
    ("refusal", _REFUSAL_ZH),
    ("unsure", _UNSURE_ZH),
)


def _classes(segment: str) -> str:
    text = segment.lower()
    for sign, pattern, replacement in _CONTRACTED:
        if sign in text:
            text = pattern.sub(replacement, text)
    return "".join(token if token in ",:" else _CLASS.get(token, "x") for token in _TOKEN.findall(text))


def _is_courtesy(text: str) -> bool:
    words = re.findall(r"[a-z]+|\d+|[^\x00-\x7f]", text.lower())
    return all(word in _COURTEOUS for word in words) or _OFFER.search(text) is not None
