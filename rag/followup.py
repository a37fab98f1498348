"""A question that leans on the turns before it -> one that stands alone, without a language model.

A question leans when it opens like the continuation of another («А …», «Og …», “What about …”), when a pronoun in it
has nothing before it in the question to stand for, or when next to nothing is asked but a time or a place («I 2025?»).
Words are listed by language, the closed classes only: conjunctions, pronouns, question words. A question in another
language leans only when it is very short. docs/retrieval.md says how often that is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rag.types import Turn

TURNS = 3  # earlier turns that a question can lean on
QUESTION = 300  # characters of an earlier question: what is asked now must not be crowded out
SHORT = 2  # a question of fewer words of its own says too little to be asked alone
ANSWER = 300  # characters of the answer before that help to find the place


class Completed(NamedTuple):
    """A question as it is asked of the documents."""

    question: str  # as it was put
    text: str  # with the questions it leans on before it
    search: str  # that with the last answer too: what is asked next stands near it more often than not

    @property
    def leans(self) -> bool:
        return self.text != self.question


class _Words(NamedTuple):
    """The closed classes of a language, in lower case."""

    openings: re.Pattern[str]  # how a continuation begins
    pronouns: frozenset[str]
    possessives: frozenset[str]  # these may stand for a noun before them
    articles: frozenset[str]  # pronouns that are articles or relatives as well
    impersonal: re.Pattern[str]  # pronouns that stand for nothing
    functional: frozenset[
        str
    ]  # question words, prepositions, auxiliaries, conjunctions: they say nothing of the subject
    copulas: frozenset[str]  # «What is X?» asks enough


def complete(question: str, history: Sequence[Turn], language: str) -> Completed:
    """Return the question with what it leans on; one that stands alone, or has nothing before it, as it is.

    >>> complete("А в 2025 году?", [Turn("Сколько потратят в 2026 году?", "5 млрд.")], "ru").text
    'Сколько потратят в 2026 году? А в 2025 году?'
    >>> complete("Who founded Samsung?", [Turn("Who runs ByteDance?", "")], "en").text
    'Who founded Samsung?'
    """
    if not history or not leans(question, language):
        return Completed(question, question, question)
    *earlier, last = history[-TURNS:]
    before = complete(last.question[:QUESTION], earlier, language).text
    return Completed(question, f"{before} {question}", f"{before} {last.answer[:ANSWER]} {question}")


def leans(question: str, language: str) -> bool:
    """Tell whether a question cannot be understood without what was said before."""
    text = " ".join(question.split())
    if language in _UNSPACED:
        return bool(_UNSPACED[language].search(text))
    words = _WORDS.get(language)
    if words is None:
        return len(_TOKEN.findall(text)) <= SHORT and not _has_name(text)
    if words.openings.match(text.lower()):
        return True
    tokens = _TOKEN.findall(words.impersonal.sub(" ", text))
    return _has_loose_pronoun(tokens, words) or _is_fragment(tokens, words)


def _has_loose_pronoun(tokens: Sequence[str], words: _Words) -> bool:
    """Tell whether a pronoun stands before any name that it could stand for."""
    has_noun = False
    for number, token in enumerate(tokens):
        word = token.lower()
        loose = word in words.pronouns or (word in words.possessives and not has_noun)
        if loose or (word in words.articles and _stands_for_something(tokens, number, words)):
            return True
        has_noun = has_noun or word not in words.functional
        if _is_name(token, is_first=number == 0):
            return False
    return False


def _stands_for_something(tokens: Sequence[str], number: int, words: _Words) -> bool:
    """Tell a pronoun from an article: behind it comes no noun, but the end or the verb that ends the question."""
    after = [token.lower() for token in tokens[number + 1 :]]
    before = tokens[number - 1].lower() if number else ""
    return before in words.functional and (len(after) <= 1 or after[0] in words.functional)


def _is_fragment(tokens: Sequence[str], words: _Words) -> bool:
    lower = [token.lower() for token in tokens]
    own = [word for word in lower if word not in words.functional]
    return len(own) < SHORT and not words.copulas & set(lower) and not any(map(_has_capital_inside, tokens))


_TOKEN = re.compile(r"[^\W_][\w'’\-]*")
# Without spaces and capitals: how a continuation begins, and pronouns.
_UNSPACED = {
    "zh": re.compile(
        r"^(那|那么|然后|还有|另外|但是|可是|而且)|[它他她]|[这那][个些里]|其中|^(为什么|什么时候|多少|谁|哪里)[？?]?$"
    ),
    "ja": re.compile(r"^(では|じゃあ|それで|そして|しかし)|それ|その|彼|あれ|ここ|そこ"),
}


def _has_name(text: str) -> bool:
    return any(_is_name(token, is_first=number == 0) for number, token in enumerate(_TOKEN.findall(text)))


def _is_name(token: str, *, is_first: bool) -> bool:
    """Tell whether a word is written like a name; the first word of a question has a capital anyway."""
    return (token[0].isupper() and not is_first) or _has_capital_inside(token)


def _has_capital_inside(token: str) -> bool:
    return any(character.isupper() for character in token[1:])


def _words(*, openings: str, impersonal: str, **classes: str) -> _Words:
    sets = {name: frozenset(words.split()) for name, words in classes.items()}
    return _Words(openings=re.compile(openings), impersonal=re.compile(impersonal, re.IGNORECASE), **sets)


_WORDS: dict[str, _Words] = {
    "en": _words(
        openings=r"(and|but|or|so|then|also|what about|how about|why not|and if|which of (them|these|those))\b"
        r"|(why|how|when|where|who|how much|how many|which ones?|what for|since when|by whom|how come|how so)\?",
        pronouns="itself they them he him she her this these those it",
        possessives="its their theirs his hers",
        articles="that ones",
        impersonal=r"\b(does|did|would|will|can) it (take|cost|mean|matter)\b"
        r"|\b(is|was) it (possible|true|necessary|called|legal)\b"
        r"|\bfar is it\b|\bis it (that|when|where)\b|\b(this|these) (year|month|week|century|decade|days)\b",
        functional="""
            a an the who whom whose what which when where why how much many long old far often is are was were
            be been do does did has have had will would can could should may might of in on at by for from to
            with about than as and or if not more less exactly say said tell get year later ago before after
        """,
        copulas="is are was were 's",
    ),
    "ru": _words(
        openings=r"(а|и|но|или|ну|тогда|так|что насчёт|что насчет)\b"
        r"|(почему|зачем|как|когда|где|кто|сколько|какой|какая|какие|куда|откуда|насколько)\?",
        pronouns="""
            он она оно они его её ее их им ему ей него неё нее них нему ней ним нём нем ними этого этому этим
            этом этот эта эти этой эту этих этими туда оттуда
        """,
        possessives="",
        articles="это тот та те там",
        impersonal=r"\bв эт(ом|ой|у) (году|месяце|неделе|эпоху|связи)\b|\bчто это такое\b|\bтом числе\b|\bкому из\b",
        functional="""
            кто что какой какая какое какие каким каких какую какому каком когда где куда откуда почему зачем
            как сколько скольких насколько чей чья чьё чьи чем чём чему кого кому ли в во на с со к ко о об от
            до из у за по под над для при про без и а но или же бы не ещё уже именно был была было были будет
            стало году год раньше позже потом
        """,
        copulas="такое такой такая такие есть это",
    ),
    "no": _words(
        openings=r"(og|men|eller|så|da|hva med|hva så|enn|hvilke av (dem|disse))\b"
        r"|(hvorfor|hvordan|når|hvor|hvem|hvor mye|hvor mange|hvilken|hvilke|siden når|av hvem)\?",
        pronouns="han hun henne ham hans hennes dens dem deres disse dette denne",
        possessives="",
        articles="de den det der",
        impersonal=r"\b(er|var|finnes|fantes|blir|ble|går|gikk|tar|tok|koster|heter) det\b(?=\W*\w+\W+\w+)"
        r"|\b(denne|dette) (måneden|uka|uken|året|århundret)\b",
        functional="""
            hvem hva hvilken hvilket hvilke når hvor hvorfor hvordan mye mange lenge gammel ofte er var blir ble
            bli har hadde skal skulle vil ville kan kunne må få får fikk sa i på av for fra til med om enn som
            og eller at en ei et å ikke mer mindre år året før etter senere siden
        """,
        copulas="er var heter betyr",
    ),
}
