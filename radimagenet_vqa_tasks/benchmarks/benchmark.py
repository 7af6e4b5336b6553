"""What a benchmark is: the one record that everything else about it is derived from.

A file of this folder defines one or more `Benchmark`s; `benchmarks/__init__.py` finds them. Task files, `--data` names,
checks, tables and help texts follow. Nothing here imports a data library, so that tables start quickly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from radimagenet_vqa_tasks.scoring.record import ARMS, ArmName, Facet, Shown

# "phrase": one right word or phrase that is neither yes, no nor a letter, read without a judge.
Format = Literal["open", "closed", "mc", "phrase", "caption"]

# Which of the rules of the paper's tool scores a cell; None where what it does is not known or cannot be repeated.
PaperRule = Literal["option", "yes_no", "phrase", "judge", "selected"]
DROPPING: frozenset[PaperRule] = frozenset({"selected"})
"""The rules of tools that leave a question out where no words came back for it."""

Pictures = Literal["views", "slices", "options"]

ALL_VIEWS = "all"
"""The way in which a question's images are shown that every benchmark has: all of them."""

# What a column holds: texts, lists of texts, true or false, texts or whole numbers, images, or fields of these kinds.
Kind: TypeAlias = "Literal['text', 'texts', 'truth', 'id', 'image'] | Mapping[str, Kind]"

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class RowFaultError(ValueError):
    """What is wrong with one row, in words; the adapter adds which row it is."""


@dataclass(frozen=True)
class Prompt:
    """The instructions around a question, which users of the host can override for a model.

    Attributes:
        pre, post: before the question, and after it (and its options).
        post_phrase: after the questions of format "phrase" of a cell that has other formats too.
        told: the sentence that the arm `told` puts after the question.
        options, mark: what stands between the question and its options, and between an option's letter and its text.
    """

    pre: str = ""
    post: str = ""
    post_phrase: str | None = None
    told: str = "\nNo image is shown with this question. Please give the most likely answer."
    options: str = "\nOptions: \n"
    mark: str = ". "

    def affixes(self, arm: ArmName = "image") -> dict[str, str]:
        """The instructions by the names that task files have for them, with the arm's own sentence."""
        named = {"pre_prompt": self.pre, "post_prompt": self.post, "post_prompt_phrase": self.post_phrase}
        named |= {name: text for name in ("options", "mark") if (text := getattr(self, name)) != getattr(Prompt, name)}
        named |= {"told": self.told} if arm == "told" else {}
        return {name: text for name, text in named.items() if text is not None}


# The prompts of the RadImageNet-VQA paper's tool, character for character (docs/protocols.md).
MC_PROMPT = Prompt("\nQuestion: ", "\nAnswer with the option's letter from the given choices directly.")
CLOSED_PROMPT = Prompt(post="\nPlease output 'yes' or 'no'(no extra output).")
OPEN_PROMPT = Prompt(post="\nPlease answer the question concisely.")
PHRASE_PROMPT = Prompt(post="\nAnswer the question using a single word or phrase.")


def body(question: str, choices: Sequence[str] = (), options: str = Prompt.options, mark: str = Prompt.mark) -> str:
    """A question with its options below it, as the paper's tool writes them: a blank stands behind "Options:"."""
    return f"{question}{options}{lettered(choices, mark)}" if choices else question


def lettered(choices: Sequence[str], mark: str = Prompt.mark) -> str:
    """One option a line, as "A. text"; options that the data set has lettered already are left as they are."""
    marked = list(zip(LETTERS, choices, strict=False))
    if all(choice.startswith(f"{letter}{mark}") for letter, choice in marked):
        return "\n".join(choices)
    return "\n".join(f"{letter}{mark}{choice}" for letter, choice in marked)


@dataclass(frozen=True)
class Cell:
    """One column of a benchmark's table, and one task.

    Attributes:
        name: the task's without "radvqa_", so it is unique among all benchmarks.
        subject: what it asks about; columns of one subject stand together.
        format: of its questions; a cell of several formats has that of most of them.
        title: the column's head under its subject.
        paper: the rule by which `accuracy_paper` is scored; None where there is no such number.
        tool_lowers: the paper's tool asks its judge about reply and answer in small letters and trimmed.
        judged_as: by which part of the taxonomy the rule judge reads open answers; None: by the answer's own words.
        candidates: the answers that a guesser who has a question's text alone can choose from, where they can be
            listed and are neither letters nor yes and no.
        size: how many questions the benchmark has; None where it is not known.
        positive: the answer of a closed question that stands for a finding, which sensitivity is about, and what it
            says of the image, for people.
        part: the configuration of the data set that the cell's questions are in.
        pictures: what the images of its questions are: views that are looked at together, neighbouring slices in their
            order, or the options, which have one image each.
    """

    name: str
    subject: str
    format: Format
    title: str
    prompt: Prompt
    paper: PaperRule | None = None
    judged_as: Literal["anatomy", "pathology"] | None = None
    candidates: Callable[[str], Sequence[str]] | None = None
    size: int | None = None
    positive: tuple[str, str] = ("yes", "yes")
    part: str | None = None
    tool_lowers: bool = False
    pictures: Pictures = "views"


