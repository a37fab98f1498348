"""What other sources say of an answer's figure: cited together, or shown apart; and that nothing else is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from rag import citations, comparison, renderings
from rag.answerers import Draft, Question
from rag.config import Settings
from rag.encoder import Vectors
from rag.index import Filters, Index
from rag.types import Candidate, Conflict, Span, Statement
from tests.fakes import HashEncoder, build


class SameEncoder(HashEncoder):
    """Finds all texts alike."""

    def _vectors(self, texts):  # type: ignore[no-untyped-def]
        return np.tile(np.eye(1, self.dimension, dtype=np.float32), (len(texts), 1))


AGREEING = {
    "en.txt": "date: 2026-01-05\n\nAcme plans to spend $23 billion on robots in 2026. Nobody was surprised by that.",
    "ru.txt": "date: 2026-02-07\n\nКомпания Acme намерена потратить на роботов 23 млрд долларов в 2026 году. Много.",
    "no.txt": "Acme planlegger å bruke omtrent 23 milliarder dollar på roboter i 2026. Det er ganske mye penger.",
}
SLIP = {"odd.txt": "Компания Acme намерена потратить на роботов около 22 миллионов долларов в 2026 году. Это мало."}
OTHER = {"other.txt": "date: 2026-03-09\n\nAcme plans to spend $35 billion on robots in 2026, the paper says."}
UNRELATED = {"far.txt": "Zenith spent $5 billion on ships in 2025. The harbour was closed for the whole winter."}


def compared(
    folder: Path,
    texts: dict[str, str],
    answer: str = "$23 billion",
    *,
    language: str = "en",
    encoder: HashEncoder | None = None,
    filters: Filters | None = None,
) -> tuple[comparison.Compared, Index]:
    """Index texts, answer with some words of one of them, and compare."""
    settings = Settings(documents=folder / "documents", index=folder / "index")
    encoder = encoder or SameEncoder()
    index = Index.load(build(settings, texts, encoder).folder, settings)
    question = {
        "en": "How much will Acme spend on robots in 2026?",
        "ru": "Сколько Acme потратит на роботов в 2026 году?",
    }
    vector = encoder.embed_queries([question[language]])[0]
    look = partial(index.search, k=10, lexical_weight=0.4, filters=filters, read_as=(question[language], vector))
    hits = look(question[language], vector)
    document = next(each for each in index.contents.documents if answer in each.text)
    start = document.text.index(answer)
    sentence = next(
        span
        for hit in hits
        if hit.passage.document_id == document.id
        for span in hit.passage.sentences
        if span.start <= start < span.end
    )
    citation = citations.cite(document, sentence)
    marked = Span(start - sentence.start, start - sentence.start + len(answer))
    candidate = Candidate(answer, document.id, start, start + len(answer))
    draft = Draft((Statement(citation.quote, (1,), marked),), answer, (citation,), candidate, 0.9, hits)
    return comparison.compare(Question(question[language], language), draft, index, look), index


def cited(conflict: Conflict) -> list[list[str]]:
    return [[each.partition("#")[0] for each in value.citations] for value in conflict.values]


def test_sources_that_agree_are_cited_together(tmp_path: Path) -> None:
    (draft, conflicts), index = compared(tmp_path, AGREEING | UNRELATED)
    assert conflicts == ()
    (statement,) = draft.statements
    assert {draft.citations[number - 1].document_id for number in statement.citations} == set(AGREEING)
    for citation in draft.citations:
        assert citations.verify(citation, index.documents[citation.document_id]).verified
        assert any(hit.passage.document_id == citation.document_id for hit in draft.hits)


def test_the_odd_one_is_shown_apart_newest_first_undated_last(tmp_path: Path) -> None:
    (draft, conflicts), index = compared(tmp_path, AGREEING | SLIP | UNRELATED)
    (conflict,) = conflicts
    assert conflict.note == "The sources differ, by a factor of 1,000: probably a slip."
    assert cited(conflict) == [["ru.txt", "en.txt", "no.txt"], ["odd.txt"]]
    many, one = conflict.values
    assert (many.text, many.value, many.unit, many.off_by, str(many.date)) == (
        *("$23 billion", 23e9, "USD", None, "2026-02-07"),
    )
    assert [str(date) for date in many.dates] == ["2026-02-07", "2026-01-05", "None"]
    assert (one.text, one.value, one.unit, one.off_by, one.date) == ("22 миллионов долларов", 22e6, "USD", 1000, None)
    assert one.rendering == "about $22 million"
    assert {each for value in conflict.values for each in value.citations} == {each.id for each in draft.citations}
    assert all(any(value.text in document.text for document in index.documents.values()) for value in conflict.values)
    assert draft.short == "$23 billion"  # nothing is averaged, and the answer stays


def test_who_is_outnumbered_is_taken_for_the_slip_and_of_two_nobody(tmp_path: Path) -> None:
    (_, (conflict,)), _ = compared(tmp_path / "a", AGREEING | SLIP, "22 миллионов долларов", language="ru")
    assert [value.off_by for value in conflict.values] == [None, 1000]
    assert conflict.note == "Источники расходятся в 1\u00a0000 раз: вероятно, описка."
    assert conflict.values[0].text == "23 млрд долларов"  # of several, the words in the language of the question
    two = {"en.txt": AGREEING["en.txt"]} | SLIP
    (_, (conflict,)), _ = compared(tmp_path / "b", two)
    assert [value.off_by for value in conflict.values] == [None, None]


def test_values_that_just_differ(tmp_path: Path) -> None:
    (_, (conflict,)), _ = compared(tmp_path, AGREEING | OTHER)
    assert conflict.note == "The sources differ."
    assert cited(conflict)[0] == ["other.txt"]
    assert [value.text for value in conflict.values] == ["$35 billion", "$23 billion"]


def test_two_values_that_one_source_gives_are_two_matters(tmp_path: Path) -> None:
    both = OTHER["other.txt"] + " Its other plan has a budget of $23 billion."
    assert compared(tmp_path / "a", AGREEING | {"other.txt": both})[0].conflicts == ()
    both = AGREEING["en.txt"] + " Its other plan has a budget of $35 billion."
    assert compared(tmp_path / "b", AGREEING | {"en.txt": both} | OTHER)[0].conflicts == ()


def test_sentences_that_are_not_alike_do_not_differ(tmp_path: Path) -> None:
    (draft, conflicts), _ = compared(tmp_path, AGREEING | SLIP, encoder=HashEncoder())
    assert conflicts == ()
    assert len(draft.citations) > 1  # that they agree needs less


@pytest.mark.parametrize(
    "text", ["Acme spent $35 billion on robots in 2025.", "Zenith plans to spend $35 billion on robots in 2026."]
)
def test_another_time_or_company_is_no_conflict(tmp_path: Path, text: str) -> None:
    assert compared(tmp_path, AGREEING | {"x.txt": text})[0].conflicts == ()


def test_only_documents_that_the_filters_let_through_are_compared(tmp_path: Path) -> None:
    (draft, conflicts), _ = compared(tmp_path, AGREEING | SLIP, filters=Filters(document="[en][no].txt"))
    assert conflicts == ()
    assert {citation.document_id for citation in draft.citations} == {"en.txt", "no.txt"}


def test_an_answer_without_a_figure_and_no_answer_stay_as_they_are(tmp_path: Path) -> None:
    (draft, conflicts), index = compared(tmp_path, AGREEING | SLIP, "Nobody")  # in a sentence without any
    assert (conflicts, len(draft.citations), len(draft.statements)) == ((), 1, 1)
    silent = draft._replace(citations=(), short=None, statements=(Statement("The documents do not say."),))

    def look(text: str, vector: Vectors, /, *, among: object = None) -> tuple[()]:
        raise AssertionError("nothing is to be looked for")

    assert comparison.compare(Question("?", "en"), silent, index, look) == (silent, ())


def test_of_two_figures_in_an_answer_each_is_compared_by_itself(tmp_path: Path) -> None:
    text = "Acme plans to spend $23 billion on robots in 2026, up from $35 billion."
    answer = "$23 billion on robots in 2026, up from $35 billion"
    (draft, conflicts), _ = compared(tmp_path, {"a.txt": text, "ru.txt": AGREEING["ru.txt"]}, answer)
    assert conflicts == ()
    assert len(draft.citations) == 2


def test_renderings_are_in_the_language_of_the_question_only(tmp_path: Path) -> None:
    (draft, _), index = compared(tmp_path, AGREEING, "23 milliarder dollar")
    (rendering,) = renderings.render("ru", draft, index)
    assert (rendering.quote, rendering.text) == ("23 milliarder dollar", "около 23 млрд долларов США")
    document = index.documents["no.txt"]
    assert document.text[rendering.start : rendering.end] == rendering.quote
    assert draft.citations[rendering.citation - 1].document_id == "no.txt"
    assert renderings.render("no", draft, index) == ()
    assert draft.short == "23 milliarder dollar"
