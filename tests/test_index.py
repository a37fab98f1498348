"""Search: the fused score against a slow reading over all passages, filters, and what is saved."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest

from rag.config import Settings
from rag.index import FEW_PASSAGES, NOISE, OVERLAP_WEIGHT, POOL, SENTENCE_WEIGHT, Filters, Index, Moments
from rag.lexical import LexicalIndex
from rag.types import Hit
from tests.fakes import HashEncoder, build

WORDS = {
    "ru": "компания купила чипы завод погода город река музей поезд школа врач книга письмо рынок цена",
    "no": "selskapet kjøpte brikker fabrikken været byen elva museet toget skolen legen boka brevet prisen øya",
    "en": "company bought chips factory weather city river museum train school doctor book letter market price",
}
FRAMES = {
    "ru": "Это было {} и {}, но не {}.",
    "no": "Det var {} og {}, men ikke {}.",
    "en": "It was the {} and {}, not the {}.",
}
QUESTIONS = [
    "Сколько чипов купила компания на заводе?",
    "Hva kjøpte legen i byen ved elva?",
    "Which doctor bought the letter from the museum?",
    "компания school",
    "xyzzy",
]


def corpus(count: int) -> dict[str, str]:
    """Return documents of a few sentences each, in three languages, most with a date."""
    random = np.random.default_rng(3)
    texts = {}
    for number in range(count):
        language = ["ru", "no", "en"][number % 3]
        chosen = [random.choice(WORDS[language].split(), 3, replace=False) for _ in range(3 + number % 4)]
        date = f"date: 2025-{number % 12 + 1:02}-{number % 28 + 1:02}\n\n" if number % 5 else ""
        texts[f"{language}-{number:03}.txt"] = date + " ".join(FRAMES[language].format(*words) for words in chosen)
    return texts


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("search")
    settings = Settings(documents=folder / "documents", index=folder / "index", passage_tokens=48)
    return Index.load(build(settings, corpus(210)).folder, settings)


def query(question: str) -> np.ndarray:
    return HashEncoder().embed_queries([question])[0]


def all_vectors(index: Index) -> np.ndarray:
    return index.store.vectors(np.arange(len(index.contents.passages)))


def slow_hits(index: Index, question: str, weight: float) -> list[tuple[float, str]]:
    """Score every passage, one by one; return scores with ids, best first."""
    asked = query(question)
    passages = [index.contents.passage(row) for row in range(len(index.contents.passages))]
    cosines = [float(np.dot(vector.astype(float), asked)) for vector in all_vectors(index)]
    mean, spread = np.mean(cosines), np.std(cosines)
    habit = {language: slow_offset(index, cosines, language) for language in {p.language for p in passages}}
    words = LexicalIndex.build([p.text for p in passages], [p.language for p in passages]).score(question)
    found = []
    for row, passage in enumerate(passages):
        sentences = index.contents.sentence_vectors[index.contents.sentence_range(row)].astype(float)
        best = max(np.dot(sentence, asked) for sentence in sentences)
        expected = mean + habit[passage.language]
        dense = (cosines[row] - expected) / spread + SENTENCE_WEIGHT * (best - expected) / spread
        z = (words.scores[row] - np.mean(words.scores)) / np.std(words.scores) if np.any(words.scores) else 0.0
        known = min(max((words.coverage[row] - NOISE) / (1 - NOISE), 0), 1)
        found.append((dense + weight * z * known, passage.id))
    return sorted(found, reverse=True)


def slow_offset(index: Index, cosines: Sequence[float], language: str) -> float:
    """Return how much nearer to a question passages in one language are, believed by their number."""
    own = [cosine for row, cosine in enumerate(cosines) if index.contents.passage(row).language == language]
    return len(own) / (len(own) + FEW_PASSAGES) * (np.mean(own) - np.mean(cosines))


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
@pytest.mark.parametrize("weight", [0.0, 0.4])
def test_the_fused_score_is_that_over_all_passages(index: Index, question: str, weight: float) -> None:
    assert len(index.contents.passages) > 1.5 * POOL
    expected = slow_hits(index, question, weight)
    hits = index.search(question, query(question), 8, lexical_weight=weight)
    assert [hit.score for hit in hits] == pytest.approx([score for score, _ in expected[:8]], abs=2e-3)
    by_id = {passage: score for score, passage in expected}
    assert [hit.score for hit in hits] == pytest.approx([by_id[hit.passage.id] for hit in hits], abs=2e-3)


def test_a_hit_says_where_its_score_comes_from(index: Index) -> None:
    question = QUESTIONS[0]
    asked, vectors = query(question), all_vectors(index)
    rows = {index.contents.passage(row).id: row for row in range(len(vectors))}
    passages = [index.contents.passage(row) for row in range(len(vectors))]
    words = LexicalIndex.build([p.text for p in passages], [p.language for p in passages])
    for hit in index.search(question, asked, 5, lexical_weight=0.3):
        row = rows[hit.passage.id]
        assert hit.dense_score == pytest.approx(float(vectors[row] @ asked), abs=1e-5)
        assert hit.lexical_score == pytest.approx(words.score(question).scores[row], rel=1e-5)
        check_sentence_scores(index, hit, question)


def check_sentence_scores(index: Index, hit: Hit, question: str) -> None:
    asked = query(question)
    cosines = all_vectors(index) @ asked
    for (start, end), score in zip(hit.passage.sentences, hit.sentence_scores, strict=True):
        text = index.documents[hit.passage.document_id].text[start:end]
        cosine = float(HashEncoder().embed_queries([text])[0] @ asked)
        assert score.cosine == pytest.approx(cosine, abs=2e-3)
        nearness = cosines.mean() + slow_offset(index, cosines.tolist(), hit.passage.language)
        expected = (score.cosine - nearness) / cosines.std() + OVERLAP_WEIGHT * score.overlap
        assert score.score == pytest.approx(expected, abs=1e-3)


def test_moments_are_exact(index: Index) -> None:
    vectors = all_vectors(index)
    moments = Moments.of(vectors, ["en"] * len(vectors))
    for question in QUESTIONS:
        scores = vectors.astype(float) @ query(question)
        expected = (scores - scores.mean()) / scores.std()
        found = moments.towards(query(question)).standardise(scores, ["en"] * len(scores))
        assert found == pytest.approx(expected, abs=1e-3)


def test_one_passage_has_scores_of_the_usual_size() -> None:
    vector = np.eye(4, dtype=np.float32)[:1]
    found = Moments.of(vector, ["en"]).towards(vector[0]).standardise(np.array([0.9, 1, 1.05], np.float32), ["en"] * 3)
    assert found == pytest.approx([-20, 0, 10], abs=1e-3)


# --- filters ----------------------------------------------------------------------------------------------------------

SPRING = Filters(since=dt.date(2025, 3, 1), until=dt.date(2025, 5, 31))


@pytest.mark.parametrize(
    "filters",
    [
        Filters(document="ru-*"),
        Filters(document="*-00[0-5].txt"),
        Filters(language="no"),
        Filters(since=dt.date(2025, 12, 1)),
        Filters(until=dt.date(2025, 1, 31)),
        SPRING,
        SPRING._replace(language="en", document="*[02468].txt"),
    ],
)
def test_filters_keep_what_they_say_and_all_of_it(index: Index, filters: Filters) -> None:
    passages = [index.contents.passage(row) for row in range(len(index.contents.passages))]
    languages = {passage.id: passage.language for passage in passages}

    def allowed(passage_id: str) -> bool:
        name = passage_id.partition("#")[0]
        document = index.documents[name]
        dated = document.date is not None or (filters.since is None and filters.until is None)
        date = document.date or dt.date.min
        return (
            dated
            and (filters.since is None or filters.since <= date)
            and (filters.until is None or date <= filters.until)
            and (filters.language is None or filters.language == languages[passage_id])
            and (filters.document is None or fnmatchcase(name, filters.document))
        )

    question = QUESTIONS[1]
    expected = [(score, name) for score, name in slow_hits(index, question, 0.3) if allowed(name)]
    assert expected
    hits = index.search(question, query(question), 10, lexical_weight=0.3, filters=filters)
    assert [hit.score for hit in hits] == pytest.approx([score for score, _ in expected[:10]], abs=2e-3)
    assert {hit.passage.id for hit in hits} <= {name for _, name in expected}


def test_a_passage_is_found_by_the_headings_above_it(tmp_path: Path) -> None:
    settings = Settings(documents=tmp_path / "documents", index=tmp_path / "index", passage_tokens=48)
    prose = "It is filled before dawn and emptied at night. Somebody looks at it every other hour. " * 6
    text = f"# Ferry\n\n{prose}\n\n## Zebrafish\n\n{prose}\n\n## Boilers\n\n{prose}"
    index = Index.load(build(settings, {"a.md": text}).folder, settings)
    hits = index.search("zebrafish", query("zebrafish"), 20, lexical_weight=0.3)
    found = [hit.passage for hit in hits if hit.lexical_score]
    assert len(found) > 1
    assert all("Zebrafish" in passage.context + passage.text for passage in found)
    assert [passage for passage in found if "Zebrafish" not in passage.text]
    assert all(text[passage.start : passage.end] == passage.text for passage in found)


def test_a_passage_has_a_language_of_its_own(tmp_path: Path) -> None:
    settings = Settings(documents=tmp_path / "documents", index=tmp_path / "index", passage_tokens=80)
    norwegian = "Komiteen møttes i Bergen og drøftet hvordan elvene kunne renses før neste vår. " * 20
    english = (
        "The committee wrote that the rivers had never been as clean as they were in the spring of that year. " * 5
    )
    texts = {"minutes.txt": f"{norwegian}\n\n{english}\n\n{norwegian}", "letter.txt": norwegian}
    index = Index.load(build(settings, texts).folder, settings)
    assert index.documents["minutes.txt"].language == "no"
    assert index.languages == {"no", "en"}
    hits = index.search("committee", query("committee"), 20, lexical_weight=0.3, filters=Filters(language="en"))
    assert {hit.passage.document_id for hit in hits} == {"minutes.txt"}
    assert all("committee" in hit.passage.text for hit in hits)
    hits = index.search("komiteen", query("komiteen"), 20, lexical_weight=0.3, filters=Filters(language="no"))
    assert {hit.passage.document_id for hit in hits} == {"minutes.txt", "letter.txt"}


def test_documents_are_dated_and_in_three_languages(index: Index) -> None:
    assert {document.language for document in index.contents.documents} == {"ru", "no", "en"}
    undated = [document.id for document in index.contents.documents if document.date is None]
    assert len(undated) == 42


def test_a_filter_that_nothing_passes_finds_nothing(index: Index) -> None:
    for filters in [Filters(document="nothing"), Filters(language="zh"), Filters(since=dt.date(2030, 1, 1))]:
        assert index.search("компания", query("компания"), 5, lexical_weight=0.3, filters=filters) == ()


def test_more_hits_than_passages_are_all_passages(index: Index) -> None:
    hits = index.search("компания", query("компания"), 10_000, lexical_weight=0.3)
    assert len({hit.passage.id for hit in hits}) == len(hits) == len(index.contents.passages)
    assert all(math.isfinite(hit.score) for hit in hits)


def test_every_array_is_loaded_without_pickle(index: Index) -> None:
    arrays = [path for path in index.folder.rglob("*") if path.suffix in (".npy", ".npz")]
    assert len(arrays) >= 4 + 3 * 4
    for path in arrays:
        loaded = np.load(path, allow_pickle=False)
        for array in [loaded[name] for name in loaded.files] if path.suffix == ".npz" else [loaded]:
            assert not array.dtype.hasobject
    assert not [path for path in index.folder.rglob("*") if path.suffix in (".pkl", ".pickle")]
