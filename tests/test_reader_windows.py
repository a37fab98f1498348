"""What is read of the hits: the best sentences within the budget, with exact offsets."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from rag.answerers.windows import AROUND, LONGEST, Part, choose
from rag.reader import Text
from rag.types import Hit, Passage, SentenceScore, Span

OVERHEAD = 10


def make_hit(number: int, sentences: list[list[str]], scores: list[float]) -> Hit:
    """Make a hit whose passage begins at an odd place of its document; each word is a token."""
    start = 7 * number + 1
    text, spans = "", []
    for words in sentences:
        spans.append(Span(start + len(text), start + len(text) + len(" ".join(words))))
        text += " ".join(words) + " "
    text = text.rstrip()
    passage = Passage(f"{number}.txt", start, start + len(text), text, "en", tuple(spans))
    return Hit(passage, 1.0, 1.0, 0.0, tuple(SentenceScore(score, 0.0, 0.0) for score in scores))


def tokens(text: str) -> Text:
    """Return words as tokens, each with the space before it, as the real ones have."""
    offsets, place = [], 0
    for word in text.split(" "):
        offsets.append(Span(max(0, place - 1), place + len(word)))
        place += len(word) + 1
    return Text(list(range(len(offsets))), offsets)


SENTENCE = st.integers(1, 90).map(lambda count: ["word"] * count)
SCORED = st.tuples(SENTENCE, st.floats(-3, 3))
HITS = st.lists(st.lists(SCORED, min_size=1, max_size=6), min_size=1, max_size=5)


FIVE = [(["word"] * count, float(count == 1)) for count in (90, 50, 90, 90, 1)]


@given(HITS, st.integers(64, 600))
@example([FIVE], 331)  # more than one text holds
@example([[FIVE[1], *FIVE[:1] * 3, FIVE[4]]], 341)
def test_what_is_read_is_within_the_budget_and_where_it_says(
    made: list[list[tuple[list[str], float]]], budget: int
) -> None:
    hits = [make_hit(number, *map(list, zip(*scored, strict=True))) for number, scored in enumerate(made)]
    passages = [tokens(hit.passage.text) for hit in hits]
    parts = choose(hits, passages, OVERHEAD, budget)
    best = max(
        (
            (score.score, -number, -sentence)
            for number, hit in enumerate(hits)
            for sentence, score in enumerate(hit.sentence_scores)
        )
    )
    number, sentence = -best[1], -best[2]
    span = hits[number].passage.sentences[sentence]
    assert any(part.hit == number and _covers(part, span) for part in parts), "the best sentence is read"
    cost = sum(len(part.text.ids) + OVERHEAD for part in parts)
    first = len(hits[number].passage.text[span.start - hits[number].passage.start : span.end].split())
    assert cost <= max(budget, max(first, AROUND) + OVERHEAD)
    for part in parts:
        passage = hits[part.hit].passage
        assert len(part.text.ids) == len(part.text.offsets) <= LONGEST
        for token, (start, end) in zip(part.text.ids, part.text.offsets, strict=True):
            assert Span(start - passage.start, end - passage.start) == passages[part.hit].offsets[token]
        for sentence, (_, end) in zip(part.text.sentences, part.text.offsets, strict=True):
            assert passage.sentences[sentence - 1].start < end <= passage.sentences[sentence - 1].end


def _covers(part: Part, span: Span) -> bool:
    return part.text.offsets[0].start <= span.start and span.end <= part.text.offsets[-1].end


def test_whole_passages_are_read_when_there_is_room() -> None:
    hits = [make_hit(number, [["a"] * 9] * 4, [0.0] * 4) for number in range(3)]
    parts = choose(hits, [tokens(hit.passage.text) for hit in hits], OVERHEAD, 10_000)
    assert [(part.hit, len(part.text.ids)) for part in parts] == [(0, 36), (1, 36), (2, 36)]


def test_distant_sentences_of_a_passage_are_read_apart() -> None:
    hit = make_hit(0, [["a"] * 70] * 5, [2.0, 0.0, 0.0, 0.0, 1.0])
    parts = choose([hit], [tokens(hit.passage.text)], OVERHEAD, 170)
    assert [part.text.ids[0] for part in parts] == [0, 280]


def test_a_sentence_longer_than_a_window_is_read_in_overlapping_parts() -> None:
    hit = make_hit(0, [["a"] * 700], [0.0])
    parts = choose([hit], [tokens(hit.passage.text)], OVERHEAD, 64)
    ranges = [range(part.text.ids[0], part.text.ids[-1] + 1) for part in parts]
    assert ranges[0].start == 0
    assert ranges[-1].stop == 700
    assert all(one.start < two.start <= one.stop - 64 for one, two in pairwise(ranges))
    assert max(map(len, ranges)) == LONGEST


def test_no_hits() -> None:
    assert choose([], [], OVERHEAD, 100) == []