@dataclass(frozen=True)
class Source:
    """A data set on the hub, or one that everybody has to fetch from elsewhere.

    Attributes:
        name: what `--data NAME=PATH` calls it.
        title: its name for people.
        repository: its name on the hub; the task files name it too.
        split: the one that is asked about.
        configurations: its parts on the hub; one without a name where it has no parts.
        files: where a part's files of that split are in the repository; `{}` stands for the part's name.
        alone: what the files are called in a folder that holds nothing else; "" where that cannot be.
        document: whether a file is one document of records, JSON or (where its name ends so) CSV; see
            `data/document_rows.py`.
        beside: the archive that holds the images which the rows only name: a zip file in the repository's folder, or,
            where they have a repository of their own, the parts of one tar file compressed with zstd.
        folder: the folder of the images in that archive.
        images_from: the repository of the images, where they have one of their own. Then they are looked for only when
            a model is to see them, and are no part of the fingerprint.
        revision: the commit that is asked for; None where none is pinned.
        elsewhere: where to fetch it, if it is not on the hub; then its images are plain files of its folder.
        gated: whether its authors ask everybody to accept an agreement.
        note: what a user must know of it, for the task files.
    """

    name: str
    title: str
    repository: str
    split: str
    files: str
    alone: str = ""
    configurations: tuple[str | None, ...] = (None,)
    document: bool = False
    beside: str = ""
    folder: str = ""
    images_from: str = ""
    revision: str | None = None
    elsewhere: str = ""
    gated: bool = False
    note: str = ""

    @property
    def builder(self) -> str:
        """What the `datasets` library reads the files with."""
        return "text" if self.document else "json" if self.files.endswith(".json") else "parquet"

    @property
    def reading(self) -> Mapping[str, str]:
        """More arguments for that reader."""
        return {"sample_by": "document"} if self.document else {}

    def address(self, part: str | None = None) -> str:
        """Where the hub has a document; or what the task files call it that is not there."""
        pinned = f"@{self.revision}" if self.revision else ""
        place = self.repository if self.elsewhere else f"hf://datasets/{self.repository}{pinned}"
        return f"{place}/{self.files.format(part)}"


@dataclass(frozen=True)
class Embedded:
    """A part of a benchmark's kind of questions that the package itself holds, for trying things out.

    Attributes:
        group: the group of its tasks, which are called `<prefix>_<cell>`.
        file: below the package's folder.
        fingerprint: of its data: by that, and not by a task's name, records are known to be the sample's.
        clustered_on: what its questions' clusters are, in the plural.
    """

    group: str
    prefix: str
    file: str
    fingerprint: str
    clustered_on: str = "images"


@dataclass(frozen=True)
class Row:
    """One row of a data set.

    Attributes:
        index: its number in the data set.
        fields: its columns but for the images.
        path: the name of its first image; None where it has none.
    """

    index: int
    fields: Mapping[str, Any]
    path: str | None
    digest_of: Callable[[int], str]

    @property
    def digest(self) -> str:
        """A digest of the bytes of the row's images, "" where it has none: the same pictures, the same digest."""
        return self.digest_of(self.index)


@dataclass(frozen=True)
class Question:
    """One question, as every benchmark's rows are turned into it.

    Attributes:
        question: the text as the data set has it, without options or instructions.
        target: the right answer: a capital letter for "mc", "yes" or "no" for "closed", a text for the others.
        key: unique in the benchmark, and the same wherever the data are the same.
        cluster: what the question shares with others, so that errors can be clustered: the patient, study or scan where
            the data tell, else the image.
        cell: the name of its cell.
        choices: the options' texts; empty unless the format is "mc".
        facets: what results are broken down by; every question of a benchmark has the same names.
        files: names of its images, where they are not in the row.
        views: of each image how it was taken, where the data say so.
        picture: the image, where the cluster is more than that; "" where the cluster is the image.
        row: the row whose images it has; the adapter fills it in.
        shown: whose picture it has, where that is not its own.
    """

    question: str
    target: str
    format: Format
    key: str
    cluster: str
    cell: str
    choices: Sequence[str] = ()
    facets: Mapping[str, Facet] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    picture: str = ""
    row: int = -1
    shown: Shown | None = None

    @property
    def image(self) -> str:
        """What tells the image from others."""
        return self.picture or self.cluster


