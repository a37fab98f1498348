"""Boilerplate by form and place; whatever might be content stays."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.boilerplate import boilerplate, front_matter, metadata_date_at

PROSE = {
    "ru": "Компания сообщила о росте выручки на двенадцать процентов в прошлом квартале года.",
    "no": "Selskapet opplyste mandag at omsetningen hadde steget med tolv prosent i fjor.",
    "en": "The company said on Monday that its revenue had grown by twelve per cent last year.",
    "de": "Das Unternehmen teilte am Montag mit, dass der Umsatz um zwölf Prozent gestiegen sei.",
    "zh": "公司周一表示，去年的收入增长了百分之十二，超过了分析师的预期。",
}


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in boilerplate(text)]


@pytest.mark.parametrize("prose", PROSE.values(), ids=PROSE)
@pytest.mark.parametrize(
    "line",
    [
        "![]()",
        "![]() |",
        "![](https://example.com/a.png)",
        "| |",
        "---",
        "|---|:--:|",
        "───────",
    ],
)
def test_markers_and_rules(prose: str, line: str) -> None:
    assert found(f"{prose}\n{line}\n{prose}") == [line]
    assert found(f"{line}\n{prose}") == [line]


@pytest.mark.parametrize("prose", PROSE.values(), ids=PROSE)
@pytest.mark.parametrize(
    "line",
    [
        "Comments (0)",
        "Kommentarer (12)",
        "Комментарии (3)",
        "Обсудить на форуме [27]",
        "Home | News | Sport | Contact",
        "[Forside](/) | [Nyheter](/nyheter) | [Sport](/sport)",
        "Главная › Новости › Технологии",
        "Home » News » Chips",
        "News · Sport · Culture · Contact",
        "Source:",
        "Теги:",
        "来源：",
        "Found a typo? Select it and press Ctrl+Enter.",
        "Fant du en skrivefeil? Marker teksten og trykk Ctrl + Enter.",
        "Знайшли помилку? Виділіть її та натисніть Ctrl+Enter",
        "Fehler gefunden? Markieren Sie ihn und drücken Sie Strg+Enter.",
        "发现错误？请选中后按 Ctrl+Enter",
    ],
)
def test_page_furniture_after_the_text(prose: str, line: str) -> None:
    assert found(f"{prose}\n\n{line}") == [line]
    assert found(f"{prose}\n\n{line}\n\n\n") == [line]


def test_several_lines_of_furniture() -> None:
    text = f"Home > News > Chips\n\n{PROSE['en']}\n\nComments (4)\n\nSource:"
    assert found(text) == ["Home > News > Chips", "Comments (4)", "Source:"]


def test_call_to_report_glued_to_a_paragraph() -> None:
    call = "Found a mistake? Select it and press Ctrl+Enter."
    assert found(f"{PROSE['en']} {call}") == [call]


def test_bars_beside_a_call_go_with_it() -> None:
    line = "Select the error and press Ctrl+Enter. | Write to us | Subscribe"
    assert found(f"{PROSE['en']}\n\n{line}\n\n{PROSE['en']}") == [line]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" date 2025-12-25 Selskapet vokser.", ["date 2025-12-25"]),
        ("Published: December 25, 2025\n\nThe text.", ["Published: December 25, 2025"]),
        ("Дата: 25 декабря 2025 г.\nТекст.", ["Дата: 25 декабря 2025 г."]),
        ("Dato 25.12.2025 kl. 10.30\nTekst.", ["Dato 25.12.2025 kl. 10.30"]),
        (
            "---\ntitle: A\ndate: 2025-12-25\ntags:\n  - x\n---\nThe text.",
            ["---\ntitle: A\ndate: 2025-12-25\ntags:\n  - x\n---"],
        ),
        ('+++\ntitle = "A"\n+++\nThe text.', ['+++\ntitle = "A"\n+++']),
        ("On 2025-12-25 the company grew.", []),
        ("Date palms grow here. In 2025-12-25 they grew.", []),
        ("date 2025-13-45 is no date.", []),
    ],
)
def test_head(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("prose", PROSE.values(), ids=PROSE)
@pytest.mark.parametrize(
    "line",
    [
        "A hall of servers in Oslo. Photo: Handout . |",
        "«Это рекорд», — сказал директор.",
        "Kilde: https://example.com/article.html",
        "# Results (2)",
        "## Contents:",
        "- one (1)",
        "| Year | Sales |\n|---|---|\n| 2025 | 14 |",
        "Year | Sales | Profit\n2024 | 12 | 3",
        "Yes (14)\nNo (3)",
        "World Cup (2022)",
        "Read more in [the report](https://example.com/report).",
        "![A chart of sales](chart.png)",
        "Press Ctrl+Enter to send the message.",
        "In the menu choose File > Print > Preview and wait.",
        "x = a | b | c;",
        "```\nprint('Ctrl+C')\n```",
        "Nvidia: 14 | AMD: 3 | Intel: 2",
        "Anna Hansen | Reuters | Oslo",
        "Oslo / Bergen / Trondheim",
        "Use a ![](icon.png) to continue",
        "🙂",
    ],
)
def test_content_stays(prose: str, line: str) -> None:
    table_rule = ["|---|---|"] if "|---|" in line else []
    assert found(f"{prose}\n\n{line}\n\n{prose}") == table_rule
    assert found(f"{prose}\n\n{line}") == table_rule


@pytest.mark.parametrize("line", ["Comments (4)", "Source:", "Home | News | Sport"])
def test_inside_the_text_it_is_content(line: str) -> None:
    assert found(f"{PROSE['en']}\n\n{line}\n\n{PROSE['no']}") == []


def test_manual_of_shortcuts_is_content() -> None:
    text = "\n".join(f"{number}. To select an error press Ctrl+Enter." for number in range(5))
    assert found(text) == []


def test_text_without_prose_is_content() -> None:
    assert found("Home | News | Sport") == []
    assert found("Comments (0)") == []


def test_front_matter_needs_its_end() -> None:
    assert front_matter("---\ntitle: A\nThe text goes on.") is None
    assert front_matter("---\n\nA rule, then prose without a colon.\n---\n") is None
    assert metadata_date_at("Dato: 2025-12-25 x", 0) == ((0, 16), "2025-12-25")


PIECES = [
    "![](",
    "![]()",
    "|",
    "\n",
    "\n\n",
    "---",
    "+++",
    "Ctrl+Enter",
    "error select",
    "word (1)",
    "date 2025-12-25",
    ":",
]


@given(st.text() | st.lists(st.sampled_from([*PIECES, *PROSE.values(), " ", "a | b | c"])).map("".join))
def test_spans_are_ascending_disjoint_and_stripped(text: str) -> None:
    end = 0
    for span in boilerplate(text):
        assert end <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        end = span.end


@pytest.mark.parametrize(
    "unit",
    ["![](", "a|", "[a](", "---\n", "a: b\n", "word (1)\n\n", "Ctrl+Enter ", "a ![]() ", "a > ", "\n", "a. ", "a"],
)
def test_time_is_linear(unit: str) -> None:
    started = time.process_time()
    boilerplate(PROSE["en"] + "\n" + unit * (300_000 // len(unit)))
    boilerplate(PROSE["en"] + "\n\n" + unit * (300_000 // len(unit)))
    boilerplate("---\n" + unit * (300_000 // len(unit)))
    assert time.process_time() - started < 15
