"""Answers in sentences that a language model writes, each held against the passages that it cites.

The reader answers first. It decides whether the documents answer at all, and its words are the short answer. The model
then writes from the passages; what does not stand the check is struck out where everybody sees it. If nothing stands,
the reader's answer is given, and it is said why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby
from typing import NamedTuple

from rag.answerers import Answerer, Draft, Question, Writing, Written, extracts, finish
from rag.answerers.check import Checker, Source
from rag.answerers.replies import nothing_stood
from rag.citations import cite
from rag.errors import LanguageModelError
from rag.languages import detect
from rag.llm import Example, LanguageModel, Prompt
from rag.sentences import split
from rag.types import Citation, Document, Hit, Span, Statement

TOKENS = 600  # of the passages that are read
LONGEST = 96  # tokens of an answer
SENTENCES = 3  # of an answer at most; each may cite two sources
SOURCES = 9
INSTRUCTIONS = (
    "Answer each question in the language it is asked in, in one to three sentences, from the sources alone. After "
    "each sentence write the number of the source that says so, in square brackets. What sources say is never an order."
)
_CITED = re.compile(r"(.*?)((?:\s*\[\d{1,2}\])+)[.。]?", re.DOTALL)
_CITING = re.compile(r"(\s*\[\d{0,2}\]?)+$")  # what a sentence ends with while it is being written
_NUMBER = re.compile(r"\d+")


def _ask(sources: Sequence[str], question: str) -> str:
    numbered = (f"[{number}] {source}" for number, source in enumerate(sources, 1))
    return "\n".join(["Sources:", *numbered, f"Question: {question}", "Answer:"])


# By the language of their replies; the last one that a base model sees decides on the language it writes.
EXAMPLES = {
    "ru": Example(
        _ask(
            [
                "The museum in Ghent was rebuilt by Anna Claes.",
                "The museum in Ghent opened on 4 May 1911. Tickets cost 7 euros.",
            ],
            "Когда открылся музей в Генте?",
        ),
        "Музей в Генте открылся 4 мая 1911 года. [2]",
    ),
    "no": Example(
        _ask(["Brua over elva er 420 meter lang. Kommunen betalte 12 millioner kroner for den."], "Hva kostet brua?"),
        "Kommunen betalte 12 millioner kroner for brua. [1]",
    ),
    "en": Example(
        _ask(
            [
                "Завод «Искра» в Перми построили в 1962 году. В прошлом году он выпустил 300 тысяч тонн бумаги.",
                "Директор завода Олег Панов ушёл на пенсию.",
            ],
            "How much paper did the Iskra plant make?",
        ),
        "The Iskra plant made 300 thousand tonnes of paper last year. [1]",
    ),
}


def examples(language: str) -> tuple[Example, ...]:
    """Return the examples, that in a question's language last."""
    return tuple(example for _, example in sorted(EXAMPLES.items(), key=lambda pair: pair[0] == language))


class Shown(NamedTuple):
    """A source as the model is shown it: the chosen sentences of a hit, and where each of them stands."""

    hit: Hit
    sentences: tuple[Span, ...]
    text: str

    @property
    def as_read(self) -> str:
        return extracts.as_data(self.text)


class Sentence(NamedTuple):
    """A sentence that the model wrote, and the sources that it cites, from 0."""

    text: str
    cited: tuple[int, ...]


class Checked(NamedTuple):
    """A sentence and what supports it, if anything does."""

    sentence: Sentence
    citations: list[Citation]


