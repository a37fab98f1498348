"""What a page carries besides its text: front matter, menus, image markers, comment counters, calls to report a typo.

Only form and place speak, never the words of one site: a run of short entries between bars, a number in brackets alone
after the last paragraph, a keyboard shortcut beside a word for «mistake». When in doubt it is content: captions,
quotations, sources, lists, tables with data and headings stay. Offsets are never shifted; boilerplate is told as spans.

>>> text = "Prisen steg.\\n---\\n![]() |\\n"
>>> [text[start:end] for start, end in boilerplate(text)]
['---', '![]() |']
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rag import dates
from rag.types import Span

_PROSE_LENGTH = 60  # a line of at least so many characters (a third of it in Chinese) that ends a sentence is prose
_SHORT_LINE = 40
_SHORT_ENTRY = 30
_CALL_LENGTH = 300  # a call to report mistakes is no longer than this
_FRONT_MATTER_LINES = 100
_MANUAL = 2  # more mentions of such a shortcut than this, and the text is about shortcuts

_LINE = re.compile(r"[^\n]+")
_FRONT_MATTER = re.compile(r"\s*(---|\+\+\+)[ \t]*\n")
_FRONT_MATTER_LINE = re.compile(r"\s*$|\s|#|-\s|[\w .-]{1,60}\s*[:=]")
_METADATA = re.compile(
    r"\s*(?:date|published(?: on| at)?|pubdate|publish(?:ed)?[ _-]date|posted(?: on)?|"
    r"dato|publisert|publiseringsdato|offentliggjort|publicerad|datum|veröffentlicht(?: am)?|"
    r"дата(?: публикации)?|опубликован[оа]?|опубліковано|fecha|publicado(?: el)?|data|publié le|日期|发布时间)"
    r"[ \t]*[:=：]?[ \t]*",
    re.IGNORECASE,
)
_EMPTY_IMAGE = re.compile(r"!\[\s{0,9}\](?:\([^()\n]{0,500}\)|\[[^\[\]\n]{0,200}\])?")
_EDGE_IMAGES = re.compile(rf"(?:\s*{_EMPTY_IMAGE.pattern}[ \t|]*)+")
_REST = re.compile(r"[ \t|]*\Z")
_RULE = re.compile(r"[\s|:+=_*~\u2010-\u2015\u2500-\u257f-]+")
_NO_NAME = re.compile(r"[.!?…:;0-9|«“„\"]")
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\([^()\n]{0,500}\)")
_COUNTER = re.compile(r"(?![#>|*+-])(?:[^\W\d_][\w'’-]*\s?){1,3}\s*[(\[]\s?(\d{1,5})\s?[)\]]")
_SHORTCUT = re.compile(
    r"(?:ctrl|control|strg|cmd|command|⌘|контрол)\s*[+＋-]\s*(?:enter|return|eingabe|ввод|↵|⏎)", re.IGNORECASE
)
# The word for a mistake, in the languages that calls to report one are commonly written in.
_MISTAKE = re.compile(
    r"mistake|error|typo|ошиб|опечат|неточн|помил|памылк|греш|feil|fejl|\bfel\b|fehler|erreur|faute|errore?s?\b|errata|"
    r"fout|błąd|błęd|literów|chyb|virhe|hata|yanlış|λάθος|lỗi|错|錯|誤|오류|오타|خطأ",
    re.IGNORECASE,
)
# The beginnings of the words for selecting text, in the same languages.
_SELECT = re.compile(
    r"select|highlight|mark|выдел|виділ|вылуч|sélectionn|surlign|selec|selezion|evidenzi|zaznacz|označ|valitse|maalaa|seç|"
    r"επιλέξ|chọn|bôi đen|选|選|划|드래그|선택|حدد",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…][»”\"')\]]{0,2}(?=\s|$)|[。！？]")
_BAR = re.compile(r"\s*[|·•]\s*")
_ARROW = re.compile(r"\s*(?:[›→]|(?<=\s)[»>])\s+")
_LABEL = re.compile(r"(?![#>|*+-])[^\W\d_][^:：\n]{0,38}[:：]")


class _Line(NamedTuple):
    """A line without the whitespace around it."""

    start: int
    end: int
    text: str
    isolated: bool  # nothing but a blank line (or the document's edge) before it


def boilerplate(text: str) -> tuple[Span, ...]:
    """Return what is not content, ascending and disjoint, without whitespace at the ends."""
    head = list(_head(text))
    lines = list(_lines(text, head[-1].end if head else 0))
    rules = {line for line in lines if _RULE.fullmatch(line.text)}
    first, last = _prose(lines)
    spans = [*head, *(Span(line.start, line.end) for line in rules)]
    spans += [span for line in lines if line not in rules for span in _images(line)]
    spans += _calls_to_report(lines, last)
    known = set(spans)
    spans += _around_prose([line for line in lines if Span(line.start, line.end) not in known], first, last)
    return tuple(_disjoint(spans))


def metadata_date_at(text: str, position: int) -> tuple[Span, str] | None:
    """Return the span of a key with a date («date 2025-12-25», «Dato: 25. desember 2025») and the date as written."""
    key = _METADATA.match(text, position)
    if key is None or not key.group().strip():
        return None
    date, end = dates.match_at(text, key.end())
    if date is None or text[end : end + 1].isalnum():
        return None
    start = key.end() - len(key.group().lstrip())
    return Span(start, end), text[key.end() : end]


def front_matter(text: str) -> Span | None:
    """Return the block of keys and values between two rules with which `text` opens, None without one."""
    opening = _FRONT_MATTER.match(text)
    if opening is None:
        return None
    position = opening.end()
    for _ in range(_FRONT_MATTER_LINES):
        end = text.find("\n", position)
        line = text[position : end if end >= 0 else len(text)]
        if line.rstrip() == opening[1]:
            return Span(opening.start(1), position + len(opening[1]))
        if end < 0 or not _FRONT_MATTER_LINE.match(line):
            return None
        position = end + 1
    return None


def _head(text: str) -> Iterator[Span]:
    block = front_matter(text)
    if block:
        yield block
    metadata = metadata_date_at(text, block.end if block else 0)
    if metadata:
        yield metadata[0]


def _lines(text: str, position: int) -> Iterator[_Line]:
    isolated = True
    previous_end = position
    for match in _LINE.finditer(text, position):
        stripped = match.group().strip()
        if not stripped:
            isolated = True
            continue
        isolated = isolated or match.start() - previous_end > 1
        start = match.start() + match.group().index(stripped)
        yield _Line(start, start + len(stripped), stripped, isolated)
        isolated, previous_end = False, match.end()


def _disjoint(spans: Iterable[Span]) -> Iterator[Span]:
    end = 0
    for span in sorted(set(spans)):
        if span.start >= end:
            yield span
            end = span.end


# --- pictures and calls to report a mistake ---------------------------------------------------------------------------


def _images(line: _Line) -> Iterator[Span]:
    """Yield the markers of pictures without a text at both ends of a line; inside a sentence they stay."""
    opening = _EDGE_IMAGES.match(line.text)
    if opening:
        yield Span(line.start, line.start + len(opening.group().rstrip()))
    for match in _EMPTY_IMAGE.finditer(line.text, opening.end() if opening else 0):
        if _REST.match(line.text, match.end()):
            yield Span(line.start + match.start(), line.end)


def _calls_to_report(lines: list[_Line], last_prose: int) -> Iterator[Span]:
    """Yield what asks to select a mistake and press a shortcut.

    Two of three must hold beside the shortcut: it speaks of a mistake, it speaks of selecting, no prose follows. A text
    with many shortcuts is a manual.
    """
    calls = [(line, match) for line in lines if (match := _SHORTCUT.search(line.text))]
    if len(calls) > _MANUAL:
        return
    for line, shortcut in calls:
        start, end = _sentences_around(line.text, shortcut)
        signs = [_MISTAKE.search(line.text, start, end), _SELECT.search(line.text, start, end), line.start > last_prose]
        if end - start <= _CALL_LENGTH and sum(map(bool, signs)) >= 2:
            yield Span(line.start + start, line.start + end)


def _sentences_around(text: str, shortcut: re.Match[str]) -> tuple[int, int]:
    """Return the sentence with the shortcut, the question before it, and whatever bars set apart beside them."""
    starts = [0, *(match.end() for match in _SENTENCE_END.finditer(text, 0, shortcut.start()))]
    asks = len(starts) > 1 and text[: starts[-1]].rstrip().endswith(("?", "？"))
    start = starts[-2] if asks else starts[-1]
    start += len(text[start:]) - len(text[start:].lstrip(" \t|"))
    following = _SENTENCE_END.search(text, shortcut.end())
    end = following.end() if following else len(text)
    return start, len(text) if text[end:].lstrip().startswith("|") else end


# --- lines before the first or after the last paragraph ---------------------------------------------------------------


def _prose(lines: list[_Line]) -> tuple[int, int]:
    """Return where the first and where the last line of prose begins; without prose everything counts as inside."""
    starts = [line.start for line in lines if _is_prose(line.text) and not _SHORTCUT.search(line.text)]
    return (starts[0], starts[-1]) if starts else (-1, lines[-1].start if lines else -1)


def _is_prose(text: str) -> bool:
    wide = sum("\u3040" <= character <= "\u9fff" for character in text[:_PROSE_LENGTH])
    return len(text) + 2 * wide >= _PROSE_LENGTH and _SENTENCE_END.search(text) is not None


def _around_prose(lines: list[_Line], first: int, last: int) -> Iterator[Span]:
    kept = []
    for line, following in zip(lines, [*lines[1:], None], strict=False):
        alone = line.isolated and (following is None or following.isolated)
        menu = (line.start < first or line.start > last) and _is_menu(line.text)
        if alone and (menu or (line.start > last and _is_counter(line.text))):
            yield Span(line.start, line.end)
        else:
            kept.append(line)
    if kept and kept[-1].start > last and _is_label(kept[-1].text):
        yield Span(kept[-1].start, kept[-1].end)


def _is_counter(text: str) -> bool:
    """Tell whether `text` is a label with a count, such as «Comments (12)»; a year is no count."""
    match = _COUNTER.fullmatch(text) if len(text) <= _SHORT_LINE else None
    return match is not None and not 1900 <= int(match[1]) <= 2100


def _is_menu(text: str) -> bool:
    """Tell whether `text` is a run of short entries: a breadcrumb of three, links of three, a menu of four.

    Three between bars that are no links may be a byline, and so content.
    """
    if text.startswith(("|", "#", ">")) or len(text) > 20 * _SHORT_ENTRY:
        return False
    plain, links = _LINK.subn(r"\1", text)
    crumbs, entries = (_entries(plain, separator) for separator in (_ARROW, _BAR))
    return len(crumbs) >= 3 or len(entries) >= (3 if links >= 3 else 4)


def _entries(text: str, separator: re.Pattern[str]) -> list[str]:
    """Return what stands between separators if all of it are short names, [] otherwise."""
    entries = separator.split(text.strip("|·•»›>→ "))
    named = (entry and len(entry) <= _SHORT_ENTRY and not _NO_NAME.search(entry) for entry in entries)
    return entries if all(named) else []


def _is_label(text: str) -> bool:
    """Tell whether `text` announces something and nothing follows («Source:»)."""
    return len(text) <= _SHORT_LINE and len(text.split()) <= 4 and _LABEL.fullmatch(text) is not None
