"""What the training makes of its data, and that a run can be stopped and go on: on rows and a reader made here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tokenizers import Tokenizer

from rag.models import build_tokenizer
from rag.packed import Shape, Vocabulary
from rag.types import Span
from training import checkpoints, export
from training.data import Collection, Pair, collection, pair
from training.entities import answer_kind, fold, holds_any, names, numbers, years
from training.examples import BLOCK, Example, Stream
from training.exchange import EXCHANGED, exchanged
from training.inputs import NULL, UNTAUGHT, Composer, Features, batches, collate, token_range
from training.model import Reader, losses
from training.negatives import Maker, answered, cut, retrieved, same_article, same_type
from training.reading import Paragraphs, Task
from training.train import Plan, Run, feature_blocks
from training.windows import LIMIT, Draft, Ruler, crop

SHAPE = Shape(hidden=32, layers=2, heads=4, inner=64, vocabulary=1000, positions=512, types=1, epsilon=1e-12)

# Two articles, parallel in English and Russian: (article, text, ((question, answer), ...)).
ENGLISH = (
    (
        "Rivers",
        "The river Alna flows through Oslo. In 1895 the engineer Per Dahl built 12 mills there. They burnt down.",
        (("Who built mills on the Alna in 1895?", "Per Dahl"), ("How many mills did Per Dahl build?", "12")),
    ),
    (
        "Rivers",
        "The river Glomma is the longest in the country. In 1902 Anna Moe drew its map. It took 30 months.",
        (("When did Anna Moe draw the map of the Glomma?", "1902"), ("What is the longest river?", "Glomma")),
    ),
    (
        "Banks",
        "Norbank was founded by Ola Lie. It has 250 offices. Its rival Fjordbank sold 40 of its houses in 1988.",
        (("Who founded Norbank?", "Ola Lie"), ("How many houses did Fjordbank sell in 1988?", "40")),
    ),
    (
        "Banks",
        "Fjordbank moved to Bergen in 1991. Nobody knows why. The first director of Fjordbank was Kari Vik.",
        (("Who was the first director of Fjordbank?", "Kari Vik"), ("Where did Fjordbank move in 1991?", "Bergen")),
    ),
)
RUSSIAN = (
    (
        "Rivers",
        "Река Альна течёт через Осло. В 1895 году инженер Пер Даль построил там 12 мельниц. После пожара их закрыли.",
        (("Кто построил мельницы на Альне в 1895 году?", "Пер Даль"), ("Сколько мельниц у Даля?", "12")),
    ),
    (
        "Rivers",
        "Река Гломма самая длинная в стране. В 1902 году Анна Му сделала её карту. Это заняло 30 месяцев.",
        (("Когда Анна Му сделала карту Гломмы?", "1902"), ("Какая река самая длинная?", "Гломма")),
    ),
    (
        "Banks",
        "Норбанк основал Ула Ли. У него 250 отделений. Его соперник Фьордбанк продал 40 домов в 1988 году.",
        (("Кто основал Норбанк?", "Ула Ли"), ("Сколько домов продал Фьордбанк в 1988 году?", "40")),
    ),
    (
        "Banks",
        "Фьордбанк переехал в Берген в 1991 году. Никто не знает почему. Первым директором Фьордбанка была Кари Вик.",
        (("Кто был первым директором Фьордбанка?", "Кари Вик"), ("Куда переехал Фьордбанк в 1991 году?", "Берген")),
    ),
)
MAKERS = (same_article, same_type, retrieved, cut)
Table = tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


def rows(table: Table) -> Collection:
    name = "xquad-en" if table is ENGLISH else "xquad-ru"
    return collection(
        name,
        [
            {
                "id": f"{number}-{rank}",
                "article": article,
                "question": question,
                "context": text,
                "answers": [{"text": answer, "start": text.index(answer)}],
            }
            for number, (article, text, questions) in enumerate(table)
            for rank, (question, answer) in enumerate(questions)
        ],
    )


@pytest.fixture(scope="module")
def sets() -> dict[str, Collection]:
    return {"xquad-en": rows(ENGLISH), "xquad-ru": rows(RUSSIAN)}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """A tokenizer whose pieces are single characters."""
    characters = sorted({c for table in (ENGLISH, RUSSIAN) for row in table for c in str(row)} - {" "})
    pieces = ("<s>", "<pad>", "</s>", "<unk>", "▁", *characters)
    return build_tokenizer(Vocabulary(tuple((piece, -1.0) for piece in pieces), 0, 2, 1, 3, {}))


def words(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Embed tokens by a fixed table."""
    return np.random.default_rng(5).normal(size=(SHAPE.vocabulary, SHAPE.hidden)).astype(np.float32)[ids]


def reader() -> Reader:
    torch.manual_seed(3)
    return Reader(SHAPE, drop=0.1)


