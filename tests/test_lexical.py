"""BM25 against a slow reading of its formula, and how words become terms."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import DamagedIndex
from rag.lexical import LexicalIndex, Taken, tokenize

TEXTS = [
    ("ru", "Компания купила чипы Nvidia H200. Чипы дороги."),
    ("ru", "Samsung произведёт 100 000 чипов для компании."),
    ("ru", "Погода в Сингапуре жаркая."),
    ("no", "Selskapet kjøpte brikker fra Nvidia på øya."),
    ("no", "Været i Ålesund er vått; været er kaldt."),
    ("en", "The company bought chips. The chips were running hot."),
    ("zh", "该公司购买了芯片，芯片很贵。"),
    ("en", "…"),
]
QUESTIONS = [
    "Сколько чипов купит компания?",
    "Кто произведет чипы?",
    "Hva kjøper selskapet på øyene?",
    "Which companies run chips?",
    "谁购买芯片",
    "Nvidia",
    "чипы chips brikker 芯片",
    "xyzzy",
    "",
]


@pytest.fixture(scope="module")
def index() -> LexicalIndex:
    return LexicalIndex.build([text for _, text in TEXTS], [language for language, _ in TEXTS])


# --- terms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "text", "terms"),
    [
        ("ru", "чип чипы чипов чипами", ["чип"] * 4),
        ("ru", "Ещё еще все всё", ["ещ", "ещ", "все", "все"]),
        ("ru", "за\u0301мок замок, йо\u0301д", ["замок", "замок", "йод"]),
        ("hi", "राजधानी। दिल्ली", ["राजधान", "दिल्ल"]),
        ("ta", "தமிழ்நாடு 2024", ["தமிழ்நாடு", "2024"]),
        ("tr", "İstanbul istanbul", ["istanbul"] * 2),
        ("ar", "مُحَمَّد محمد", ["محمد"] * 2),
        ("he", "שָׁלוֹם שלום", ["שלום"] * 2),
        ("de", "Donau\u00addampf\u00adschiff", ["donaudampfschiff"]),
        ("no", "brikke brikker brikkene", ["brikk"] * 3),
        ("no", "ÆRLIG øya Ålesund", ["ærl", "øya", "ålesund"]),
        ("en", "running runs run", ["run"] * 3),
        ("en", "don't e-mail_me", ["don", "t", "e", "mail", "me"]),
        ("und", "running чипов", ["running", "чипов"]),
        ("zh", "购买芯片，H200", ["购买", "芯", "片", "购买", "买芯", "芯片", "h200"]),
        ("zh", "价", ["价"]),
        ("ja", "東京都に住む", ["東京", "都", "に", "住む", "東京", "京都", "都に", "に住", "住む"]),
        ("th", "อากาศดี", ["อากาศ", "ดี", *map("".join, pairwise("อากาศดี"))]),
        ("cs", "knihovnami knihovna", ["knihovn"] * 2),
        ("ja", "チップを買う2026年", ["チップ", "を", "買う", "チッ", "ップ", "プを", "を買", "買う", "2026", "年"]),
        ("th", "ราคา ok", ["ราคา", "รา", "าค", "คา", "ok"]),
        ("ru", "$5,7 млрд, 14.5% и 3. Да", ["5,7", "млрд", "14.5", "и", "3", "да"]),
        ("en", "ﬁne Ｈ２００ ①", ["fine", "h200", "1"]),
        ("en", "… 🙂 | —", []),
    ],
)
def test_terms(language: str, text: str, terms: list[str]) -> None:
    assert tokenize(text, language) == terms


@given(st.text(st.sampled_from("東京都に住んでいる人価格は学校ไทยอากาศดีมากວັນ\U00020000中国人")))
def test_words_of_a_run_and_its_pairs_cover_it(run: str) -> None:
    terms = tokenize(run, "zh")
    normalised = unicodedata.normalize("NFKC", run).lower()
    pairs = list(map("".join, pairwise(normalised))) if len(normalised) > 1 else []
    assert terms[len(terms) - len(pairs) :] == pairs
    assert "".join(terms[: len(terms) - len(pairs)]) == normalised


@given(st.text(), st.sampled_from(["ru", "no", "en", "zh", "und", "de", "ar"]))
def test_any_text_has_terms_without_space(text: str, language: str) -> None:
    assert all(term and not term.isspace() for term in tokenize(text, language))


# --- BM25 -------------------------------------------------------------------------------------------------------------


def idf(term: str, group: list[list[str]]) -> float:
    frequency = sum(term in terms for terms in group)
    return math.log(1 + (len(group) - frequency + 0.5) / (frequency + 0.5))


def slow_scores(question: str, texts: list[tuple[str, str]]) -> tuple[list[float], list[float]]:
    """Return the scores of Lucene's BM25 (k1 = 1.5, b = 0.75) and the coverage, term by term."""
    scores, coverage = [], []
    for language, text in texts:
        group = [tokenize(other, own) for own, other in texts if own == language]
        terms, asked = Counter(tokenize(text, language)), set(tokenize(question, language))
        mean = max(sum(map(len, group)) / len(group), 1e-9)
        length = 1.5 * (1 - 0.75 + 0.75 * terms.total() / mean)
        scores.append(sum(idf(term, group) * terms[term] / (terms[term] + length) for term in asked))
        covered = sum(idf(term, group) for term in asked if term in terms)
        coverage.append(covered / sum(idf(term, group) for term in asked) if covered else 0.0)
    return scores, coverage


