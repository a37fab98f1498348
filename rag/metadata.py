"""What is told of a document beside its text: title, author, date and tags, in front matter or in a file beside it.

Front matter is YAML between ``---`` or TOML between ``+++``. A file ``NAME.meta.toml`` beside NAME tells of any format,
and goes before what the file says itself.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from rag import dates

SIDECAR = ".meta.toml"
MOST_TAGS = 100
MOST_CHARACTERS = 300  # of an author or a tag

_AUTHOR = ("author", "authors", "by", "byline", "creator", "forfatter", "автор", "作者")
_TAGS = ("tags", "tag", "keywords", "categories", "category", "emner", "теги", "标签")
# What the libraries raise on values that are not what they say, and Python on numbers with thousands of digits.
_MALFORMED = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError, RecursionError)
_KEYS = ("title", "author", "date", "tags")

# What programs write where nobody has named a document, and what they call themselves: a title of nothing else is none.
_PROGRAMS_SAY = """
untitled unnamed unknown none null title name new blank copy draft template test default document documents
presentation spreadsheet workbook worksheet book sheet slide slides layout page pages image photo scan img dsc file
index home homepage
microsoft ms word excel powerpoint office libreoffice openoffice writer calc impress google docs adobe acrobat
indesign illustrator photoshop quarkxpress pdf html keynote latex overleaf distiller print
dokument presentasjon regneark arbeidsbok bok ark lysbilde side uten navn tittel kopi nytt ny utkast namnlös
namnlöst præsentation nimetön asiakirja esitys
документ презентация презентація таблица книга лист слайд страница без названия имени заголовка назви новый новая
копия черновик шаблон безымянный
ohne titel unbenannt präsentation tabelle mappe folie blatt seite neues entwurf kopie vorlage
sans titre nom présentation classeur feuille diapositive nouveau brouillon copie modèle
sin título nombre documento presentación libro hoja diapositiva página nuevo copia borrador
senza titolo nome presentazione cartella foglio nuovo sem apresentação pasta planilha novo cópia rascunho
naamloos presentatie werkmap blad dia nieuw bez nazwy tytułu názvu prezentacja skoroszyt adsız belge sunu kitap
无标题 未命名 未命名文档 文档 新建文档 演示文稿 工作簿 幻灯片 無標題 無題 名称未設定 ドキュメント 제목 없음 문서
"""
_SAYS_NOTHING = frozenset(_PROGRAMS_SAY.split())
_WORD = re.compile(r"[^\W\d_]+")
_FILE_NAME = re.compile(
    r"\.(?:docx?|docm|dotx?|rtf|odt|ott|odp|ods|sxw|wpd|pages|txt|md|tex|dvi|e?ps|pdf|x?html?|xlsx?|csv|pptx?|key|indd|"
    r"pmd|qxd|qxp|fm|pub|ai|psd|cdr|jpe?g|png|tiff?)$",
    re.IGNORECASE,
)
_PATH = re.compile(r"\S*[/\\]\S*")


class Metadata(NamedTuple):
    """What is told; empty and None where nothing is."""

    title: str = ""
    author: str = ""
    date: dt.date | None = None
    tags: tuple[str, ...] = ()


def of_front_matter(block: str) -> Metadata:
    """Read a block of front matter with the rules around it; one that is not what it seems tells nothing.

    >>> of_front_matter("---\\nauthor: [Ada, Bo]\\ntags: sea, ships\\n---")
    Metadata(title='', author='Ada, Bo', date=None, tags=('sea', 'ships'))
    """
    try:
        return _told(block.strip())
    except _MALFORMED:
        return Metadata()


def _told(block: str) -> Metadata:
    found = tomllib.loads(block[3:-3]) if block.startswith("+++") else _yaml(block[3:-3])
    if not isinstance(found, Mapping):
        return Metadata()
    told = {str(key).casefold(): value for key, value in found.items()}
    author = next((told[key] for key in _AUTHOR if key in told), None)
    tags = next((told[key] for key in _TAGS if key in told), None)
    return Metadata(author=", ".join(_texts(author)), tags=_tags(tags))


def of_sidecar(data: bytes) -> Metadata:
    """Read a file that stands beside a document. Raises ValueError, which says what is wrong with it."""
    try:
        found = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None
    if unknown := sorted(set(found) - set(_KEYS)):
        raise ValueError(f"unknown key {unknown[0]!r}; known are: {', '.join(_KEYS)}")
    date = found.get("date")
    parsed = date.date() if isinstance(date, dt.datetime) else date if isinstance(date, dt.date) else None
    if date is not None and parsed is None:
        parsed = dates.parse(str(date))
        if parsed is None:
            raise ValueError(f"{date!r} is not a date like 2026-01-31")
    title, author = (_texts(found.get(key)) for key in ("title", "author"))
    return Metadata(" ".join(title), ", ".join(author), parsed, _tags(found.get("tags")))


def says_something(title: str, file_name: str) -> bool:
    """Tell whether a title says more than a program does by itself: no name of a file, no «Untitled», no «Document1».

    >>> [says_something(title, "x-2.pdf") for title in ("Microsoft Word - x.docx", "Layout 1", "Без названия", "x-2")]
    [False, False, False, False]
    >>> says_something("Apollo 11", "apollo-11.pdf")
    True
    """
    line = title.strip()
    words = [word.casefold() for word in _WORD.findall(line)]
    is_own_name = line.casefold() in {file_name.casefold(), PurePath(file_name).stem.casefold()}
    is_name = is_own_name or _FILE_NAME.search(line) is not None or _PATH.fullmatch(line) is not None
    return not is_name and not _SAYS_NOTHING.issuperset(words)


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _texts(value: Any) -> list[str]:
    """Return a value or a list of values as texts of one line; what is neither text nor number is left out."""
    values = value if isinstance(value, list) else [value]
    texts = [each for each in values[:MOST_TAGS] if isinstance(each, str | int | float)]
    return [line for each in texts if (line := " ".join(str(each).split())[:MOST_CHARACTERS])]


def _tags(value: Any) -> tuple[str, ...]:
    """Return tags of a list, or of a text in which commas part them."""
    texts = _texts(value.replace(";", ",").split(",") if isinstance(value, str) else value)
    return tuple(dict.fromkeys(text.removeprefix("#") for text in texts))
