"""Which option a reply names; see extraction.py for the rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache, partial
from string import ascii_uppercase as LETTERS

from radimagenet_vqa_tasks.reading import statements as reply
from radimagenet_vqa_tasks.reading.asked import content
from radimagenet_vqa_tasks.reading.copies import MARK as _MARK
from radimagenet_vqa_tasks.reading.copies import without_copies, without_discussion
from radimagenet_vqa_tasks.reading.declining import without_absence
from radimagenet_vqa_tasks.reading.statements import OPEN, Said, Statement
from radimagenet_vqa_tasks.reading.undress import has_any, plain

# A longer option is read by its letter only.
LONGEST_OPTION = 300
# As many as there are marks.
MOST_MARKS = 256
# Fewer letters do not tell one option from another by its beginning or end.
SHORTEST_PART = 5
# From this length on a word may stand in the plural.
SHORTEST_PLURAL = 4
# From this length on a word of an option may be hyphenated anywhere.
_LONG_WORD = 6

# In the text that the patterns below see, each option's text has been replaced by one such mark, so that words
# inside it are never taken for letters or negations.
_FIRST_MARK = 0xE000
_GAP = r"[^\w\ue000-\ue0ff]"

# An article is followed by a noun phrase. So a bare letter is read as one only where a sentence ends or pauses
# after it, or goes on with a word that cannot follow an article.
_GOES_ON = (
    r"(?i:is|are|was|were|seems?|appears?|looks?|because|since|as|and|or|but|nor|not|rather|which|with|due|given|for"
    r"|if|then|so|would|could|may|might|must|should|fits|matches|instead|based|shows|describes|best|here)\b"
)
# "A rather large mass", "a so-called", "a given", "a best guess" take an article.
_GOES_ON_A = (
    r"(?i:is|are|was|were|seems?|appears?|looks?|because|since|as|and|or|but|nor|rather than|which|with|due to|if|then"
    r"|would|could|should|fits|matches|instead|based on|shows|describes)\b"
)
_PAUSE = r"[,:;)\]}!?&|>]|=(?! ?\d)|/(?!\w\w)|\.(?![a-z\d])|-(?!\w)"
_AFTER = rf"(?=[^\S\n]*(?:$|\n|{_PAUSE}|\(|{_MARK}|{_GOES_ON})|[\"'](?!\w))"
_AFTER_A = rf"(?=[^\S\n]*(?:$|\n|{_PAUSE}|[-(]{_MARK}|\([^()\n]{{1,80}}\)\W{{0,3}}(?:$|\n)|{_GOES_ON_A})|[\"'](?!\w))"
_AFTER_SMALL = rf"(?=[^\S\n]*(?:$|\n|[,:;)\]}}>]|\.(?!\w)|{_GOES_ON})|[\"'](?!\w))"
_AFTER_I = r"(?=[^\S\n]*(?:$|\n|[):\]}>]|\.(?!\w))|[\"'](?!\w))"
_CAPITAL = rf"(?:[B-HJ-Z]{_AFTER}|A{_AFTER_A}|I{_AFTER_I})(?!\w)"
_SMALL = rf"(?:[b-hj-z]{_AFTER_SMALL}|[ai]{_AFTER_I})(?!\w)"

# "the correct option is most likely (b)": what may stand between a cue, or the reply's start, and the letter.
_LEAD = (
    r"(?i:the|option|choice|letter|answer|most|[a-z]{2,12}ly|of course|indeed|it|it's|is|be|that|that's|this|must|would"
    r"|should|correct|best|final|still|i|i'd|think|believe|say|my)"
)
_HEAD = re.compile(rf"{_GAP}{{0,20}}(?:{_LEAD}\b(?!\.){_GAP}{{1,5}}){{0,6}}(?<!\w')(?P<letter>{_CAPITAL}|{_SMALL})")
_CONNECT = r"(?i:or|and|then|possibly|maybe|perhaps|also|even|either|versus|vs)"
_FILLER = rf"(?:(?i:the|a|an|option|choice|it's|this is|it is|which is)\b{_GAP}{{0,3}}){{0,3}}"
# What may follow a head and belong to it: its own text, or another option.
_NEXT = re.compile(
    rf"(?:[^\w\n\ue000-\ue0ff]{{0,4}}{_FILLER}|{_GAP}{{0,4}}(?={_MARK}\W?(?:\n|$)))(?P<text>{_MARK})"
    rf"|{_GAP}{{0,4}}(?:{_CONNECT}\b{_GAP}{{0,4}}){{1,3}}{_FILLER}(?:(?P<also_text>{_MARK})|(?P<also>{_CAPITAL}))"
    rf"|{_GAP}{{0,3}}(?:[,/&|+]|;(?=\S)){_GAP}{{0,3}}(?P<beside>{_CAPITAL})"
    r"(?! ?(?i:is|are|was|isn't|would|could|can)\b)"
    rf"|{_GAP}{{0,4}}(?P<label>[A-Z])(?=[.):])"
    r"|[.):] {0,2}(?P<pair>[A-Z])(?=[^\w\ue000-\ue0ff]{0,3}(?:$|\n))"
)
_NEXT_LABEL = re.compile(rf"[^\n]{{0,{reply.LONGEST_CLAIM}}}\n{_GAP}{{0,4}}(?:(?i:option) )?\(?([A-Z])(?:[.):]|\n|$)")

_GOVERNS = (
    r"(?i:is|be|are|was|it's|but|not|either|or|and|neither|nor|both|choose|chose|select|pick|with|say|answer|think"
    r"|believe|that|than|between|to|labell?ed|marked)"
)
_MENTION = re.compile(
    r"\b(?i:figures?|fig|panels?|type|grade|stage|class|hepatitis|vitamin|level|group)\b\W{0,3}[A-Za-z]\b"
    r"|\b(?i:options?|choices?|letters?|statement)[ :#(\[\"']{1,3}"
    rf"(?P<named>[A-HJ-Zb-hj-z](?!['\w])|[aI]{_AFTER_I}(?!\w))"
    r"|(?<!\w)[(\[{\"'<](?P<dressed>[A-Za-z])[)\]}\"'>]"
    rf"|(?:^|[.!?;:,\n/(]|\b{_GOVERNS}\b){_GAP}{{0,3}}(?<!\w)(?P<bare>{_CAPITAL})"
    rf"|(?<![\w'-])(?P<loose>[B-HJ-Z](?![\w'-])|A(?!\w){_AFTER_A})"
)
# "Answer: C Further words": a capital after the letter begins something new.
_ANNOUNCED = re.compile(r"\W{0,3}([B-HJ-Z]) (?=[A-Z][a-z]|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3])")
_ALONE = re.compile(rf"{_GAP}{{0,6}}(?P<text>{_MARK})[^\w\ue000-\ue0ff.\n]{{0,3}}(?:[.\n]|$)")
# "(a) ... (b) ...": what numbers the parts of a reply.
_NUMBERED = re.compile(r"(?:^|(?<=[.;:\n])) ?\(?([a-z])\)(?= \w+ \w+ \w)")
_ENDS = re.compile(r"[^\w\ue000-\ue0ff]{0,4}(?:$|\n)")
_BARE_LINE = re.compile(rf"{_GAP}*(?:(?i:option|answer)\b{_GAP}*)?(?P<letter>[A-Za-z]){_GAP}*(?P<text>{_MARK})?{_GAP}*")
_LONGEST_LINE = 200
_LISTED = re.compile(rf"{_GAP}{{0,4}}([A-Y])[.):]")
_WORD = re.compile(r"\d+(?:[.,]\d+)+|\d+(?=[^\W\d])|\w+")
# Beside what both formats have, "no, C": there, "no" is no answer.
_AFTER_COMMA = re.compile(r", ?(\w+)")
_NUMBER = re.compile(r"(?<!\w)\d")
_PHRASE_EDGE = re.compile(r", ?|\b(?:of|in|to|with|on|at|from) ")
Words = tuple[str, ...]
# A longer reply is reasoning, in which an option's words may stand anywhere.
LONGEST_WORDED = 400
_REVISION = re.compile(rf"{reply.REVISION}|(?:^|[.!?;\n,])\s?no(?=[,.:;-])", re.I)
_REVISION_HINTS = (*reply.REVISION_HINTS, "no")
_CONCLUDES = re.compile(r"\b(?:so|therefore|thus|hence|in conclusion|overall|finally)\b", re.I)


class Options:
    """The options of one question, and how to find them in a text."""

    def __init__(self, choices: Sequence[str]) -> None:
        """Any 26 strings will do, empty ones and equal ones included."""
        self._letters = {letter: {letter} for letter in LETTERS[: len(choices)]}
        named = [(letter, _own_text(letter, choice)) for letter, choice in zip(LETTERS, choices, strict=False)]
        words = [tuple(_WORD.findall(name)) for _, name in named]
        self._named, self._words = named, words
        self._letter_texts: set[tuple[str, str]] = set()
        for (letter, _), own in zip(named, words, strict=True):
            if _is_letter(own):
                # An option that is itself a letter: read as that letter is, unless that is another option's label.
                self._letters.setdefault(own[0].upper(), {letter})
                self._letter_texts.add((own[0].upper(), letter))
        glued = [f"{letter}{own[0]}" for (letter, _), own in zip(named, words, strict=True) if _is_number(own)]
        self._glued = re.compile(rf"(?<!\w)(?:{'|'.join(glued)})(?!\w)") if glued else None
        # The words that any pattern below can begin with.
        self._first_words = {own[0] for own in words if own}
        self._first_words |= {word for _, name in named for word in _AFTER_COMMA.findall(name)}

    @cached_property
    def _patterns(self) -> list[tuple[str, frozenset[str]]]:
        """What to find in a text, with the letters that it stands for."""
        patterns: dict[tuple[int, str], set[str]] = {}
        spaced = [f" {' '.join(own)} " for own in self._words]
        for (letter, name), own in zip(self._named, self._words, strict=True):
            if not own or _is_letter(own) or len(name) > LONGEST_OPTION:
                continue
            patterns.setdefault((2 * len(" ".join(own)), _loosely(own)), set()).add(letter)
            for part in _parts(name, own, spaced):
                alone = _whole(r"(?<!non-)(?<!non )" + r"\W{1,3}".join(map(re.escape, part)), part[0])
                patterns.setdefault((2 * len(" ".join(part)), alone), set()).add(letter)
            if self._words.count(own) > 1:  # "<5 mm" and ">5 mm": told apart only where copied exactly
                patterns.setdefault((2 * len(name) + 1, _whole(re.escape(name), name)), set()).add(letter)
        # The longest first, so that "soft tissue mass" is never "mass".
        ordered = sorted(patterns, reverse=True)[:MOST_MARKS]
        return [(pattern, frozenset(patterns[length, pattern])) for length, pattern in ordered]

    @cached_property
    def contents(self) -> list[tuple[str, frozenset[str]]]:
        """The words of each option that has no number in it, by letter."""
        return [(letter, frozenset(content(name))) for letter, name in self._named if not _NUMBER.search(name)]

    @cached_property
    def _find(self) -> re.Pattern[str]:
        return re.compile("|".join(f"({pattern})" for pattern, _ in self._patterns) or r"(?!)", re.I)

    def mark(self, text: str) -> str:
        """`text` with each option's text replaced by its mark."""
        if self._glued:  # "C2", where C is 2
            text = self._glued.sub(lambda found: found[0][0], text)
        # Most replies name no option but a letter, and compiling the pattern takes longer than all the reading.
        unhyphenated = text.lower().replace("-", "")
        if not has_any(unhyphenated, self._first_words):
            return text
        return self._find.sub(lambda found: chr(_FIRST_MARK + (found.lastindex or 1) - 1), text)

    def of_mark(self, mark: str) -> frozenset[str]:
        """The letters of the options whose text a mark stands for."""
        return self._patterns[ord(mark) - _FIRST_MARK][1]

    def is_text_of(self, text: str, label: str) -> bool:
        """Whether a letter is the text of an option that is labelled with another one."""
        return (text.upper(), label.upper()) in self._letter_texts

    def of_letter(self, letter: str) -> frozenset[str]:
        """The options that a letter means; OPEN for one beyond the choices."""
        return frozenset(self._letters.get(letter.upper(), OPEN))


