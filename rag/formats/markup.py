"""A tree of HTML, or of what resembles it, as text: paragraphs, headings with their sections, lists and tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, groupby
from typing import TYPE_CHECKING

from rag.formats import tables
from rag.formats.draft import Draft

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_HEADINGS = {**{f"h{level}": level for level in range(1, 7)}, "head": 0}  # of the last, an attribute tells the level
_APART = frozenset({"p", "pre", "blockquote", "quote", "figcaption", "dl", "ul", "ol", "list", "table"})
_ROWS, _CELLS = frozenset({"tr", "row"}), frozenset({"td", "th", "cell"})
_ITEMS = frozenset({"li", "item"})
_BLOCKS = (
    _APART
    | _ITEMS
    | _ROWS
    | _CELLS
    | {"div", "section", "article", "main", "aside", "header", "footer", "nav", "body", "html", "figure", "details"}
    | {"address", "fieldset", "form", "hr", "dt", "dd", "summary"}
)
_SKIPPED = frozenset({"script", "style", "noscript", "template", "svg", "math", "title", "meta", "link", "iframe"})
_BREAKS = frozenset({"br", "lb"})
_PERMALINK = "¶ "  # at the end of a heading, in manuals made by Sphinx
_DEEPEST = 200  # elements in elements; what is deeper is written as it stands


def write(root: Element, draft: Draft) -> None:
    """Write what an element holds."""
    _Writer(draft).walk(root, 0)


def tag(element: Element) -> str:
    """Return the name of an element without its namespace, empty for comments and the like."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def text_of(element: Element) -> str:
    """Return the text of an element as one line."""
    return " ".join("".join(_texts(element)).split())


class _Writer:
    """Collects what stands in one line until a block begins or ends."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._line: list[str] = []
        self._verbatim = False

    def walk(self, element: Element, depth: int) -> None:
        """Write an element, whose tail belongs to the one around it."""
        name = tag(element)
        if name in _HEADINGS:
            self.flush()
            level = _HEADINGS[name] or _HEADINGS.get(element.get("rend", ""), 2)
            self._draft.heading(level, text_of(element).rstrip(_PERMALINK))
        elif name == "table" and depth < _DEEPEST:
            self.flush()
            self._table(element, depth)
        elif name in _BREAKS:
            self._line.append("\n")
        elif name in _SKIPPED or not name:
            return
        elif name in _BLOCKS or _is_verbatim(element):
            self._block(element, name, depth)
        else:
            self._inside(element, depth)

    def flush(self, *, apart: bool = False, item: bool = False) -> None:
        """Write the line that was collected."""
        text = "".join(self._line)
        self._line.clear()
        if not self._verbatim:
            text = "\n".join(" ".join(line.split()) for line in text.split("\n"))
        if item and text.strip():
            text = f"- {text.strip()}"
        self._draft.add(text, apart=apart, code=self._verbatim)

    def _block(self, element: Element, name: str, depth: int) -> None:
        self.flush()
        before, self._verbatim = self._verbatim, self._verbatim or _is_verbatim(element)
        self._inside(element, depth)
        self.flush(apart=name in _APART, item=name in _ITEMS)
        self._verbatim = before

    def _inside(self, element: Element, depth: int) -> None:
        self._take(element.text)
        for child in element:
            if depth < _DEEPEST:
                self.walk(child, depth + 1)
            else:
                self._take("".join(_texts(child)))
            self._take(child.tail)

    def _take(self, text: str | None) -> None:
        if text:
            self._line.append(text if self._verbatim else text.replace("\n", " "))

    def _table(self, table: Element, depth: int) -> None:
        """Write rows as lines, but what only lays a page out as its content."""
        rows = [row for row in table.iter() if tag(row) in _ROWS]
        if any(tag(inner) == "table" for inner in table.iterdescendants()) or all(len(row) < 2 for row in rows):
            self._inside(table, depth)
            self.flush()
        else:
            for caption in (each for each in table if tag(each) == "caption"):
                self._draft.add(text_of(caption), apart=True)
            groups = (tables.aligned(map(_cells, group)) for _, group in groupby(rows, lambda row: row.getparent()))
            tables.write(self._draft, chain.from_iterable(groups))


def _cells(row: Element) -> Iterator[tables.Cell]:
    for cell in row:
        if tag(cell) in _CELLS:
            across, down = (tables.told(cell.get(name, "").strip(), 1) for name in ("colspan", "rowspan"))
            yield tables.Cell(text_of(cell), across, down)


def _is_verbatim(element: Element) -> bool:
    """Tell whether line ends and indents count; a `code` in a line of prose has no line end."""
    return tag(element) == "pre" or (tag(element) == "code" and "\n" in "".join(_texts(element)))


def _texts(element: Element) -> Iterator[str]:
    """Yield the text in an element and in what it holds, without scripts; cells and lines do not run together."""
    if tag(element) in _SKIPPED:
        return
    yield element.text or ""
    for child in element.iterdescendants():
        if tag(child) in _BREAKS | _BLOCKS | _CELLS:
            yield " "
        if tag(child) and tag(child) not in _SKIPPED:
            yield child.text or ""
        yield child.tail or ""
