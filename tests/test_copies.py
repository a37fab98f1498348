"""Near-duplicates: what counts as one, what does not, and that finding them takes no pairs."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import copies
from rag.copies import HASHES, NEAR, Earlier, likeness, originals, sketch

WORDS = [f"word{number}" for number in range(3000)]


def article(seed: int, length: int = 300) -> list[str]:
    return random.Random(seed).choices(WORDS, k=length)


def jaccard(one: list[str], other: list[str]) -> float:
    """The share of runs of four words in common, the slow way."""
    runs = [{tuple(words[place : place + 4]) for place in range(len(words) - 3)} for words in (one, other)]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])


def found(*texts: str) -> dict[int, int]:
    sketches = np.stack([sketch(text) for text in texts])
    return {copy: original.number for copy, original in originals(sketches, range(len(texts))).items()}


def test_likeness_is_the_share_of_runs_in_common() -> None:
    words = article(1)
    for changed in (1, 3, 8, 15, 40):
        edited = list(words)
        for place in random.Random(changed).sample(range(len(words)), changed):
            edited[place] = "edited"
        told = likeness(sketch(" ".join(words)), sketch(" ".join(edited)))
        assert abs(told - jaccard(words, edited)) < 0.12  # three standard errors of 128 hashes


@given(st.text())
def test_a_text_is_like_itself_in_other_formatting(text: str) -> None:
    assert np.array_equal(sketch(text), sketch(text))
    assert np.array_equal(sketch(f"a b {text} c"), sketch(f"**a** b\n\n{text}\n\n# C!"))


def test_a_copy_has_other_boilerplate_and_formatting() -> None:
    text = " ".join(article(2))
    copy = f"Menu | Home | Share this\n\n# {text.upper()}\n\nIf you find a mistake, tell us."
    other = " ".join(article(3))
    assert found(text, other, copy) == {2: 0}


def test_other_texts_on_the_same_matter_are_none() -> None:
    """A report by one template, with other figures and names in each sentence."""
    template = "In {} the town of {} sold {} tonnes of fish to {} and bought {} boats, said its mayor {} on a cold {}."
    rows = random.Random(4)
    texts = [" ".join(template.format(*rows.choices(WORDS, k=7)) for _ in range(20)) for _ in range(50)]
    assert found(*texts) == {}


def test_scripts_without_spaces() -> None:
    text = "字节跳动计划明年在英伟达芯片上花费一百四十亿美元，前提是美国允许销售，知情人士对本报表示。"
    other = "今天天气很好，我们去公园散步，孩子们在湖边喂鸭子，然后回家吃饭。"
    assert found(text, text.replace("，", " "), other) == {1: 0}


def test_texts_without_words_are_like_nothing() -> None:
    assert found("🙂🙂", "🙂🙂", "", "…") == {}


def test_a_copy_is_one_of_an_original_and_never_of_a_copy() -> None:
    """Each version is near the one before; the last has nothing of the first."""
    words = article(5)
    versions = [list(words)]
    for number in range(12):
        edited = list(versions[-1])
        edited[number * 25 : number * 25 + 25] = [f"new{number}-{place}" for place in range(25)]
        versions.append(edited)
    of = found(*(" ".join(version) for version in versions))
    assert of[1] == 0
    assert 12 not in of or of[12] != 0
    assert not set(of.values()) & of.keys()


def test_the_order_decides_which_is_the_original() -> None:
    sketches = np.stack([sketch(" ".join(article(6)))] * 3)
    assert {copy: each.number for copy, each in originals(sketches, [2, 0, 1]).items()} == {0: 2, 1: 2}


@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0, 20, 31, 40, 62, 93]), st.integers(0, 2)), max_size=14),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_taking_over_gives_what_looking_anew_gives(texts: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """Texts come and go among some that are near to others, also where few are compared with each."""
    pool = np.stack([altered(*text) for text in texts]) if texts else np.zeros((0, HASHES), np.uint32)
    places = st.lists(st.sampled_from(range(len(texts))), unique=True).map(sorted) if texts else st.just([])
    before, now = data.draw(places), data.draw(places)
    with pytest.MonkeyPatch.context() as patch:
        if data.draw(st.booleans()):
            patch.setattr(copies, "_CROWD", 2)
            patch.setattr(copies, "_CANDIDATES", 2)
        assert_same(pool, before, now)


def test_one_that_is_no_copy_any_more_may_have_copies() -> None:
    pool = np.stack([altered(0, count, 0) for count in (0, 31, 62)])
    assert {copy: each.number for copy, each in originals(pool, range(3)).items()} == {1: 0}
    assert {copy: each.number for copy, each in originals(pool[1:], range(2)).items()} == {1: 0}
    assert_same(pool, [0, 1, 2], [1, 2])
    assert_same(pool, [1, 2], [0, 1, 2])


def assert_same(pool: np.ndarray, before: list[int], now: list[int]) -> None:
    """Check that of some texts of a pool the same is found by what was found among others, and without."""
    then = {before[copy]: before[each.number] for copy, each in originals(pool[before], range(len(before))).items()}
    numbers = {place: number for number, place in enumerate(now)}
    sources = {numbers[place]: numbers.get(then.get(place, place), -1) for place in before if place in numbers}
    earlier = Earlier(sources, pool[[place for place in before if place not in numbers]])
    assert originals(pool[now], range(len(now)), earlier) == originals(pool[now], range(len(now)))


def altered(base: int, count: int, seed: int) -> np.ndarray:
    """Return the sketch of a text with some of its hashes changed: by chance, or first one of each band."""
    made = np.random.default_rng(base).integers(0, 2**32 - 2, HASHES, np.uint32)
    chance = np.random.default_rng(1000 + seed)
    places = chance.permutation(HASHES) if seed else np.arange(HASHES).reshape(-1, 4).T.ravel()
    made[places[:count]] = chance.integers(0, 2**32 - 2, count, np.uint32)
    return made


def test_ten_thousand_are_compared_without_comparing_pairs() -> None:
    """Also where all of them share a fifth of their runs, as letters by one template do."""
    chance = np.random.default_rng(0)
    sketches = np.repeat(chance.integers(0, 2**32 - 2, (1, HASHES), np.uint32), 10_000, axis=0)
    other = chance.random(sketches.shape) < 0.55
    sketches[other] = chance.integers(0, 2**32 - 2, int(other.sum()), np.uint32)
    sketches[9_999] = sketches[17]
    started = time.process_time()
    of = originals(sketches, range(10_000))
    assert time.process_time() - started < 20  # a second or so; all pairs would take minutes
    assert of[9_999].likeness == 1.0
    assert (sketches[9_999] == sketches[of[9_999].number]).mean() >= NEAR
