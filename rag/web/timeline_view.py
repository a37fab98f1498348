"""The timeline of the Facts page as HTML: a picture whose marks are links, and the same as a table.

Positions on the axis are shares of the width and all else is in pixels, so that type and marks keep their size on any
screen. The page's security policy allows no styles here: colours come from the style sheet, by class.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from babel.dates import format_date

from rag.web.facts_list import Entry, Query, Standing
from rag.web.facts_words import Words
from rag.web.render import plain
from rag.web.timeline import LANES, Mark, Tick, Timeline

LANE_HEAD, ROW, AXIS = 26, 24, 28  # heights
SYMBOLS: dict[Standing, str] = {"differ": "≠", "agree": "=", "alone": ""}
LISTED = 3  # figures of a mark that the table names


def picture(drawn: Timeline, listed: Sequence[Entry], query: Query, words: Words) -> str:
    """Render a timeline; marks of what is `listed` on the page lead to it there."""
    if not drawn.cells:
        return ""
    own, here = words.own, {entry.number for entry in listed}
    parts, height = [], 0
    for lane in LANES:
        if drawn.rows(lane):
            bottom = height + LANE_HEAD + drawn.rows(lane) * ROW
            parts.append(f'<text class="lane" x="0" y="{height + LANE_HEAD - 10}">{own.lanes[lane]}</text>')
            marks = (mark for mark in drawn.marks if mark.lane == lane)
            parts += [_mark(mark, bottom, drawn.cells, here, query, words) for mark in marks]
            height = bottom
    lines = "".join(_tick(tick, drawn.cells, height, words) for tick in drawn.ticks)
    return (
        f'<figure id="timeline" aria-labelledby="timeline-title"><h2 id="timeline-title">{own.timeline}</h2>'
        f'<div class="scroll"><svg class="picture" width="100%" height="{height + AXIS}" role="group" '
        f'aria-label="{own.timeline}" aria-describedby="timeline-note"><g aria-hidden="true">{lines}</g>'
        f'{"".join(parts)}</svg></div><p class="readout" aria-hidden="true"></p>'
        f"{_caption(drawn, words)}{_as_table(drawn, words)}</figure>"
    )


def _caption(drawn: Timeline, words: Words) -> str:
    own = words.own
    kinds = (
        ("alone told", "", own.told),
        ("alone", "", own.by_date),
        ("differ told", SYMBOLS["differ"], own.standings["differ"]),
        ("agree told", SYMBOLS["agree"], own.standings["agree"]),
    )
    legend = "".join(
        f'<span><svg width="16" height="16" aria-hidden="true"><g class="mark {kind}">{_dot(8, 8, symbol)}</g></svg> '
        f"{name}</span>"
        for kind, symbol, name in kinds
    )
    missing = ((drawn.left_out, own.timeline_left), (drawn.undated, own.timeline_undated))
    notes = " ".join([own.timeline_note, *(words.plural(count, forms) for count, forms in missing if count)])
    return f'<figcaption><p class="legend">{legend}</p><p class="note" id="timeline-note">{notes}</p></figcaption>'


def _tick(tick: Tick, cells: int, height: int, words: Words) -> str:
    x = _share(tick.cell, cells)
    name = f'<text x="{x}" dx="4" y="{height + AXIS - 9}">{_tick_name(tick, words)}</text>'
    return f'<line x1="{x}" x2="{x}" y1="{LANE_HEAD - 6}" y2="{height + AXIS}"/>{name}'


def _tick_name(tick: Tick, words: Words) -> str:
    if tick.by == "year":
        return str(tick.day.year)
    locale = words.locale
    if tick.by == "month":
        return str(format_date(tick.day, "LLL y" if tick.day.month == 1 or not tick.cell else "LLL", locale=locale))
    return str(format_date(tick.day, "d MMM" if tick.cell else "d MMM y", locale=locale))


def _mark(mark: Mark, bottom: int, cells: int, here: set[int], query: Query, words: Words) -> str:
    said, middle = _said(mark, words), bottom - mark.row * ROW - ROW // 2
    one = len(mark.entries) == 1
    if mark.first == mark.last:
        symbol = SYMBOLS[mark.standing] if one else words.count(len(mark.entries))
        shape = _dot(f"{_share(mark.first + 0.5, cells)}", middle, symbol)
    else:
        text = words.figure(mark.entries[0]) if one else words.plural(len(mark.entries), words.own.several)
        width = _share(mark.last + 1 - mark.first, cells)
        shape = (
            f'<svg x="{_share(mark.first, cells)}" y="{middle - 9}" width="{width}" height="18">'
            f'<rect y="1" height="16" rx="8"/><text x="10" y="13">{SYMBOLS[mark.standing]} {text}</text></svg>'
        )
    told = " told" if mark.told else ""
    return (
        f'<a class="mark {mark.standing}{told}" href="{_leads_to(mark, here, query)}" data-go aria-label="{said}">'
        f"<title>{said}</title>{shape}</a>"
    )


def _dot(x: int | str, y: int, symbol: str) -> str:
    text = f'<text class="symbol" x="{x}" y="{y}" dy="4">{symbol}</text>' if symbol else ""
    return f'<circle cx="{x}" cy="{y}" r="{9 if len(symbol) > 1 else 7}"/>{text}'


def _share(cells: float, all_cells: int) -> str:
    return f"{100 * cells / all_cells:.3f}".rstrip("0").rstrip(".") + "%"


def _leads_to(mark: Mark, here: set[int], query: Query) -> str:
    """Return the address of the row of a mark, or of the list of its figures."""
    number = mark.entries[0].number
    if len(mark.entries) == 1:
        row = f"#figure-{number}"
        return row if number in here else escape(query._replace(page=1, at=number).href) + row
    kind = query.kind if mark.lane == "date" else mark.lane
    return escape(query._replace(page=1, at=None, days=mark.days, kind=kind).href)


def _said(mark: Mark, words: Words) -> str:
    """Say a mark in words: its figure, its time and its document."""
    time = words.days(mark.days)
    if len(mark.entries) > 1:
        return f"{words.plural(len(mark.entries), words.own.several)}: {time}"
    entry = mark.entries[0]
    standing = "" if entry.standing == "alone" else f". {words.own.standings[entry.standing]}"
    when = words.time(entry) if entry.told else time
    return ", ".join(dict.fromkeys((words.figure(entry), when, plain(entry.title)))) + standing


def _as_table(drawn: Timeline, words: Words) -> str:
    own = words.own
    marks = sorted(drawn.marks, key=lambda mark: (mark.days, LANES.index(mark.lane)))
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in (own.time, own.source, own.columns["value"], own.standing)
    )
    rows = "".join(
        f"<tr><td>{words.days(mark.days)}</td><td>{own.told if mark.told else own.by_date}</td>"
        f"<td>{', '.join(words.figure(entry) for entry in mark.entries[:LISTED])}"
        f"{'…' * (len(mark.entries) > LISTED)}</td><td>{own.standings[mark.standing]}</td></tr>"
        for mark in marks
    )
    return (
        f'<details><summary>{own.as_table}</summary><div class="scroll" tabindex="0" role="region" '
        f'aria-label="{own.as_table}"><table class="plainly"><thead><tr>'
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )
