"""A question that leans on the turns before it -> one that stands alone, without a language model.

A question leans when it opens like the continuation of another («А …», «Og …», “What about …”) or ends like one (“…
then?”), when a pronoun in it has nothing before it in the question to stand for, when it speaks of a company, a man or
a town as of one that is known («firmaet»), or when next to nothing is asked but a time or a place («I 2025?»). Words
are listed by language, the closed classes only: conjunctions, pronouns, question words, and what pronouns of persons
and places are said in full. A question in another language leans only when it is very short. docs/retrieval.md says how
often that is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rag.types import Turn

TURNS = 3  # earlier turns that a question can lean on
QUESTION = 300  # characters of an earlier question: what is asked now must not be crowded out
PLAIN = 7  # words of a question that says no more of somebody than that it is a man, or a company
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
    endings: re.Pattern[str]  # and how it ends
    second: re.Pattern[str]  # before a second question in the same sentence
    known: re.Pattern[str]  # somebody or something of which it is not said which
    pronouns: frozenset[str]
    possessives: frozenset[str]  # these may stand for a noun before them
    articles: frozenset[str]  # pronouns that are articles or relatives as well
    determiners: frozenset[str]  # and those that are nothing but articles, before a noun
    places: frozenset[str]  # adverbs that stand for a place, but for “there is”
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
    lower = text.lower()
    if words.openings.match(lower) or words.endings.search(lower):
        return True
    if words.known.search(lower) and not _has_name(text) and len(_TOKEN.findall(text)) <= PLAIN:
        return True
    bare = words.impersonal.sub(" ", text)
    tokens, first = _TOKEN.findall(bare), _TOKEN.findall(words.second.split(bare, maxsplit=1)[0])
    # What the pronouns of a second question stand for is in the first one, if anything is.
    has_noun = any(token.isalpha() and token.lower() not in words.functional for token in first)
    return _has_loose_pronoun(first if has_noun else tokens, words) or _is_fragment(tokens, words)


def _has_loose_pronoun(tokens: Sequence[str], words: _Words) -> bool:
    """Tell whether a pronoun stands before any name that it could stand for."""
    has_noun = False
    for number, token in enumerate(tokens):
        word = token.lower()
        loose = word in words.pronouns or (word in words.possessives and not has_noun)
        if loose or _stands_for_something(word, tokens, number, words):
            return True
        has_noun = has_noun or word not in words.functional
        if _is_name(token, is_first=number == 0):
            return False
    return False


def _stands_for_something(word: str, tokens: Sequence[str], number: int, words: _Words) -> bool:
    """Tell a pronoun from an article: behind it comes no noun, but the end or the verb that ends the question."""
    after = [token.lower() for token in tokens[number + 1 :]]
    before = tokens[number - 1].lower() if number else ""
    is_verbal = before in words.functional and len(after) <= 1
    if word in words.articles:
        return is_verbal or (before in words.functional and after[0] in words.functional)
    if word in words.determiners:
        return is_verbal or not after or (after[0] in words.functional and after[0] not in _RELATIVES)
    return word in words.places and len(after) <= 1 and not {before, *after} & words.copulas


def _is_fragment(tokens: Sequence[str], words: _Words) -> bool:
    lower = [token.lower() for token in tokens]
    own = [word for word in lower if word not in words.functional]
    return len(own) < SHORT and not words.copulas & set(lower) and not any(map(_has_capital_inside, tokens))


_RELATIVES = {"som", "which", "who", "that"}  # «de som …»: it is said who
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


def _words(*, openings: str, endings: str, second: str, known: str, impersonal: str, **classes: str) -> _Words:
    sets = {name: frozenset(words.split()) for name, words in classes.items()}
    return _Words(
        openings=re.compile(openings),
        endings=re.compile(endings),
        second=re.compile(second, re.IGNORECASE),
        known=re.compile(known),
        impersonal=re.compile(impersonal, re.IGNORECASE),
        **sets,
    )


_WORDS: dict[str, _Words] = {
    "en": _words(
        openings=r"(and|but|or|so|then|also|what about|how about|why not|and if|which of (them|these|those))\b"
        r"|(why|how|when|where|who|how much|how many|which ones?|what for|since when|by whom|how come|how so)\?",
        endings=r"\b(then|instead|otherwise|(before|after|besides|without) that)\W*$",
        second=r"[,;]?\s(and|or|but)\s(?=(who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did)\b)",
        known=r"\bthe (company|firm|organi[sz]ation|club|team|man|woman|couple)\b(?!.*\b(of|that|which|who|with|in)\b)"
        r"|\bthe (city|town|village|country)\W*$",
        pronouns="itself they them he him she her this these those it",
        possessives="its their theirs his hers",
        articles="that ones",
        determiners="",
        places="there",
        impersonal=r"\b(does|did|would|will|can) it (take|cost|mean|matter)\b"
        r"|\b(is|was) it (possible|true|necessary|called|legal)\b"
        r"|\bfar is it\b|\bis it (that|when|where)\b|\b(this|these) (year|month|week|century|decade|days)\b",
        functional="""
            a an the who whom whose what which when where why how much many long old far often is are was were
            be been do does did has have had will would can could should may might of in on at by for from to
            with about than as and or if not more less exactly say said tell get year later ago before after
        """,
        copulas="is are was were 's be been",
    ),
    "ru": _words(
        openings=r"(а|и|но|или|ну|тогда|так|что насчёт|что насчет)\b"
        r"|(почему|зачем|как|когда|где|кто|сколько|какой|какая|какие|куда|откуда|насколько)\?",
        endings=r"\b(тогда|вместо этого|(до|после|кроме|без) этого)\b(?!,)|^это (?!правда|возможно|так\b)[^A-Z«]*$",
        second=r"[,;]?\s(и|или|но|а)\s(?=((в|на|с|за|из|от|до|по|о) )?(кто|кому|кого|кем|ком|что|чего|чему|чем|когда"
        r"|где|куда|откуда|почему|зачем|как|какой|какая|какое|какие|каких|каким|какую|каком|сколько|чей|чья|чьё|чьи)\b)",
        known=r"(?<![аяыийоеё][яйе]) (компания|фирма|организация|клуб|команда|город|страна)\W*$",
        pronouns="""
            он она оно они его её ее их им ему ей него неё нее них нему ней ним нём нем ними этого этому этим
            этом этот эта эти этой эту этих этими туда оттуда
        """,
        possessives="",
        articles="это тот та те",
        determiners="",
        places="там",
        impersonal=r"\bв эт(ом|ой|у) (году|месяце|неделе|эпоху|связи)\b|\bчто это такое\b|\bтом числе\b|\bкому из\b",
        functional="""
            кто что какой какая какое какие какого каким каких какую какому каком когда где куда откуда почему зачем
            как сколько скольких насколько чей чья чьё чьи чем чём чему кого кому ли в во на с со к ко о об от
            до из у за по под над для при про без и а но или же бы не ещё уже именно был была было были будет
            стало году год раньше позже потом
        """,
        copulas="такое такой такая такие есть это",
    ),
    "no": _words(
        openings=r"(og|men|eller|så|da|hva med|hva så|enn|hvilke av (dem|disse))\b"
        r"|(hvorfor|hvordan|når|hvor|hvem|hvor mye|hvor mange|hvilken|hvilke|siden når|av hvem)\?",
        endings=r"\b(da|isteden|i stedet|ellers|(før|etter|uten) det)\W*$",
        second=r"[,;]?\s(og|eller|men)\s(?=(hvem|hva|hvilken|hvilket|hvilke|når|hvor|hvorfor|hvordan|er|var|har|ble)\b)",
        known=r"^(?!.*\b(den|det|de)\b).*\b((firmaet|selskapet|klubben|mannen|kvinn(en|a)|paret)\b(?!.*\b(som|i|på|med)\b)"
        r"|(byen|bygda|landet)\W*$)",
        pronouns="han hun henne ham hans hennes dens dem deres disse dette denne",
        possessives="",
        articles="det",
        determiners="den de",
        places="der",
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