@pytest.mark.parametrize("question", QUESTIONS, ids=range(len(QUESTIONS)))
def test_scores_are_those_of_the_formula(index: LexicalIndex, question: str) -> None:
    scores, coverage = slow_scores(question, TEXTS)
    found = index.score(question)
    assert found.scores == pytest.approx(scores, rel=1e-5, abs=1e-6)
    assert found.coverage == pytest.approx(coverage, rel=1e-5, abs=1e-6)


WORDS = st.lists(st.sampled_from(["чипы", "чип", "погода", "H200", "в", "5,7", "øya", "芯片", "run"]), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["ru", "en", "zh"]), WORDS.map(" ".join)), min_size=1, max_size=8), WORDS)
def test_scores_of_any_texts(texts: list[tuple[str, str]], question: list[str]) -> None:
    index = LexicalIndex.build([text for _, text in texts], [language for language, _ in texts])
    scores, coverage = slow_scores(" ".join(question), texts)
    found = index.score(" ".join(question))
    assert found.scores == pytest.approx(scores, rel=1e-4, abs=1e-5)
    assert found.coverage == pytest.approx(coverage, rel=1e-4, abs=1e-5)


def test_coverage_by_hand() -> None:
    index = LexicalIndex.build(["red apple", "red pear", "blue plum"], ["en"] * 3)
    red, apple, unknown = math.log(1 + 1.5 / 2.5), math.log(1 + 2.5 / 1.5), math.log(1 + 3.5 / 0.5)
    assert index.score("red xyzzy").coverage == pytest.approx([red / (red + unknown)] * 2 + [0])
    assert index.score("red apple").coverage == pytest.approx([1, red / (red + apple), 0])
    assert index.score("xyzzy").coverage.tolist() == [0, 0, 0]


def test_overlap_by_hand() -> None:
    index = LexicalIndex.build(["red apple", "red pear", "blue plum"], ["en"] * 3)
    red, apple, unknown = math.log(1 + 1.5 / 2.5), math.log(1 + 2.5 / 1.5), math.log(1 + 3.5 / 0.5)
    total = red + apple + unknown
    sentences = ["A red thing.", "Apples, red apples!", "Nothing", ""]
    found = index.overlap("red apples xyzzy red", sentences, "en")
    assert found == pytest.approx([red / total, (red + apple) / total, 0, 0])
    assert index.overlap("red", ["red"], "ru") == [0.0]
    assert index.overlap("…", ["red"], "en") == [0.0]