def every_pair(sets: dict[str, Collection]) -> Iterator[Pair]:
    for asked_in in sets:
        for read_in in sets:
            yield from (pair(sets, asked_in, read_in, row.id) for row in sets[read_in].rows)


# --- entities ---------------------------------------------------------------------------------------------------------


def test_entities() -> None:
    text = "In 2024 ByteDance bought 1,600 H200 chips from Nvidia Corp, wrote Кари Вик."
    assert [text[a:b] for a, b in years(text)] == ["2024"]
    assert next(text[a:b] for a, b in numbers(text)) == "1,600"
    assert [text[a:b] for a, b in names(text)] == ["ByteDance", "H200", "Nvidia Corp", "Кари Вик"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("in May 2024", "date"), ("30 %", "number"), ("Ola Lie", "name"), ("red", "other"), ("so " * 30, "long")],
)
def test_answer_kind(answer: str, kind: str) -> None:
    assert answer_kind(answer) == kind


# --- negatives --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: str(make.__name__))
def test_negatives_never_hold_an_answer(make: Maker, sets: dict[str, Collection]) -> None:
    made = [(one, make(one, Random(seed))) for one in every_pair(sets) for seed in range(5)]
    drafts = [(one, draft) for one, draft in made if draft]
    assert drafts
    for one, draft in drafts:
        assert draft.answer is None
        assert not holds_any(draft.text, one.answers)


def test_a_cut_text_keeps_its_other_sentences(sets: dict[str, Collection]) -> None:
    draft = cut(pair(sets, "xquad-en", "xquad-en", "0-0"), Random(1))
    assert draft is not None
    assert draft.text == "The river Alna flows through Oslo. They burnt down."
    assert [draft.text[a:b] for a, b in draft.sentences] == draft.text.replace("Oslo. ", "Oslo.|").split("|")


def test_an_exchanged_question_asks_for_what_the_paragraph_has_not(sets: dict[str, Collection]) -> None:
    made = [(one, exchanged(one, Random(seed))) for one in every_pair(sets) for seed in range(8)]
    drafts = [(one, draft) for one, draft in made if draft]
    asked = {draft.question for one, draft in drafts}
    assert "How many mills did Anna Moe build?" in asked
    assert "What is the shortest river?" in asked
    for one, draft in drafts:
        assert draft.question not in {row.question for row in one.asked_in.rows}
        assert draft.focus in one.read.answers  # something of the right type stays in sight
        assert set(fold(draft.question).split()) - set(fold(one.asked.question).split())


def test_what_is_exchanged_into_a_question_is_in_no_answer(sets: dict[str, Collection]) -> None:
    for one in every_pair(sets):
        for draft in filter(None, (exchanged(one, Random(seed)) for seed in range(8))):
            new = set(fold(draft.question).split()) - set(fold(one.asked.question).split())
            assert not any(fold(answer) in new for answer in one.answers)


# --- windows and inputs -----------------------------------------------------------------------------------------------


def test_windows_keep_offsets(sets: dict[str, Collection], tokenizer: Tokenizer) -> None:
    ruler = Ruler(tokenizer)
    places = set()
    for one in every_pair(sets):
        for seed in range(20):
            window = crop(answered(one, Random(seed)), ruler, Random(seed))
            assert window.answer is not None
            assert window.text[slice(*window.answer)] in one.read_in.answers(one.read)
            assert window.text in one.read_in.paragraphs[one.read.paragraph].text
            places.add((window.answer.start < 10, window.answer.end > len(window.text) - 10))
    assert len(places) >= 3  # near the start, near the end, inside


def test_a_sentence_beyond_the_limit_is_narrowed_around_its_answer(tokenizer: Tokenizer) -> None:
    text = "a river " * 100 + "Glomma " + "a bank " * 100
    answer = Span(text.index("Glomma"), text.index("Glomma") + 6)
    draft = Draft("Which?", text, [Span(0, len(text) - 1)], answer, answer, "answered")
    for seed in range(10):
        window = crop(draft, Ruler(tokenizer), Random(seed))
        assert window.answer is not None
        assert window.text[slice(*window.answer)] == "Glomma"
        assert len(window.text) <= LIMIT + 10


def test_features_point_at_the_answer(tokenizer: Tokenizer) -> None:
    composer = Composer(tokenizer)
    window = "Its rival Fjordbank sold 40 houses."
    answer = Span(window.index("40"), window.index("40") + 2)
    found, none = composer.features(["How many?"] * 2, [window] * 2, [answer, None])
    assert tokenizer.decode(found.ids[found.start : found.end + 1]).strip() == "40"
    assert (none.start, none.end) == (NULL, NULL)
    assert found.ids[found.first - 2 : found.first] == [composer.eos] * 2


