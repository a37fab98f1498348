"""Asking: the given documents with the real encoder, and documents of one's own with a fake one."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from rag.building import build_index
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.errors import IncompatibleIndex, MissingIndex, QuestionError
from rag.index import Filters
from rag.pipeline import Pipeline, has_index
from rag.records import answer_record
from rag.types import Answer, Conflict, ConflictValue, Turn
from tests.conftest import SEEDS
from tests.fakes import HashEncoder, build, write_documents

# --- the given documents ----------------------------------------------------------------------------------------------

QUESTIONS = [
    ("ru", "Сколько чипов ИИ Samsung планирует произвести в течение года?", "100 000"),
    ("ru", "На какую сумму ByteDance подписала контракт на покупку чипов Huawei Ascend?", "¥40 млрд"),
    ("ru", "Куда переведена исследовательская структура Seed?", "Сингапур"),
    ("ru", "Сколько ежемесячных активных пользователей у чат-бота Doubao?", "157 млн"),
    ("ru", "Какой менеджер выступил на общем собрании сотрудников ByteDance?", "Чжао Ци"),
    ("no", "Hvem er styreleder i Volcano Engine?", "Tan Dai"),
    ("no", "Hvor mange personer utvikler egne brikker internt i selskapet?", "1000 personer"),
    ("no", "Hvilken serie av brikker er i fokus i ByteDances oppkjøpsplan?", "H200"),
    ("en", "When will ByteDance receive the first prototypes from Samsung?", "марте 2026"),
    ("en", "How many H200 does ByteDance want to buy in a trial order?", "20 тыс"),
]
UNANSWERABLE = [
    ("ru", "Кто написал роман «Война и мир»?", "В документах этого нет."),
    ("ru", "Какая температура кипения воды на вершине Эльбруса?", "В документах этого нет."),
    ("no", "Hvor mange fjorder er det i Nordland fylke?", "Det står ikke i dokumentene."),
    ("no", "Hvordan baker jeg surdeigsbrød?", "Det står ikke i dokumentene."),
    ("en", "Who painted the ceiling of the Sistine Chapel?", "The documents do not say."),
    ("en", "How long should I boil an egg?", "The documents do not say."),
    ("zh", "珠穆朗玛峰有多高？", "文档中没有相关内容。"),
]


def check_citations(pipeline: Pipeline, answer: Answer) -> None:
    """Check that every citation is exact, verified, numbered in the text and from a retrieved passage."""
    passages = [hit.passage for hit in answer.hits]
    for number, citation in enumerate(answer.citations, 1):
        document = pipeline.document(citation.document_id)
        assert document.text[citation.start : citation.end] == citation.quote
        assert citation.sha256 == document.sha256
        assert citation.verified
        told = {each for conflict in answer.conflicts for value in conflict.values for each in value.citations}
        assert f"[{number}]" in answer.text or citation.id in told
        assert any(p.document_id == document.id and p.start <= citation.start < citation.end <= p.end for p in passages)


@pytest.mark.model
@pytest.mark.parametrize(("language", "question", "words"), QUESTIONS, ids=[words for _, _, words in QUESTIONS])
def test_the_passage_with_the_answer_is_found(
    seeds_pipeline: Pipeline, language: str, question: str, words: str
) -> None:
    answer = seeds_pipeline.ask(question)
    assert answer.language == language
    assert any(words in hit.passage.text for hit in answer.hits[:3])
    check_citations(seeds_pipeline, answer)
    assert 0 <= answer.confidence <= 1
    assert answer.candidate is not None


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "words"),
    [(question, words) for language, question, words in QUESTIONS if language != "en"],
    ids=[words for language, _, words in QUESTIONS if language != "en"],
)
def test_a_question_in_the_language_of_the_documents_is_answered(
    seeds_pipeline: Pipeline, question: str, words: str
) -> None:
    answer = seeds_pipeline.ask(question)
    assert answer.answered
    assert any(words in citation.quote for citation in answer.citations)
    assert answer.short is not None
    assert answer.short in answer.citations[0].quote


@pytest.mark.model
@pytest.mark.parametrize(("language", "question", "reply"), UNANSWERABLE, ids=[q for _, q, _ in UNANSWERABLE])
def test_what_the_documents_do_not_say_is_not_answered(
    seeds_pipeline: Pipeline, language: str, question: str, reply: str
) -> None:
    answer = seeds_pipeline.ask(question)
    assert (answer.language, answer.answered, answer.text) == (language, False, reply)
    assert (answer.citations, answer.short) == ((), None)
    assert answer.hits  # the nearest passages are offered as such
    assert answer.confidence < seeds_pipeline.settings.abstain_below


@pytest.mark.model
def test_a_question_that_leans_is_completed_from_the_turns_before(seeds_pipeline: Pipeline) -> None:
    first = seeds_pipeline.ask("Сколько токенов в день обработала в октябре ByteDance?")
    history = [Turn(first.question, first.text)]
    answer = seeds_pipeline.ask("А у Google?", history)
    assert answer.question == "А у Google?"
    assert answer.completed == "Сколько токенов в день обработала в октябре ByteDance? А у Google?"
    assert "43 трлн" in answer.hits[0].passage.text
    assert seeds_pipeline.ask("Hvem er styreleder i Volcano Engine?", history).completed is None


def test_sentences_are_scored_for_the_question_not_for_the_answer_before(small: Settings) -> None:
    build(small, {"a.txt": "Red apples grow here.\n\nGreen pears grow there.\n\nBlue plums grow nowhere.\n"})
    pipeline = Pipeline(small, HashEncoder())
    alone = pipeline.ask("Which pears? And which plums?")
    leaning = pipeline.ask("And which plums?", [Turn("Which pears?", "Red apples grow here. Red apples grow here.")])
    assert leaning.completed == "Which pears? And which plums?"
    assert [hit.sentence_scores for hit in leaning.hits] == [hit.sentence_scores for hit in alone.hits]


@pytest.mark.model
def test_filters_restrict_what_is_found(seeds_pipeline: Pipeline) -> None:
    question = "Hvor mye vil ByteDance bruke på Nvidia?"
    for filters, names in [(Filters(language="no"), {"004"}), (Filters(document="00[13]*"), {"001", "003"})]:
        hits = seeds_pipeline.ask(question, filters=filters).hits
        assert {hit.passage.document_id[:3] for hit in hits} == names


@pytest.mark.model
def test_the_record_has_the_keys_of_the_contract(seeds_pipeline: Pipeline) -> None:
    answer = seeds_pipeline.ask(QUESTIONS[1][1])
    record = json.loads(json.dumps(answer_record(answer), ensure_ascii=False))
    assert " ".join(record) == (
        "question language answered confidence short text citations candidate conflicts hits timings_ms"
    )
    assert " ".join(record["citations"][0]) == "number id document start end quote sha256 verified"
    described = answer_record(answer, seeds_pipeline.documents())["citations"][0]
    assert " ".join(described).removeprefix(" ".join(record["citations"][0])) == " date", "the given ones tell no more"
    assert " ".join(record["candidate"]) == "short document start end"
    assert " ".join(record["hits"][0]) == "document start end score"
    assert " ".join(record["timings_ms"]) == "search answer total"
    assert (record["answered"], record["language"], record["conflicts"]) == (True, "ru", [])
    assert record["citations"][0]["number"] == 1
    assert record["citations"][0]["id"] == answer.citations[0].id
    assert record["citations"][0]["verified"] is True
    assert record["timings_ms"]["total"] >= record["timings_ms"]["search"]
    abstained = answer_record(seeds_pipeline.ask(UNANSWERABLE[0][1]))
    assert (abstained["answered"], abstained["short"], abstained["citations"]) == (False, None, [])
    assert abstained["candidate"]["document"] in seeds_pipeline.index.documents


def test_a_citation_tells_what_its_document_tells_of_itself(small: Settings) -> None:
    texts = {
        "told.md": "---\nauthor: Ola Nordmann\ndate: 2026-01-02\ntags: [harbour, hours]\n---\nThe harbour opens late.",
        "plain.txt": "The museum closes at four.",
    }
    build(small, texts)
    pipeline = Pipeline(small.model_copy(update={"answerer": "sentence", "abstain_below": 0.0}), HashEncoder())
    told, plain = (
        answer_record(pipeline.ask(question), pipeline.documents())["citations"][0]
        for question in ("When does the harbour open?", "When does the museum close?")
    )
    assert {key: told[key] for key in ("date", "author", "tags")} == {
        "date": "2026-01-02",
        "author": "Ola Nordmann",
        "tags": ["harbour", "hours"],
    }
    assert plain["document"] == "plain.txt"
    assert not {"date", "author", "tags"} & plain.keys()


@pytest.mark.model
@pytest.mark.parametrize(
    "question", ["?", "x", "🙂🎉🙂", "…", "\0", "\ud83d\ude42 \ud800", "Mitä tämä maksaa?", "x" * 2000]
)
def test_strange_questions_get_a_reply(seeds_pipeline: Pipeline, question: str) -> None:
    answer = seeds_pipeline.ask(question)
    assert answer.text
    json.dumps(answer_record(answer), ensure_ascii=False).encode()
    if not any(character.isalnum() for character in question):
        assert (answer.answered, answer.confidence) == (False, 0)


@pytest.mark.model
@pytest.mark.parametrize("question", ["", " ", "\n\t\u3000"])
def test_an_empty_question_is_refused(seeds_pipeline: Pipeline, question: str) -> None:
    with pytest.raises(QuestionError, match="the question is empty"):
        seeds_pipeline.ask(question)


@pytest.mark.model
def test_a_very_long_question_is_refused(seeds_pipeline: Pipeline) -> None:
    with pytest.raises(QuestionError, match=r"20001 characters, more than 2000.*'max_question_characters'"):
        seeds_pipeline.ask("Hva? " * 4000 + ".")
    assert seeds_pipeline.ask("Hva " + " " * 20_000 + "koster det?").question


@pytest.mark.model
def test_an_edited_file_is_noticed_without_indexing_again(encoder: BundledEncoder, small: Settings) -> None:
    small.documents.mkdir()
    shutil.copy(next(SEEDS.glob("004_*")), small.documents)
    build_index(small.documents, small, lambda: encoder)
    pipeline = Pipeline(small, encoder)
    _, question, words = QUESTIONS[5]
    (citation, *_) = pipeline.ask(question).citations
    assert citation.verified
    path = small.documents / citation.document_id
    path.write_text(path.read_text("utf-8").replace(words, "Dan Tai"), "utf-8")
    (edited, *_) = pipeline.ask(question).citations
    assert (edited.id, edited.verified) == (citation.id, False)


@pytest.mark.model
def test_markup_in_documents_stays_text(encoder: BundledEncoder, small: Settings) -> None:
    sentence = "The <script>alert('x')</script> password of [Bob](javascript:alert(1)) is `swordfish` [1]."
    write_documents(small.documents, {"a#b~c%.txt": f"Hello there. {sentence} Good bye."})
    build_index(small.documents, small, lambda: encoder)
    pipeline = Pipeline(small.model_copy(update={"abstain_below": 0.0}), encoder)
    answer = pipeline.ask("What is the password of Bob?")
    (citation,) = answer.citations
    assert citation.quote == sentence
    assert citation.id.startswith("a%23b%7Ec%25.txt#13-")
    check_citations(pipeline, answer)


# --- a running pipeline -----------------------------------------------------------------------------------------------


def test_a_new_generation_is_picked_up(small: Settings) -> None:
    build(small, {"a.txt": "The museum opens on Monday."})
    pipeline = Pipeline(small, HashEncoder())
    first = pipeline.index
    assert pipeline.index is first
    build(small, {"a.txt": "The museum opens on Friday.", "b.txt": "Another text."})
    assert pipeline.ask("When does the museum open?").hits[0].passage.text == "The museum opens on Friday."
    assert [document.id for document in pipeline.documents()] == ["a.txt", "b.txt"]
    assert pipeline.index is not first


def test_a_pipeline_outlives_its_index_folder(small: Settings) -> None:
    build(small, {"a.txt": "The museum opens on Monday."})
    pipeline = Pipeline(small, HashEncoder())
    shutil.rmtree(small.index)
    assert not has_index(small)
    answer = pipeline.ask("When does the museum open?")
    assert answer.hits[0].passage.text == "The museum opens on Monday."
    with pytest.raises(MissingIndex):
        Pipeline(small, HashEncoder())
    build(small, {"a.txt": "The museum opens on Friday."})
    assert pipeline.ask("When does the museum open?").hits[0].passage.text == "The museum opens on Friday."


def test_questions_are_answered_while_the_index_is_built(small: Settings) -> None:
    build(small, {"a.txt": "The museum opens on day 0."})
    pipeline, ended, errors = Pipeline(small, HashEncoder()), threading.Event(), []

    def ask() -> None:
        while not ended.is_set():
            try:
                assert "museum" in pipeline.ask("When does the museum open?").hits[0].passage.text
            except BaseException as error:
                errors.append(error)
                raise

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for day in range(1, 8):
        build(small, {"a.txt": f"The museum opens on day {day}."})
    ended.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert pipeline.ask("museum").hits[0].passage.text == "The museum opens on day 7."


def test_no_index_and_a_wrong_one_are_told(small: Settings) -> None:
    assert not has_index(small)
    with pytest.raises(MissingIndex, match="build it with `rag index"):
        Pipeline(small, HashEncoder())
    build(small, {"a.txt": "Text."})
    assert has_index(small)
    with pytest.raises(IncompatibleIndex, match="rag index"):
        Pipeline(small.model_copy(update={"model": "other/model"}), HashEncoder())


def test_an_unknown_document_is_a_key_error(small: Settings) -> None:
    build(small, {"a.txt": "Text."})
    with pytest.raises(KeyError):
        Pipeline(small, HashEncoder()).document("../a.txt")


def test_conflicts_are_recorded_as_the_contract_says(small: Settings, tmp_path: Path) -> None:
    import datetime as dt
    from dataclasses import replace

    build(small, {"a.txt": "Text about money."})
    answer = Pipeline(small, HashEncoder()).ask("money")
    values = tuple(
        ConflictValue("22 mill.", 22e6, "USD", date, ("a.txt#0-2~0123456789",)) for date in (dt.date(2026, 1, 2), None)
    )
    (record,) = answer_record(replace(answer, conflicts=(Conflict("differ", values),)))["conflicts"]
    assert list(record) == ["note", "values"]
    assert record["values"][0] == {
        "text": "22 mill.",
        "value": 22e6,
        "unit": "USD",
        "date": "2026-01-02",
        "citations": ["a.txt#0-2~0123456789"],
    }
    assert record["values"][1]["date"] is None