@lru_cache(maxsize=64)
def _options(choices: tuple[str, ...]) -> Options:
    return Options(choices)


def _own_text(letter: str, choice: str) -> str:
    # Some data sets deliver options that are lettered already.
    return re.sub(rf"^\(?{letter}[.):]\s+(?=\S)", "", plain(choice[:1_000])).lower()


def _parts(name: str, own: Words, others: Sequence[str]) -> Iterator[Words]:
    """The beginnings and ends of an option of several phrases ("adenocarcinoma of the left lobe, T2 N0") that are its
    alone: beginnings end before a preposition or comma, ends begin after a comma."""
    starts = [tuple(_WORD.findall(name[: edge.start()])) for edge in _PHRASE_EDGE.finditer(name)]
    ends = [tuple(_WORD.findall(name[edge.end() :])) for edge in _PHRASE_EDGE.finditer(name) if edge[0].startswith(",")]
    for parts in (starts, reversed(ends)):
        for part in parts:
            if (
                len("".join(part)) >= SHORTEST_PART
                and part != own
                and sum(f" {' '.join(part)} " in other for other in others) == 1
            ):
                yield part
                break


def _is_letter(words: Words) -> bool:
    return len(words) == 1 and len(words[0]) == 1 and words[0].upper() in LETTERS