def test_an_answer_without_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match="no token"):
        token_range([(0, 3)], Span(5, 6))


def test_batches_hold_every_input_once_within_the_budget() -> None:
    items = [Features([0] * length, 1, 0, 0) for length in range(1, 100)]
    grouped = batches(items, 200, Random(1))
    assert sorted(len(item.ids) for group in grouped for item in group) == list(range(1, 100))
    assert all(len(group) * max(len(item.ids) for item in group) <= 200 for group in grouped)


# --- the stream -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def block(sets: dict[str, Collection], tokenizer: Tokenizer) -> list[Example]:
    return Stream(sets, tokenizer, seed=1).block(3)


def test_the_stream_is_a_function_of_seed_and_position(
    sets: dict[str, Collection], tokenizer: Tokenizer, block: list[Example]
) -> None:
    other = Stream(sets, tokenizer, seed=1)
    other.block(0)  # what was read before does not matter
    assert other.block(3) == block
    assert Stream(sets, tokenizer, seed=2).block(3) != block


def test_a_block_has_the_share_of_negatives_and_crosses_languages(block: list[Example]) -> None:
    assert len(block) == BLOCK
    assert 0.3 < sum(example.answer is None for example in block) / BLOCK < 0.4
    assert {(example.question_language, example.context_language) for example in block} == {
        (a, b) for a in ("en", "ru") for b in ("en", "ru")
    }


def test_half_of_the_examples_in_a_language_of_the_lexicon_are_switched(
    sets: dict[str, Collection], tokenizer: Tokenizer
) -> None:
    alone = {"tydiqa-en": sets["xquad-en"], **sets}
    words = dict.fromkeys(("the", "river", "who", "many", "what", "when", "where", "first", "it", "was"), ("слово",))
    plain, mixed = (Stream(alone, tokenizer, 1, lexicon).block(0) for lexicon in (None, {"en": {"ru": words}}))
    same = [one == other for one, other in zip(plain, mixed, strict=True)]
    assert all(same[n] for n, example in enumerate(plain) if example.source == "xquad")
    others = [same[n] for n, example in enumerate(plain) if example.source == "tydiqa-en"]
    assert 0.35 < sum(others) / len(others) < 0.65
    for one, other in zip(plain, mixed, strict=True):
        if one.answer and other.answer:
            assert one.context[slice(*one.answer)] == other.context[slice(*other.answer)]


# --- the run ----------------------------------------------------------------------------------------------------------


def start(sets: dict[str, Collection], tokenizer: Tokenizer) -> Run:
    blocks = feature_blocks(Stream(sets, tokenizer, seed=1), Composer(tokenizer), positions=512)
    return Run(reader(), Plan(batch_tokens=1024, dropout=0.1), blocks, words)


def take(run: Run, steps: int) -> None:
    for _ in zip(range(steps), run.steps(), strict=False):
        pass


def test_inputs_that_are_too_long_are_left_out(sets: dict[str, Collection], tokenizer: Tokenizer) -> None:
    stream, composer = Stream(sets, tokenizer, seed=1), Composer(tokenizer)
    lengths = [len(item.ids) for item in feature_blocks(stream, composer, positions=512)(0)]
    kept = [len(item.ids) for item in feature_blocks(stream, composer, positions=40)(0)]
    assert max(lengths) > 40
    assert kept == [length for length in lengths if length <= 40]


def test_of_an_exchanged_question_only_the_number_for_the_window_learns(
    sets: dict[str, Collection], tokenizer: Tokenizer
) -> None:
    stream, composer = Stream(sets, tokenizer, seed=1), Composer(tokenizer)
    items = feature_blocks(stream, composer, positions=512)(0)
    exchanged_ones = [item for example, item in zip(stream.block(0), items, strict=True) if example.kind == EXCHANGED]
    assert exchanged_ones
    assert {(item.start, item.end) for item in exchanged_ones} == {(UNTAUGHT, UNTAUGHT)}
    assert {item.start for item in items} > {UNTAUGHT, NULL}
    model = reader().eval()
    batch = collate(exchanged_ones[:4], words)
    with torch.inference_mode():
        found = losses(model(batch), batch)
    assert float(found.span) == 0
    assert float(found.answerable) > 0


def test_spans_are_those_of_the_window_and_no_answer(sets: dict[str, Collection], tokenizer: Tokenizer) -> None:
    items = feature_blocks(Stream(sets, tokenizer, seed=1), Composer(tokenizer), positions=512)(0)[:6]
    model = reader().eval()
    with torch.inference_mode():
        scores = model(collate(items, words))
    for row, item in enumerate(items):
        inside = range(item.first, len(item.ids) - 1)
        expected = {(NULL, NULL), *((a, b) for a in inside for b in inside if a <= b)}
        assert {tuple(span) for span in torch.isfinite(scores.spans[row]).nonzero().tolist()} == expected
        assert torch.equal(torch.isfinite(scores.starts[row]).nonzero()[:, 0], torch.tensor([NULL, *inside]))