@dataclass(frozen=True)
class Fit:
    """What another picture makes of a question.

    Attributes:
        right: what would be right then; None where it is not known.
        telling: whether the question leaves room for that answer (it is one of the options, for instance); pictures
            of which that is true are shown before others.
    """

    right: str | None
    telling: bool = True


def own_words(question: Question) -> Hashable:
    """What a picture is known to show where a data set says no more: the answer to the very question that was asked."""
    return *asked_words(question), question.target


def asked_words(question: Question) -> tuple[str, tuple[str, ...]]:
    """The question and its options, which another picture's question must share for its answer to tell anything."""
    return question.question.strip().casefold(), tuple(question.choices)


def same_words(asked: Question, label: Any) -> Fit:
    """Another picture of which the same was asked has a known answer; of the others nothing is known."""
    words, choices, target = label
    return Fit(target if (words, choices) == asked_words(asked) else None)


@dataclass(frozen=True)
class PrintedRows:
    """Where a paper prints what models reach on the benchmark.

    Attributes:
        table: its number, as the file of the paper's numbers has it.
        columns: by the benchmark's cells what their columns are called there.
        mean: the column of the cells' plain mean.
        unread: the column of the share of replies that nothing could be read from; "" where there is none.
        questions: what other questions the numbers are of; "" where they are of the benchmark's own.
        people: the number of the table with the same columns of what people reach; "" where there is none.
    """

    table: str
    columns: Mapping[str, str]
    mean: str
    unread: str = ""
    questions: str = ""
    people: str = ""


@dataclass(frozen=True)
class Contrast:
    """Cells that ask the same in pairs, but for one thing, so that one can see what it changes.

    Attributes:
        title: what is changed, for a table's title.
        first, second: the two sides.
        pairs: of cells, first and second, by what they ask.
    """

    title: str
    first: str
    second: str
    pairs: Mapping[str, tuple[str, str]]


Check = Callable[[Sequence[Question]], Iterable[str]]


def _as_they_are(questions: Sequence[Question]) -> Sequence[Question]:
    return questions


def _unique(questions: Sequence[Question]) -> Iterable[str]:
    seen: set[str] = set()
    for question in questions:
        if question.key in seen:
            yield f"question {question.key!r} is there more than once"
        seen.add(question.key)


