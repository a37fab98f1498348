"""Sentences of a text as exact spans.

`sentencex` proposes boundaries; those that cannot be right are taken back: before a lower-case letter, after an
abbreviation that leads to a name or a number, after initials, within a number. When in doubt two sentences stay one,
since half a sentence makes a bad citation. The time is linear in the length of the text.

>>> text = "Det kostet kr. 100. Dr. Hansen betalte."
>>> [text[start:end] for start, end in split(text, "no")]
['Det kostet kr. 100.', 'Dr. Hansen betalte.']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rag.types import Span

_WINDOW = 10_000  # characters given to sentencex at once: with unbalanced quotes its time grows with the square
_CONTEXT = 48  # characters looked at on each side of a boundary
_TRIMMED = "|"  # what a table or a picture leaves at the ends of a line

# Danish takes sentencex 3 ms a call, a hundred times as long as others; the abbreviations below do for it.
_BASE = {"da": "no"}

# Abbreviations that lead to something (a name, a number, an example) and so never end a sentence.
_LEADING_WORDS = {
    "ru": "г-н г-жа гр ул просп пл пер наб бул корп стр обл пос дер рис табл гл пп тт см ср напр т.е т.ч т.к т.н т.о "
    "проф акад доц д-р инж ген полк подп кап лейт арх изд авт тел моб доб прим зам англ нем фр лат греч ок",
    "uk": "вул просп пл пров буд обл проф акад див напр т.зв рис табл",
    "no": "bl.a f.eks eks dvs d.v.s d.e ca kl nr hr fr dr prof adv ing cand jf jfr kap fig utg bd ref tlf ev evt "
    "inkl ekskl ifl iflg mht pga vedr vha f.o.m t.o.m st",
    "da": "bl.a f.eks fx dvs d.v.s ca kl nr hr fr dr prof adv ing jf jvf kap fig udg bd ref tlf ev evt inkl ekskl "
    "ifl mht pga vedr vha f.o.m t.o.m st",
    "sv": "bl.a t.ex d.v.s dvs ca kl nr hr fr dr prof jfr kap fig bd ref tel ev inkl exkl enl ang t.o.m fr.o.m s.k st",
    "en": "mr mrs ms messrs dr prof rev hon sr jr gen col maj capt lt sgt gov sen rep pres st mt ft approx ca cf e.g "
    "i.e viz vs fig figs eq eqs vol vols pp tel incl esp",
    "de": "hr fr frl dr prof dipl ing st z.b bzw d.h u.a s.o s.u vgl ca nr abb kap bd hrsg tel evtl ggf inkl zzgl "
    "sog bspw",
    "fr": "m mm mme mlle dr prof st ste p.ex fig chap vol cf env tél",
    "es": "sr sra srta dr dra prof d dña p.ej pág págs núm fig cap vol cf aprox tel",
    "it": "sig sig.ra dott dott.ssa prof ing avv pag fig cap vol cfr tel",
    "pt": "sr sra dr dra prof p.ex pág núm fig cap vol cf aprox tel",
    "nl": "dhr mevr dr prof ir ing mr blz nr fig hfst bijv d.w.z ca o.a m.n vgl tel incl excl",
    "pl": "prof inż mgr ul al nr np m.in tzn tj rys tab rozdz ks św gen tel",
    "cs": "dr prof ing mgr ul nám např tzn tj cca obr sv gen tel",
    "fi": "esim ns mm ks vrt prof tri nro puh",
    "tr": "dr prof doç av bkz örn cad sok mah",
}
# Abbreviations that may end a sentence, and do not where a number follows («20 тыс. H200», «kr. 100», «No. 5»).
_MEASURING_WORDS = {
    "ru": "тыс млн млрд трлн руб долл коп г гг в вв кг км см мм мин сек час ч л га шт экз чел с д п т ст им др пр "
    "т.д т.п",
    "uk": "тис млн млрд трлн грн дол р рр ст кг км хв год т.д т.п ін",
    "no": "mill mrd kr stk kg km min sek s tab jan feb apr aug sept okt nov des osv mv o.l m.m",
    "da": "mio mia kr stk kg km min sek s tab jan feb apr aug sept okt nov dec osv mv o.l m.m",
    "sv": "milj md mdr kr kg km min sek s tab jan feb apr aug sept okt nov dec osv m.m",
    "en": "no nos p bn mn jan feb mar apr jun jul aug sep sept oct nov dec a.m p.m b.c a.d u.s u.k sec ch inc ltd "
    "corp co etc al",
    "de": "mio mrd tsd s st std sek min abs art tab jan feb apr aug sept okt nov dez usw u.s.w",
    "fr": "p no n art av bd etc",
    "es": "p pp no n art av etc ee.uu",
    "it": "p pp n art ecc",
    "pt": "p pp n art etc",
    "nl": "p nr art enz",
    "pl": "p s nr art itd itp",
    "cs": "s č atd apod",
    "fi": "s n jne",
    "tr": "s no vb vs",
}
# Words that open a sentence: after initials or an abbreviation of measure they show that a new one begins.
_OPENING_WORDS = {
    "ru": "он она оно они это этот эта эти в на но и а как так по при для однако также кроме если когда после мы вы "
    "тогда",
    "uk": "він вона воно вони це цей ця ці у в на але і а як так по при для однак також якщо коли після ми ви тоді",
    "no": "han hun den det de dette disse i på men og som så for etter hvis når da vi jeg du en et",
    "da": "han hun den det de dette disse i på men og som så for efter hvis når da vi jeg du en et",
    "sv": "han hon den det de detta dessa i på men och som så för efter om när då vi jag du en ett",
    "en": "he she it they this that these those the in on at but and as so for after if when we you a an however its "
    "there",
    "de": "er sie es der die das dieser diese dieses in auf aber und als so für nach wenn wir ich ein eine jedoch",
}


def _by_language(table: dict[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in table.items()}


_LEADING = _by_language(_LEADING_WORDS)
_MEASURING = _by_language(_MEASURING_WORDS)
_OPENING = _by_language(_OPENING_WORDS)
_NONE: frozenset[str] = frozenset()

_LINE = re.compile(r"[^\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_LIST_ITEM = re.compile(r"\s*(?:[-–—*+•·‣◦>#|]|\(?\w{1,3}[.)]\s)")
_LAST_TOKEN = re.compile(r"(?<![\w.])(?:[^\W\d_]{1,2}\.[ \xa0]?){0,4}[\w-]{1,12}\.$")
_NEXT_WORD = re.compile(r"\w+(?:[-.]\w+)*")
_MARKER = re.compile(r"\W*(?:\d{1,3}|\w|[IVXLCDM]{1,7})\.\s*")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
# German has a capital letter behind an ordinal number, too («im 3. Quartal»), which the word before it tells.
_ORDINAL = {
    "de": re.compile(
        r"\b(?:d(?:as|em|en|er|es|ie)|am|beim|bis|im|ins|vom|zum|zur|(?:dies|ein|ihr|jed|sein|unser)\w{0,2}|"
        r"\d{1,3}\. (?:und|oder|bis))[ \xa0]\d{1,3}\.\s*$",
        re.IGNORECASE,
    )
}
_FULL_STOP = re.compile(r"(?<=\.)[\"'”’»)\]]{0,3}[ \xa0]+(?=[^\W\d_a-z])")
_END_OF_SENTENCE = re.compile(r"[.!?…](?=\s)|[。！？]")
_KHMER_STOP = re.compile(r"[\u17d4\u17d5]\s+(?=\S)")  # which sentencex does not know
# Thai and Lao end a sentence, and many a clause, with a space.
_THAI_OR_LAO = r"[\u0e01-\u0e4e\u0e81-\u0ecd]"
_CLAUSE_END = re.compile(rf"(?<={_THAI_OR_LAO})[ \xa0]+(?={_THAI_OR_LAO})")
_LEAST_CLAUSES = 80  # characters: about a sentence of prose
_CLOSING_QUOTES = "」』"
_HIRAGANA = re.compile("[\u3041-\u309f]")
_PUNCTUATION = re.compile(r"[^\w\s,;:()–—-]")  # without any of it there is nothing to split
_SURROGATE = re.compile("[\ud800-\udfff]")


def split(text: str, language: str) -> list[Span]:
    """Return the sentences of `text`, trimmed, ascending and disjoint.

    Every character that is neither whitespace nor a trimmed ``|`` is in exactly one of them. `language` is an ISO 639-1
    code; an unknown one costs the abbreviations only.
    """
    spans = []
    for block in _blocks(text):
        start = block.start
        for cut in [*_cuts(text, block, language), block.end]:
            span = _trim(text, start, cut)
            if span.start < span.end:
                spans.append(span)
            start = cut
    return spans


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and (text[start].isspace() or text[start] in _TRIMMED):
        start += 1
    while start < end and (text[end - 1].isspace() or text[end - 1] in _TRIMMED):
        end -= 1
    return Span(start, end)


# --- lines ------------------------------------------------------------------------------------------------------------

_NARROW, _WIDE = 40, 120  # widths between which text is wrapped by hand
_LONG = 30  # a shorter line before a lower-case one is an item of a list rather than a part of a sentence


def _blocks(text: str) -> Iterator[Span]:
    """Yield the stretches that no sentence leaves: lines, joined where a line was only broken for its width."""
    paragraph: list[Span] = []
    for match in _LINE.finditer(text):
        line = Span(*match.span())
        if paragraph and text[paragraph[-1].end : line.start] != "\n":
            yield from _unwrapped(text, paragraph)
            paragraph = []
        if match.group().isspace():
            yield from _unwrapped(text, paragraph)
            paragraph = []
        else:
            paragraph.append(line)
    yield from _unwrapped(text, paragraph)


def _unwrapped(text: str, lines: list[Span]) -> Iterator[Span]:
    """Yield the lines of a paragraph, those in one that were only broken for their width."""
    if not lines:
        return
    contents = [text[line.start : line.end] for line in lines]
    full = _full_lines(contents)
    start = lines[0].start
    for number in range(len(lines) - 1):
        if not _is_wrapped(contents[number], contents[number + 1], full[number]):
            yield Span(start, lines[number].end)
            start = lines[number + 1].start
    yield Span(start, lines[-1].end)


def _full_lines(lines: list[str]) -> list[bool]:
    """Tell for each line but the last whether the next word would not have fitted into the width of the paragraph.

    Where that is not so for most of them, the lines end where they were meant to.
    """
    width = max(map(len, lines))
    full = [len(line.rstrip()) + 1 + len(after.split(maxsplit=1)[0]) > width for line, after in pairwise(lines)]
    wrapped = len(full) > 1 and _NARROW <= width <= _WIDE and 3 * sum(full) >= 2 * len(full)
    return full if wrapped else [False] * len(full)


def _is_wrapped(line: str, following: str, full: bool) -> bool:
    """Tell whether a line break stands where only a space was meant."""
    if _LIST_ITEM.match(following) or line.rstrip().endswith(("|", ":")):
        return False
    return full or (len(line) >= _LONG and following.lstrip()[:1].islower())


# --- boundaries -------------------------------------------------------------------------------------------------------


def _cuts(text: str, block: Span, language: str) -> list[int]:
    """Return the offsets inside `block` at which a sentence ends."""
    if not (_PUNCTUATION.search(text, block.start, block.end) or _CLAUSE_END.search(text, block.start, block.end)):
        return []
    cuts = []
    start = block.start
    for cut in _proposals(text, block, language):
        if not _goes_on(text, start, cut, block.end, language):
            cuts.append(cut)
            start = cut
    return cuts


def _proposals(text: str, block: Span, language: str) -> list[int]:
    proposals: set[int] = set()
    for window in _windows(text, block):
        piece = text[window.start : window.end]
        proposals.update(window.start + offset for offset in _library_boundaries(piece, language))
        proposals.update(window.start + offset for offset in _missed_boundaries(piece, language))
        if _END_OF_SENTENCE.search(text, max(window.start, window.end - 2), window.end + 1):
            proposals.add(window.end)
    return sorted(proposals - {block.start, block.end})


def _windows(text: str, block: Span) -> Iterator[Span]:
    """Cut `block` into pieces that sentencex gets through quickly, after a sentence or at least a word if it can be."""
    start = block.start
    while block.end - start > _WINDOW:
        limit = start + _WINDOW
        ends = [match.end() for match in _END_OF_SENTENCE.finditer(text, start + _WINDOW // 2, limit)]
        end = ends[-1] if ends else text.rfind(" ", start + _WINDOW // 2, limit) + 1 or limit
        yield Span(start, end)
        start = end
    yield Span(start, block.end)


def _library_boundaries(piece: str, language: str) -> list[int]:
    import sentencex

    piece = _SURROGATE.sub("\ufffd", piece)  # half a character cannot be handed over; the length stays
    boundaries = sentencex.get_sentence_boundaries(_BASE.get(language, language), piece)
    return [boundary["end_index"] for boundary in boundaries[:-1]]


def _missed_boundaries(piece: str, language: str) -> Iterator[int]:
    """Yield the ends of sentences that sentencex does not tell.

    Those in an abbreviation are known by the word that opens the next sentence («и т. д. Он …»).
    """
    yield from (match.end() for match in _KHMER_STOP.finditer(piece))
    yield from _ends_of_clauses(piece)
    measuring = _MEASURING.get(language, _NONE)
    for match in _FULL_STOP.finditer(piece):
        following = piece[match.end() : match.end() + _CONTEXT]
        if _opens(following, language) and _last_token(piece, 0, match.start()) in measuring:
            yield match.end()


def _ends_of_clauses(piece: str) -> Iterator[int]:
    """Yield where stretches of whole clauses end that are about as long as sentences, in Thai and Lao."""
    start = 0
    for match in _CLAUSE_END.finditer(piece):
        if min(match.end() - start, len(piece) - match.end()) >= _LEAST_CLAUSES:
            yield match.end()
            start = match.end()


def _last_token(text: str, start: int, end: int) -> str:
    """Return the abbreviation that stands before `end`, without spaces and its last dot, or ""."""
    match = _LAST_TOKEN.search(text[max(start, end - _CONTEXT) : end].rstrip())
    return "".join(match.group()[:-1].split()).lower() if match else ""


def _goes_on(text: str, start: int, cut: int, end: int, language: str) -> bool:
    """Tell whether the sentence that begins at `start` does not end at `cut`, within a block that ends at `end`."""
    after = text[cut : min(end, cut + _CONTEXT)]
    word = _NEXT_WORD.search(after)
    if word is None or after.lstrip()[0] in ",;":  # closing quotes and brackets, or nothing but marks
        return True
    if text[cut - 1] in _CLOSING_QUOTES and _HIRAGANA.match(after):  # 「そうですか。」と彼は言った。
        return True
    first = word.group()[0]
    if first.islower() and not _starts_lower(text, start, cut):
        return True
    if text[cut - 1] == "." and word.start() == 0 and not first.isupper():  # 5.7, example.com
        return True
    if _is_ordinal(text[max(start, cut - _CONTEXT) : cut], language) and not _opens(after.lstrip(), language):
        return True
    token = _last_token(text, start, cut)
    return bool(token) and _leads(token, after.lstrip(), text[start : min(cut, start + _CONTEXT)], language)


def _is_ordinal(before: str, language: str) -> bool:
    """Tell whether what stands before a boundary ends with an ordinal number."""
    return language in _ORDINAL and _ORDINAL[language].search(before) is not None


def _leads(token: str, after: str, sentence: str, language: str) -> bool:
    """Tell whether the abbreviation `token`, with which `sentence` ends so far, belongs to what comes `after`."""
    spellings = {token, token.rpartition(".")[2]}  # «см. рис.» is two abbreviations, «т. е.» is one
    if spellings & _LEADING.get(language, _NONE) or _MARKER.fullmatch(sentence):
        return True
    if spellings & _MEASURING.get(language, _NONE):
        word = _NEXT_WORD.match(after)
        return word is not None and any(character.isdigit() for character in word.group())
    return _INITIALS.fullmatch(token) is not None and not _opens(after, language)


def _opens(after: str, language: str) -> bool:
    """Tell whether `after` begins with a capitalised word that commonly opens a sentence (and is no initial)."""
    word = _NEXT_WORD.match(after)
    if word is None or not word.group()[0].isupper() or after[word.end() : word.end() + 1] == ".":
        return False
    return word.group().lower() in _OPENING.get(language, _NONE)


def _starts_lower(text: str, start: int, end: int) -> bool:
    """Tell whether the sentence itself begins in lower case, as in text that has no capitals at all."""
    word = _NEXT_WORD.search(text, start, min(end, start + _CONTEXT))
    return word is not None and word.group()[0].islower()