def test_the_loss_of_a_span_is_the_mean_of_the_whole_and_of_its_ends(
    sets: dict[str, Collection], tokenizer: Tokenizer
) -> None:
    items = feature_blocks(Stream(sets, tokenizer, seed=1), Composer(tokenizer), positions=512)(0)[:30]
    batch = collate(items, words)
    model = reader().eval()
    with torch.inference_mode():
        scores = model(batch)
        found = float(losses(scores, batch).span)
    slow = 0.0
    for row, item in enumerate(items):
        if item.start != UNTAUGHT:
            whole = scores.spans[row].flatten().softmax(0).view(scores.spans[row].shape)[item.start, item.end]
            ends = scores.starts[row].softmax(0)[item.start] * scores.ends[row].softmax(0)[item.end]
            slow -= float(whole.log() + ends.log()) / 4
    assert found == pytest.approx(slow, rel=1e-4)


def test_a_resumed_run_ends_where_one_without_a_stop_does(
    sets: dict[str, Collection], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    straight, first, second = (start(sets, tokenizer) for _ in range(3))
    take(straight, 6)
    take(first, 3)
    first.save(tmp_path, {"seed": 1})
    second.restore(checkpoints.load(tmp_path))
    assert second.progress.steps == 3
    take(second, 3)
    straight.save(tmp_path / "straight", {})
    second.save(tmp_path / "second", {})
    one, other = (checkpoints.load(tmp_path / name) for name in ("straight", "second"))
    assert one.progress == other.progress
    assert one.groups.keys() == other.groups.keys() >= {"weights", "average", "optimiser.exp_avg"}
    for group, tensors in one.groups.items():
        for name, tensor in tensors.items():
            torch.testing.assert_close(other.groups[group][name], tensor, rtol=1e-5, atol=1e-7)


def test_the_reader_learns_a_few_examples(sets: dict[str, Collection], tokenizer: Tokenizer) -> None:
    examples = Stream(sets, tokenizer, seed=1).block(0)[:8]
    questions, windows, answers, *_ = zip(*examples, strict=True)
    batch = collate(Composer(tokenizer).features(questions, windows, answers), words)
    model = reader().eval()
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    history = []
    for _ in range(40):
        total = losses(model(batch), batch).total / len(examples)
        history.append(float(total.detach()))
        optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert history[-1] < history[0] / 2


def test_the_learning_rate_rises_and_falls_to_nothing() -> None:
    plan = Plan(examples=1000, learning_rate=1.0, warm_up=0.1)
    assert [plan.rate(done) for done in (50, 100, 550)] == pytest.approx([0.5, 1.0, 0.5])
    assert plan.rate(1000) == pytest.approx(0.01)


# --- reading and export -----------------------------------------------------------------------------------------------


def test_a_long_text_is_read_by_windows_and_quoted_exactly(tokenizer: Tokenizer) -> None:
    texts = ["The river Glomma. " * 100, "Short."]
    tasks = [Task("Which river?", text, "en", "en") for text in texts]
    readings = Paragraphs(reader(), Composer(tokenizer), words).read(tasks)
    assert all(reading.answer and reading.answer in text for reading, text in zip(readings, texts, strict=True))
    assert all(". " not in reading.answer for reading in readings)  # each is within one sentence


def test_export_keeps_weights_within_half_a_step(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    weights = {
        "layers.0.inner.weight": torch.randn(512, 256, generator=generator),
        "layers.0.inner.bias": torch.randn(512, generator=generator),
        "positions": torch.randn(512, 256, generator=generator),
    }
    export.export(weights, {"trunk": "abc"}, tmp_path / "reader.safetensors")
    loaded, metadata = export.load(tmp_path / "reader.safetensors")
    assert (metadata["format"], metadata["trunk"]) == (export.FORMAT, "abc")
    assert loaded.keys() == weights.keys()
    matrix = weights["layers.0.inner.weight"]
    step = matrix.abs().amax(1, keepdim=True) / 127
    assert ((loaded["layers.0.inner.weight"] - matrix).abs() <= step * 0.501).all()
    for name in ("layers.0.inner.bias", "positions"):
        torch.testing.assert_close(loaded[name], weights[name], rtol=1e-3, atol=1e-6)


def test_the_mean_of_weights_is_halfway() -> None:
    one, other = {"span": torch.tensor([1.0, -2.0])}, {"span": torch.tensor([3.0, 2.0], dtype=torch.float16)}
    assert export.mean(one, other)["span"].tolist() == [2.0, 0.0]


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="format"):
        export.load(tmp_path / "other.safetensors")