@dataclass(frozen=True, eq=False)
class Benchmark:
    """One benchmark: everything that is particular to it.

    Attributes:
        name: unique; the group of its tasks is `radvqa_<name>`, or what `group` says.
        title: its name for people.
        cells: by name, in the order of its table.
        columns: the columns that a row must have.
        kinds: what those of them hold that are neither texts nor images.
        question: a row to its question; None for a row that is not asked about. Raises RowFaultError.
        also: more columns of a document that are read where there are any.
        images: the row's columns that hold images.
        places: of an image's name, the paths below the data set's folder where it may be; the first that exists counts.
        derive: all questions to those that are asked, where they are made of each other.
        check: what is wrong with all questions of a part together, for any data of this kind.
        whole: what is wrong if the data are to be the whole benchmark, and not a part or a look-alike.
        figures: published figures that sound data could still miss: from its questions and the number
            of rows, pairs of a sentence and whether it is as published.
        facets: what its results can be broken down by.
        topic: the one of them that says best what a question asks about.
        free_facets: those of free text, whose rare values tables put together.
        clustered_on: what the questions' clusters are, in the plural.
        averaged: whether the unweighted mean of the cells is a number that means something.
        together: whether all its questions are asked about each image, so that answers can contradict each other.
        one_data_set: whether all cells ask about the same rows, so that one fingerprint covers them.
        groups: more groups of its cells, by the name of the group.
        group_note: what the task file of its group says of it.
        arms: what of the images can be shown.
        views: the ways to show only some of a question's images, by name: from the images' views the places of those
            that are shown. All of them are shown unless a user names one.
        label: what a question's own picture shows, as far as its cell asks about it.
        fits: what is right for a question that is shown a picture of that label, in the arm `swapped`.
        related: what the questions of two pictures have in common if `fits` can know anything, for it is asked of no
            other labels; None: their words, if `fits` is the default, else nothing.
        embedded: its part within the package.
        contrasts: cells that are held against each other, one table each.
        pool: what its questions are counted together with those of other benchmarks as; "" where they are not.
        published: the CSV file of the paper's table, in `published/`.
        printed: where in it a run's rivals are, for benchmarks that have no comparison of their own.
        prediction: a question and the letter that was answered, "" for none, as the file that a public leaderboard
            takes has them, by the question's key; None where there is no leaderboard.
        paper_figures: the figures of the RadImageNet-VQA paper that show it.
        position: where it stands among the others; those of equal position are in the order of their names.
    """

    name: str
    title: str
    source: Source
    cells: Mapping[str, Cell]
    columns: tuple[str, ...]
    question: Callable[[Row], Question | None]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    images: tuple[str, ...] = ("image",)
    places: Callable[[str], Sequence[str]] = lambda name: (name,)
    derive: Callable[[Sequence[Question]], Sequence[Question]] = _as_they_are
    check: Check = _unique
    whole: Check = lambda questions: ()
    figures: Callable[[Sequence[Question], int], Iterable[tuple[str, bool]]] = lambda questions, rows: ()
    facets: tuple[str, ...] = ()
    topic: str = "format"
    free_facets: tuple[str, ...] = ()
    clustered_on: str = "images"
    averaged: bool = True
    together: bool = False
    one_data_set: bool = True
    group: str = ""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    group_note: str = ""
    arms: tuple[ArmName, ...] = ARMS
    views: Mapping[str, Callable[[Sequence[str]], Sequence[int]]] = field(default_factory=dict)
    label: Callable[[Question], Hashable] = own_words
    fits: Callable[[Question, Any], Fit] = same_words
    related: Callable[[Question], Hashable] | None = None
    embedded: Embedded | None = None
    contrasts: tuple[Contrast, ...] = ()
    pool: str = ""
    published: str | None = None
    printed: PrintedRows | None = None
    prediction: Callable[[Question, str], Mapping[str, object]] | None = None
    paper_figures: tuple[int, ...] = ()
    position: int = 100

    def relation(self, question: Question) -> Hashable:
        """What another question of the cell must have in common with this one; see `related`."""
        if self.related is None:
            return asked_words(question) if self.fits is same_words else None
        return self.related(question)

    @property
    def group_name(self) -> str:
        """The name of the group of all its tasks."""
        return self.group or f"radvqa_{self.name}"

    @property
    def parts(self) -> tuple[str | None, ...]:
        """The configurations of the data set that its questions are in."""
        named = dict.fromkeys(cell.part for cell in self.cells.values() if cell.part)
        return tuple(named) or self.source.configurations


def by_name(*cells: Cell) -> dict[str, Cell]:
    """Cells by their names, in their order."""
    return {cell.name: cell for cell in cells}


def numbered(questions: Sequence[Question]) -> Sequence[Question]:
    """The questions with a key each: the second of two with the same is "...#2"."""
    seen: Counter[str] = Counter()
    named = []
    for one in questions:
        seen[one.key] += 1
        named.append(one if seen[one.key] == 1 else replace(one, key=f"{one.key}#{seen[one.key]}"))
    return named


def size_fault(questions: Sequence[Question], expected: int, what: str = "questions") -> Iterable[str]:
    """A fault where there are not as many questions as the benchmark has."""
    if len(questions) != expected:
        yield f"the test split has {expected:,} {what}; here are {len(questions):,} (for a part, use --limit)"


def cell_faults(questions: Sequence[Question], cells: Mapping[str, Cell]) -> Iterable[str]:
    """A fault for each cell that has not as many questions as the benchmark has."""
    counts = Counter(one.cell for one in questions)
    for name, cell in cells.items():
        if cell.size is not None and counts[name] != cell.size:
            yield f"{name} has {cell.size:,} questions; here are {counts[name]:,} (for a part, use --limit)"


def text(row: Row, name: str) -> str:
    """A column's text without blanks around it. Raises RowFaultError where there is none."""
    value = row.fields[name]
    if not isinstance(value, str) or not value.strip():
        kind = "is empty" if value is None or value == "" or isinstance(value, str) else f"is no text ({value!r:.60})"
        raise RowFaultError(f"the {name} {kind}")
    return value.strip()