def _is_number(words: Words) -> bool:
    return len(words) == 1 and words[0].isdigit()


def _loosely(words: Sequence[str]) -> str:
    # A data set may have dropped the hyphens that a model writes ("extraaxial", "fatcontaining").
    parts = ("-?".join(word) if len(word) >= _LONG_WORD and word.isalpha() else re.escape(word) for word in words)
    pattern = ""
    for before, part, word in zip(("", *words), parts, words, strict=False):
        # A number and its unit are written as one or as two.
        pattern += (r"\W{0,3}" if before[-1:].isdigit() and word[:1].isalpha() else r"\W{1,3}" if before else "") + part
    plural = "(?:e?s)?" if len(words[-1]) >= SHORTEST_PLURAL and words[-1].isalpha() else ""
    return _whole(pattern + plural, words[0])


def _whole(pattern: str, text: str) -> str:
    # A number is not found inside another number ("5 mm" in "2.5 mm", "2-5 mm", ">5 mm").
    guard = r"(?<![<>≤≥-])(?<![<>≤≥] )" if text[:1].isdigit() else ""
    return rf"(?<!\w)(?<!\d[.,]){guard}{pattern}(?!\w)(?![.,]\d)"


def read_option(response: str, choices: Sequence[str]) -> str | None:
    """The capital letter of the one option that a response chooses, None where it chooses none or several.

    - A letter counts in every usual dress; the article "A" and the pronoun "I" never do.
    - An option's text counts if no other option is named; the longest text wins, and case, hyphens, underscores
      and spacing are ignored.
    - Negated options ("not B", "A is incorrect") are not named at all.
    - Two choices with the same text are told apart by letter only.

    Args:
        response: what the model wrote; no string raises, and the time grows with its length, not faster.
        choices: the texts of 2 to 26 options, without their letters or with them.

    >>> read_option("The answer is (b).", ["knee", "hip"])
    'B'
    """
    return letter(said_of(reply.read(response), choices))


