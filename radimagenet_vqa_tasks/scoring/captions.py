"""How near a caption comes to its reference, by five metrics from the libraries that define them (extra `[captions]`).

The choices are those of the CT-Bench paper's script (arXiv 2602.14879): texts are cut at blanks and capitals count,
but for METEOR, which has its own way with them; BLEU-1 is smoothed by NLTK's method 4. Two metrics rest on models,
which the hub or a local folder has: RADVQA_BERTSCORE_MODEL and RADVQA_MINILM_MODEL name them. METEOR's synonyms are
WordNet's, which NLTK looks for in NLTK_DATA.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from threading import Lock

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring.response import printable

METRICS = ("bleu1", "meteor", "rouge1", "bertscore", "minilm")

BERTSCORE_MODEL, MINILM_MODEL = "RADVQA_BERTSCORE_MODEL", "RADVQA_MINILM_MODEL"
DEFAULTS = {BERTSCORE_MODEL: "roberta-large", MINILM_MODEL: "sentence-transformers/all-MiniLM-L6-v2"}
LAYER = 17  # of roberta-large, by BERTScore's authors; a model with fewer layers gives its last one

MOST_WORDS = 1000  # of a caption; METEOR takes time that grows faster than its words
_LIBRARIES = ("nltk", "rouge-score", "bert-score", "sentence-transformers")


def scores(predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
    """Each metric's value for every pair, from 0 to 1 (cosines from -1); a caption without a word has 0 everywhere.

    The names are `METRICS`. Raises RunError where a library, a model or WordNet is missing.
    """
    measures = _measures()
    pairs = [(_cut(one), _cut(other)) for one, other in zip(predictions, references, strict=True)]
    worded = [place for place, (one, other) in enumerate(pairs) if one and other]
    found = {name: [0.0] * len(pairs) for name in METRICS}
    if worded:
        first, second = zip(*(pairs[place] for place in worded), strict=True)
        for name, measure in measures.items():
            for place, value in zip(worded, measure(first, second), strict=True):
                found[name][place] = float(value)
    return found


def require() -> None:
    """Load all that `scores` needs, so that what is missing is an error before a model is asked. Raises RunError."""
    _measures()


def versions() -> str:
    """What the values rest on, for the record (its `judge`): values compare only where this is the same."""
    named = [f"{name} {version(name)}" for name in _LIBRARIES]
    return ", ".join([*named, *(_weights(variable) for variable in DEFAULTS)])


class Pending:
    """Pairs that are scored together as soon as one of the results is needed: models are slow with single texts."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str]] = []
        self._done: list[dict[str, float]] = []
        self._lock = Lock()

    def submit(self, prediction: str, reference: str) -> Callable[[], dict[str, float]]:
        """What returns the pair's value by metric."""
        with self._lock:
            self._waiting.append((prediction, reference))
            place = len(self._done) + len(self._waiting) - 1
        return lambda: self._result(place)

    def _result(self, place: int) -> dict[str, float]:
        with self._lock:
            if self._waiting:
                found = scores(*zip(*self._waiting, strict=True))
                self._done += [{name: found[name][at] for name in METRICS} for at in range(len(self._waiting))]
                self._waiting.clear()
        return self._done[place]


_Measure = Callable[[Sequence[str], Sequence[str]], Iterable[float]]


@cache
def _measures() -> dict[str, _Measure]:
    with _explained():
        from bert_score import BERTScorer
        from nltk.corpus import wordnet
        from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
        from nltk.translate.meteor_score import meteor_score
        from rouge_score.rouge_scorer import RougeScorer
        from rouge_score.tokenizers import Tokenizer
        from sentence_transformers import SentenceTransformer

        class AtBlanks(Tokenizer):
            def tokenize(self, text: str) -> list[str]:
                return text.split()

        wordnet.ensure_loaded()
        smoothing, rouge = SmoothingFunction().method4, RougeScorer(["rouge1"], tokenizer=AtBlanks())
        bert = BERTScorer(_model(BERTSCORE_MODEL), num_layers=_layer(_model(BERTSCORE_MODEL)))
        minilm = SentenceTransformer(_model(MINILM_MODEL))

    def bleu(one: str, other: str) -> float:
        value: float = sentence_bleu([other.split()], one.split(), weights=(1,), smoothing_function=smoothing)
        return value

    def cosines(ours: Sequence[str], theirs: Sequence[str]) -> Iterable[float]:
        first, second = (minilm.encode(list(texts), normalize_embeddings=True) for texts in (ours, theirs))
        return (first * second).sum(axis=1)

    def meteor(one: str, other: str) -> float:
        value: float = meteor_score([other.split()], one.split())
        return value

    def rouge_1(one: str, other: str) -> float:
        value: float = rouge.score(other, one)["rouge1"].fmeasure
        return value

    return {
        "bleu1": partial(map, bleu),
        "meteor": partial(map, meteor),
        "rouge1": partial(map, rouge_1),
        "bertscore": lambda ours, theirs: bert.score(list(ours), list(theirs))[2].tolist(),
        "minilm": cosines,
    }


def _cut(text: str) -> str:
    text = printable(text)  # tokenizers take no lone surrogates
    words = text.split()
    return text.strip() if len(words) <= MOST_WORDS else " ".join(words[:MOST_WORDS])


def _model(variable: str) -> str:
    return os.environ.get(variable) or DEFAULTS[variable]


def _layer(model: str) -> int:
    from transformers import AutoConfig

    return min(LAYER, int(AutoConfig.from_pretrained(model).num_hidden_layers))


def _weights(variable: str) -> str:
    """The model's name; of a local one also a digest of its weights."""
    name = _model(variable)
    files = sorted([*Path(name).glob("*.safetensors"), *Path(name).glob("*.bin")]) if Path(name).is_dir() else []
    if not files:
        return name
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            while block := opened.read(1 << 20):
                digest.update(block)
    return f"{Path(name).name} {digest.hexdigest()[:8]}"


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what is missing into one message with the command that brings it."""
    try:
        yield
    except ImportError as error:
        raise RunError(
            f"caption metrics need libraries that are not installed ({error.name or error}): "
            "pip install 'radimagenet-vqa-tasks[captions]'"
        ) from error
    except LookupError as error:
        raise RunError(
            "METEOR needs WordNet, which NLTK does not find: python -m nltk.downloader wordnet "
            "(or copy its folder corpora/wordnet to a machine without a network and name the folder above in NLTK_DATA)"
        ) from error
    except (OSError, ValueError) as error:
        models = " and ".join(f"{_model(name)} ({name})" for name in DEFAULTS)
        first = str(error).strip().partition("\n")[0]
        raise RunError(
            f"the models of the caption metrics, {models}, cannot be loaded ({first}). Without a network, copy both "
            "and name the folders in these variables."
        ) from error