def test_a_language_knows_only_its_own_words(index: LexicalIndex) -> None:
    found = index.score("Hvilke brikker kjøpte selskapet?")
    assert {language for (language, _), share in zip(TEXTS, found.coverage, strict=True) if share} == {"no"}


def test_bm25s_scores_what_is_saved_alike(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "lexical")
    for language in ("en", "no", "ru"):
        rows = np.load(tmp_path / "lexical" / language / "rows.npy")
        theirs = bm25s.BM25.load(tmp_path / "lexical" / language, allow_pickle=False)
        for question in QUESTIONS:
            terms = [term for term in dict.fromkeys(tokenize(question, language)) if term in theirs.vocab_dict]
            if terms:
                assert np.array_equal(index.score(question).scores[rows], theirs.get_scores(terms))


def test_what_is_saved_is_loaded(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "lexical")
    loaded = LexicalIndex.load(tmp_path / "lexical", len(TEXTS))
    for question in QUESTIONS:
        for before, after in zip(index.score(question), loaded.score(question), strict=True):
            assert np.array_equal(before, after)
        assert loaded.overlap(question, ["чипы"], "ru") == index.overlap(question, ["чипы"], "ru")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["ru", "en"]), WORDS.map(" ".join)), min_size=1, max_size=8),
    st.lists(st.tuples(st.sampled_from(["ru", "en"]), WORDS.map(" ".join)), max_size=4),
    st.data(),
)
def test_taking_over_gives_what_building_anew_gives(
    before: list[tuple[str, str]], new: list[tuple[str, str]], data: st.DataObject
) -> None:
    """Texts may go, stay in any order, stand there twice, or be taken for another language than before."""
    rows = data.draw(st.lists(st.integers(0, len(before) - 1), max_size=8))
    texts = [*((data.draw(st.sampled_from(["ru", "en"])), before[row][1]) for row in rows), *new]
    if not texts:
        return
    with TemporaryDirectory() as work:
        folder = Path(work) / "lexical"
        LexicalIndex.build([text for _, text in before], [language for language, _ in before]).save(folder)
        words, languages = [text for _, text in texts], [language for language, _ in texts]
        taken = Taken(folder, np.array([*rows, *[-1] * len(new)], np.int64))
        found, fresh = LexicalIndex.build(words, languages, taken), LexicalIndex.build(words, languages)
        for question in ("чипы погода в H200", "run 5,7 øya", "芯片 чип"):
            for one, other in zip(found.score(question), fresh.score(question), strict=True):
                assert np.array_equal(one, other)


def test_what_is_taken_over_is_not_read(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "lexical")
    texts = ["?"] * len(TEXTS)
    taken = Taken(tmp_path / "lexical", np.arange(len(TEXTS)))
    found = LexicalIndex.build(texts, [language for language, _ in TEXTS], taken)
    for question in QUESTIONS:
        assert np.array_equal(found.score(question).scores, index.score(question).scores)


def test_texts_without_words_are_an_index_too(tmp_path: Path) -> None:
    LexicalIndex.build(["🙂", "…"], ["und", "und"]).save(tmp_path / "lexical")
    assert LexicalIndex.load(tmp_path / "lexical", 2).score("🙂 word").scores.tolist() == [0, 0]


def test_a_missing_file_is_told(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "lexical")
    (tmp_path / "lexical/ru/rows.npy").unlink()
    with pytest.raises(DamagedIndex, match="rag index"):
        LexicalIndex.load(tmp_path / "lexical", len(TEXTS))
    with pytest.raises(DamagedIndex, match="rag index"):
        LexicalIndex.load(tmp_path / "nowhere", len(TEXTS))