def letter(said: Said) -> str | None:
    """The one letter that is said."""
    return next(iter(said)) if said is not None and len(said) == 1 and said != OPEN else None


def said_of(answer: reply.Reply, choices: Sequence[str]) -> Said:
    """The letters of the options that an answer leaves standing."""
    options = _options(tuple(choices))
    text = options.mark(answer.text)
    if text != answer.text:
        text = without_copies(text, len(choices))
    text = without_absence(text)
    if "a)" in text and [found[1] for found in _NUMBERED.finditer(text)][:2] == ["a", "b"]:
        text = _NUMBERED.sub(" ", text)
    if answer.unfinished:
        return reply.said_finally(text, _REVISION, partial(_claimed, options))
    chosen = without_discussion(text)
    said = _said(options, chosen)
    return _said(options, text) if said is None and chosen != text else said


def _said(options: Options, text: str) -> Said:
    readers = partial(_explicit, options), partial(_implied, options)
    return reply.last_word(text, _REVISION, *readers, _REVISION_HINTS)


def _explicit(options: Options, text: str) -> Said:
    """What a bare last line, the last statement or else the opening says."""
    said = _last_line(options, text)
    if said is None:
        said = reply.said_explicitly(text, partial(_claimed, options))
    if said is None:
        said = _opening(options, text)
    return _head(options, text) if said is None else said


