"""Caption metrics: the libraries' own values, on models of random weights and a WordNet of one entry."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.scoring import captions

REFERENCE = "a small lesion in the liver"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Both models in local folders, and NLTK's WordNet in another, as on a machine without a network."""
    nltk = pytest.importorskip("nltk", reason="the extra [captions] is not installed")
    folder = tmp_path_factory.mktemp("captions")
    _model(folder / "tiny")
    _wordnet(folder / "nltk" / "corpora" / "wordnet")
    with pytest.MonkeyPatch.context() as patch:
        for variable in captions.DEFAULTS:
            patch.setenv(variable, str(folder / "tiny"))
        patch.setattr(nltk.data, "path", [str(folder / "nltk")])
        captions._measures.cache_clear()
        yield folder
    captions._measures.cache_clear()


def _model(folder: Path) -> None:
    import torch
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import RobertaConfig, RobertaModel, RobertaTokenizer

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    vocabulary = {token: place for place, token in enumerate([*special, *sorted(ByteLevel.alphabet())])}
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    tokenizer = RobertaTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=64)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    config = RobertaConfig(vocab_size=len(vocabulary), max_position_embeddings=80, pad_token_id=1, **sizes)
    RobertaModel(config).save_pretrained(folder)


def _wordnet(folder: Path) -> None:
    """One meaning, with two words for it: lesion and mass."""
    folder.mkdir(parents=True)
    empty = ("cntlist.rev", "index.sense", *(f"{name}.exc" for name in ("adj", "adv", "noun", "verb")))
    for name in (*empty, *(f"{kind}.{name}" for kind in ("index", "data") for name in ("adj", "adv", "verb"))):
        (folder / name).write_text("", encoding="utf-8")
    (folder / "lexnames").write_text("00\tnoun.Tops\t1\n", encoding="utf-8")
    entry = "  a licence stands here\n00000024 00 n 02 lesion 0 mass 0 000 | a finding  \n"
    (folder / "data.noun").write_text(entry, encoding="utf-8")
    indexed = "".join(f"{word} n 1 0 1 0 00000024  \n" for word in ("lesion", "mass"))
    (folder / "index.noun").write_text(indexed, encoding="utf-8")


def test_values_are_those_of_the_definitions(tools: Path) -> None:
    """Hand-computed: two of three words are right; one only by WordNet; capitals count but for METEOR."""
    found = captions.scores(["small lesion seen", "small mass seen", "Small Lesion seen"], [REFERENCE] * 3)
    # Precision 2/3, and a brevity penalty of exp(1 - 6/3) for three words in the place of six.
    assert found["bleu1"][0] == pytest.approx(2 / 3 * math.exp(-1))
    # P 2/3, R 2/6: F1 = 2 * 2/3 * 1/3 / (2/3 + 1/3).
    assert found["rouge1"] == pytest.approx([4 / 9, 2 / 9, 0.0])
    # P 2/3, R 1/3, weighed 9 to 1: 0.3509; one chunk of two matches costs 0.5 * (1/2)^3.
    expected = (2 / 9) / (0.9 * 2 / 3 + 0.1 * 1 / 3) * (1 - 0.5 / 8)
    assert found["meteor"] == pytest.approx([expected] * 3)


def test_same_text_is_1_and_no_text_is_0(tools: Path) -> None:
    """The two metrics that rest on models too; an empty or blank caption is no crash, nor is a very long one."""
    found = captions.scores([REFERENCE, "", " \n", "word " * 3000, "\ud83d\ude00 \0"], [REFERENCE] * 5)
    for name in captions.METRICS:
        assert found[name][0] == pytest.approx(1, abs=0.01), name
        assert found[name][1:3] == [0.0, 0.0], name
        assert all(math.isfinite(value) for value in found[name]), name


def test_pending_pairs_are_scored_together(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one call for all that wait, each with its own value; later ones in another."""
    calls, real = [], captions.scores
    monkeypatch.setattr(captions, "scores", lambda ours, theirs: calls.append(len(ours)) or real(ours, theirs))
    pending = captions.Pending()
    first, second = pending.submit("liver", REFERENCE), pending.submit(REFERENCE, REFERENCE)
    assert second()["rouge1"] == 1 and first()["rouge1"] == pytest.approx(2 / 7)
    assert pending.submit("", REFERENCE)() == dict.fromkeys(captions.METRICS, 0.0)
    assert calls == [2, 1]


def test_versions_name_libraries_and_weights(tools: Path) -> None:
    """Local weights by a digest, for two folders may have one name."""
    said = captions.versions()
    assert said.startswith("nltk ") and "tiny " in said
    other = tools / "other" / "tiny"
    other.mkdir(parents=True)
    (other / "model.safetensors").write_bytes(b"others")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(captions.MINILM_MODEL, str(other))
        assert captions.versions() != said


@pytest.mark.parametrize(
    ("failure", "remedy"),
    [
        (ImportError("none", name="nltk"), r"pip install 'radimagenet-vqa-tasks\[captions\]'"),
        (LookupError("no wordnet"), "python -m nltk.downloader wordnet"),
        (OSError("no such model\nmore"), "RADVQA_BERTSCORE_MODEL"),
    ],
)
def test_what_is_missing_is_one_message_with_its_remedy(failure: Exception, remedy: str) -> None:
    """A library, WordNet or a model: the command or variable that brings it is named."""
    with pytest.raises(RunError, match=remedy), captions._explained():
        raise failure