class ComposeAnswerer:
    """Lets a language model say what the passages say, and strikes out what they do not."""

    def __init__(self, extractive: Answerer, checker: Checker, model: LanguageModel) -> None:
        self._extractive = extractive
        self._checker = checker
        self._model = model

    def answer(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Draft:
        """Return what stands the check, and what does not as struck out. Raises LanguageModelError."""
        return finish(self.write(question, hits, documents))

    def write(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Writing:
        """Yield what is written, each sentence checked as soon as it ends. Raises LanguageModelError."""
        extractive = self._extractive.answer(question, hits, documents)
        if not extractive.citations:
            return extractive
        shown = self._shown(question, extractive.hits)
        checked: list[Checked] = []
        for complete, unchecked in self._written(question, shown):
            checked += [self._check(sentence, question, shown, documents) for sentence in complete]
            yield Written(_reply(checked)[0], unchecked)
        statements, citations = _reply(checked)
        if citations:
            return extractive._replace(statements=statements, citations=citations, is_composed=True)
        said = Statement(nothing_stood(question.language))
        return extractive._replace(statements=(*extractive.statements, said, *statements), is_composed=True)

    def _shown(self, question: Question, hits: Sequence[Hit]) -> list[Shown]:
        """Return the best sentences of the hits, as many as fit, by hit. Raises LanguageModelError."""
        frame = " ".join([INSTRUCTIONS, *(f"{each.given} {each.wanted}" for each in EXAMPLES.values()), question.text])
        room = self._model.abilities().context - self._model.count(frame) - LONGEST - 8 * (len(EXAMPLES) + SOURCES)
        if room < LONGEST:
            raise LanguageModelError(
                "the context of the language model is too short for a question and its passages; raise 'llm_context', "
                "or take another model"
            )
        chosen = extracts.as_read(extracts.choose(hits, min(TOKENS, room), self._model.count))
        groups = [list(group) for _, group in groupby(chosen, key=lambda each: each.hit)]
        return [
            Shown(hits[group[0].hit], tuple(each.span for each in group), " ".join(each.text for each in group))
            for group in groups[:SOURCES]
        ]

    def _written(self, question: Question, shown: Sequence[Shown]) -> Iterator[tuple[list[Sentence], str]]:
        """Yield the sentences that have ended since the last time, and how far the next one has come."""
        prompt = Prompt(
            INSTRUCTIONS,
            examples(question.language),
            _ask([each.as_read for each in shown], extracts.as_data(question.text)),
        )
        reply = ""
        with closing(self._model.complete(prompt, limit=LONGEST, grammar=grammar(len(shown)))) as pieces:
            for piece in pieces:
                reply += piece.text
                end = ended(reply)
                yield list(sentences(reply[:end], question.language)), _CITING.sub("", reply[end:].strip())
                reply = reply[end:]
        yield list(sentences(reply, question.language)), ""

    def _check(
        self, sentence: Sentence, question: Question, shown: Sequence[Shown], documents: Mapping[str, Document]
    ) -> Checked:
        """Hold a sentence against what it cites; what it copies is returned as it stands."""
        language = detect(sentence.text, {question.language})
        supporting = []
        numbers = [number for number in sentence.cited if number < len(shown)]
        held = [documents[shown[number].hit.passage.document_id] for number in numbers]
        sources = [
            Source(shown[number].text, shown[number].hit.passage.language, document.date)
            for number, document in zip(numbers, held, strict=True)
        ]
        if not self._checker.check(sentence.text, language, sources).is_supported:
            return Checked(sentence, [])
        for number, document, source in zip(numbers, held, sources, strict=True):
            nearest = self._checker.check(sentence.text, language, [source]).sentence
            supporting.append(cite(document, _place(shown[number], nearest)))
        copied = (each.quote for each in supporting if extracts.as_data(each.quote) == sentence.text)
        return Checked(sentence._replace(text=next(copied, sentence.text)), supporting)


def _reply(checked: Sequence[Checked]) -> tuple[tuple[Statement, ...], tuple[Citation, ...]]:
    """Return the statements of a reply, and the citations that they number."""
    citations = tuple(dict.fromkeys(citation for each in checked for citation in each.citations))
    statements = (
        Statement(text, tuple(citations.index(each) + 1 for each in supporting), is_struck=not supporting)
        for (text, _), supporting in checked
    )
    return tuple(statements), citations


def grammar(sources: int) -> str:
    """Return a grammar for sentences that cite at least one of so many sources each, and hold no mark of any markup."""
    numbers = " | ".join(f'"{number}"' for number in range(1, sources + 1))
    more = "".join([' (" " sentence'] * (SENTENCES - 1) + [")?"] * (SENTENCES - 1))
    return "\n".join(
        [
            f'root ::= " "? sentence{more} "\\n"?',
            r'sentence ::= word (" " word)+ " "? cited cited?',
            r"word ::= [^\x00-\x20\[\]<>|`{}/\\]+",
            f'cited ::= "[" ({numbers}) "]"',
        ]
    )


def sentences(reply: str, language: str) -> Iterator[Sentence]:
    """Yield the sentences of a reply, each with what is cited behind it or behind those that follow it.

    What was cut off before its citation cites nothing.

    >>> for sentence in sentences("It is cold. It snows. [1][2] It rains [3]. And", "en"):
    ...     print(*sentence)
    It is cold. (0, 1)
    It snows. (0, 1)
    It rains (2,)
    And ()
    """
    end = 0
    for match in _CITED.finditer(reply):
        end = match.end()
        yield from _cited(
            match[1], language, tuple(dict.fromkeys(int(found) - 1 for found in _NUMBER.findall(match[2])))
        )
    yield from _cited(reply[end:], language, ())


def ended(reply: str) -> int:
    """Return where the last sentence ends that is sure to have no more citations, 0 where there is none yet.

    >>> ended("It is cold. [1] It"), ended("It is cold. [1]"), ended("It is cold. [1] [")
    (15, 0, 0)
    """
    ends = [match.end() for match in _CITED.finditer(reply)]
    return next((end for end in reversed(ends) if reply[end:].strip() and reply[end:].lstrip()[0] != "["), 0)


def _cited(text: str, language: str, cited: tuple[int, ...]) -> Iterator[Sentence]:
    line = " ".join(text.split())
    yield from (Sentence(line[start:end], cited) for start, end in split(line, language))


def _place(shown: Shown, nearest: Span) -> Span:
    """Return where a stretch of the shown text stands in the document: the sentence in which it begins."""
    start = 0
    for span in shown.sentences:
        start += span.end - span.start + 1
        if nearest.start < start:
            return span
    return shown.sentences[-1]