def _opening(options: Options, text: str) -> Said:
    """The option whose text alone is the first sentence, or all whose texts are the first sentences."""
    said: Said = None
    place = 0
    while sentence := _ALONE.match(text, place):
        said = options.of_mark(sentence["text"]) | (said or frozenset())
        place = sentence.end()
    return said


def _implied(options: Options, text: str) -> Said:
    """The only option named: in the last conclusion ("so this is the knee"), or else anywhere."""
    _, *conclusions = _CONCLUDES.split(text)
    said = _named(options, reply.SENTENCE_END.split(conclusions[-1], maxsplit=1)[0]) if conclusions else None
    said = _named(options, text) if said is None else said
    return _worded(options, text) if said is None else said


def _worded(options: Options, text: str) -> Said:
    """The only option all of whose words a short reply has, in whatever order ("a left lower lobe adenocarcinoma")."""
    if len(text) > LONGEST_WORDED:
        return None
    said = frozenset(content(reply.affirmed(text)))
    letters = [letter for letter, words in options.contents if len(words) > 1 and words <= said]
    return options.of_letter(letters[0]) if len(letters) == 1 else None


def _claimed(options: Options, statement: Statement) -> Said:
    """What one explicit statement names: the letter at its head, or else the only option in its sentence."""
    if statement.cue != "verdict":
        said = _head(options, statement.claim)
        announced = _ANNOUNCED.match(statement.claim) if said is None and statement.cue == "phrase" else None
        if announced:
            return options.of_letter(announced[1])
        if said is not None or statement.cue in ("choice", "conclusion"):
            return said
    sentence = reply.SENTENCE_END.split(statement.claim, maxsplit=1)[0]
    said = _named(options, sentence)
    return OPEN if said is None and reply.REFUSAL.search(sentence) else said


def _head(options: Options, text: str) -> Said:
    """The letter that a text opens with, with the options that stand beside it ("B or C", "B. hip")."""
    head = _HEAD.match(text)
    if head is None or reply.rejected(text[head.end() :]):
        return None
    said = options.of_letter(head["letter"])
    following = _NEXT_LABEL.match(text, head.end())
    if following and following[1] != head["letter"]:
        said |= options.of_letter(following[1])  # a list of options, none of them chosen
    end = head.end()
    while more := _NEXT.match(text, end):
        mark, letter = (
            more["text"] or more["also_text"],
            more["also"] or more["beside"] or more["label"] or more["pair"],
        )
        if more["pair"] and options.is_text_of(letter, head["letter"]):
            return said
        beside = options.of_mark(mark) if mark else options.of_letter(letter)
        # A letter and its own text agree. Of a letter and the whole text of another option the text counts, where
        # nothing else is said; else they contradict each other.
        if more["text"] and _overrules(beside, said) and _ENDS.match(text, more.end()) and "\n" not in more[0]:
            return beside
        if not said & beside:
            said |= beside
        end = more.end()
    return said


def _overrules(text: frozenset[str], letters: frozenset[str]) -> bool:
    return len(text) == 1 and not letters & text and letters != OPEN


def _named(options: Options, text: str) -> Said:
    """The options that a text names and does not negate."""
    text = reply.affirmed(text)
    texts = _union(options.of_mark(mark) for mark in set(re.findall(_MARK, text)))
    letters, doubts = set(), set()
    for mention in _MENTION.finditer(text):
        letters.add(mention["named"] or mention["dressed"] or mention["bare"])
        doubts.add(mention["loose"])
    said = _union(options.of_letter(letter) for letter in letters if letter)
    if not said:
        return texts or None
    # Strict to choose, liberal to doubt: a letter in no place for an answer may still be a second option.
    said |= _union(options.of_letter(letter) for letter in doubts if letter) - OPEN
    return said if said <= texts else said | texts


def _union(parts: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*parts)


def _last_line(options: Options, text: str) -> Said:
    """The letter that stands alone on the last line, unless that line only ends a list of letters."""
    *_, before, last = ["", *text.split("\n")]
    before = before[:_LONGEST_LINE]
    line = _BARE_LINE.fullmatch(last) if len(last) <= _LONGEST_LINE else None
    above, listed = _BARE_LINE.fullmatch(before), _LISTED.match(before)
    if not before or line is None or (above and bool(above["text"]) is bool(line["text"])):
        return None
    said = _head(options, last)
    return None if listed and said == options.of_letter(chr(ord(listed[1]) + 1)) else said
