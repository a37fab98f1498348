"""The report of an evaluation: what it says, that nothing in it can do harm, and that it works in a browser."""

from __future__ import annotations

import copy
import datetime as dt
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page, Request, expect

from rag.evaluation import entries, overview, pictures, report, wording
from rag.evaluation.entries import Entry, why
from rag.evaluation.report import report_page, write_report
from rag.evaluation.summary import SHOWN_FAILURES, markdown_summary
from rag.types import Document, Span
from tests.browser import chromium, document
from tests.watching import complain, watched

WORDS = "Компания намерена увеличить капитальные затраты до конца следующего года, сообщает деловая газета. "
HOSTILE = '</script><script>pwned=1</script><img src=x onerror="pwned=2">`a|b`[x](javascript:pwned=3)\u202e@me https://x.example'
LANGUAGES = ("ru", "no", "en", "zh")
MAX_BYTES = 3_000_000


def measured(value: float | None = 0.75, n: int = 40) -> dict[str, Any]:
    if value is None:
        return {"value": None, "low": None, "high": None, "n": 0}
    return {"value": value, "low": max(0, value - 0.1), "high": min(1, value + 0.1), "n": n}


def metrics(**changed: Any) -> dict[str, Any]:
    times = {name: {"value": 31.2, "low": 30.0, "high": 33.3, "n": 40} for name in ("p50_ms", "p95_ms")}
    return {metric.name: measured() for metric in wording.METRICS} | times | changed


def text_of(number: int) -> str:
    return f"{WORDS * 4}Сумма номер {number} равна ¥{number} млрд. {WORDS * 4}"


def question(
    number: int, outcome: str = "right", *, answerable: bool = True, confidence: float = 0.8
) -> dict[str, Any]:
    """Return the record of a question about the sum in document `number`."""
    name, text = f"{number}.txt", text_of(number)
    quote = f"Сумма номер {number} равна ¥{number} млрд."
    start = text.index(quote)
    cited = Span(start, start + len(quote)) if outcome in ("right", "wrongly_answered") else Span(0, 40)
    answered = answerable if outcome == "right" else outcome != "wrongly_abstained"
    right = outcome in ("right", "cited_wrongly", "wrongly_abstained") and answerable
    found = 1 + number % 4 if answerable and outcome != "retrieval_missed" else None
    score = 1.0 if outcome in ("right", "cited_wrongly") else 0.0
    citation = {
        "number": 1,
        "id": f"{name}#{cited.start}-{cited.end}~0",
        "document": name,
        "start": cited.start,
        "end": cited.end,
        "quote": text[slice(*cited)],
        "sha256": "0" * 64,
        "verified": True,
    }
    return {
        "id": f"q{number:03}",
        "question": f"Какова сумма номер {number}?",
        "language": "ru",
        "answered": answered,
        "confidence": confidence,
        "short": f"¥{number} млрд" if answered else None,
        "text": f"{quote} [1]" if answered else "В документах нет ответа.",
        "citations": [citation] if answered else [],
        "candidate": {"short": f"¥{number} млрд", "document": name, "start": start, "end": start + 8},
        "conflicts": [],
        "hits": [{"document": name, "start": 0, "end": 700, "score": 3 - rank / 4} for rank in range(10)],
        "timings_ms": {"search": 9.1, "answer": 20.4, "total": 29.5},
        "expected": {
            "language": LANGUAGES[number % 4],
            "answers": [f"¥{number} млрд"] if answerable else [],
            "evidence": [{"document": name, "quote": quote, "start": start}] if answerable else [],
            "tags": ["number", "hard"] if number % 2 else [],
            "history": [{"question": "А раньше?", "answer": "Было меньше."}] if number % 5 == 0 else [],
            "source": "by hand",
        },
        "outcome": outcome,
        "scores": {
            "EM": score,
            "F1": score,
            "candidate_F1": float(right),
            "ms": 20.0 + number % 37,
            "first_relevant": found,
            "Success@1": found and float(found == 1),
            "citation_recall": 1.0,
            "verified": 1.0,
        },
    }


OUTCOMES = ("right", "right", "retrieval_missed", "reader_missed", "wrongly_abstained", "cited_wrongly")


def run_of(questions: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    tags = sorted({tag for each in questions for tag in each["expected"]["tags"]})
    return {
        "metrics": metrics(),
        "by_language": {language: metrics() for language in sorted({q["expected"]["language"] for q in questions})},
        "by_tag": {tag: metrics() for tag in tags},
        "questions": questions,
        "settings": {
            "file": "seeds.jsonl",
            "questions": len(questions),
            "created": "2026-11-22T16:00:00+00:00",
            "version": "0.1.0",
            "answerer": "sentence",
            "documents": 5,
            "passages": 59,
        },
        **more,
    }


def mixed(count: int) -> list[dict[str, Any]]:
    """Return questions of every outcome; each seventh has no answer."""
    made = []
    for number in range(1, count + 1):
        confidence = number * 37 % 100 / 100
        if number % 7:
            made.append(question(number, OUTCOMES[number % 6], confidence=confidence))
        else:
            outcome = "right" if number % 2 else "wrongly_answered"
            made.append(question(number, outcome, answerable=False, confidence=confidence))
    return made


def documents_of(count: int) -> dict[str, Document]:
    made = (document(f"{n}.txt", text_of(n), title=f"Сумма {n}", language="ru") for n in range(1, count + 1))
    return {each.id: each for each in made}


COMPARISON = {
    "common": 10,
    "only_here": 2,
    "only_in_baseline": 0,
    "won": ["q003"],
    "lost": ["q004", "gone"],
    "settings_differ": {"answerer": ["sentence", "reader"]},
    "metrics": {
        "F1": {"before": 0.61, "after": 0.70, "difference": 0.09, "low": 0.02, "high": 0.15, "n": 10},
        "EM": {"before": 0.61, "after": 0.60, "difference": -0.01, "low": -0.05, "high": 0.03, "n": 10},
        "ECE": {"before": 0.05, "after": 0.08, "difference": 0.03, "low": 0.01, "high": 0.05, "n": 10},
        "AUROC": {"before": None, "after": None, "difference": None, "low": None, "high": None, "n": 0},
    },
}


class Elements(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, Mapping[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[Mapping[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def small() -> str:
    return report_page(run_of(mixed(14), comparison=COMPARISON), documents_of(14))


def test_the_head_says_what_was_evaluated_and_how_well(small: str) -> None:
    text = Elements(small).text
    for said in ("seeds.jsonl", "14 questions", "5 documents", "answerer sentence", "2026-11-22 16:00 UTC"):
        assert said in text
    assert (
        "Of 12 questions with an answer in the documents, 4 were answered right; of 2 without one, 1 was rightly"
        in text
    )
    assert "30 of 40 questions had evidence among the first 5 passages found." in text
    assert "65.0 – 85.0%" in text


def test_every_metric_is_explained_and_one_without_a_value_is_a_dash() -> None:
    page = report_page(run_of(mixed(2)) | {"metrics": metrics(AUROC=measured(None))}, {})
    for metric in wording.METRICS:
        assert metric.explanation in Elements(page).text
    assert re.search(r"<code>AUROC</code></th><td[^>]*>–</td>", page)


def test_differences_are_clear_only_when_their_interval_leaves_out_zero() -> None:
    verdicts = {each.metric.name: each.verdict for each in overview.differences(run_of([], comparison=COMPARISON))}
    assert verdicts == {"F1": "better", "EM": "unclear", "AUROC": "unclear", "ECE": "worse"}


def test_won_and_lost_questions_are_linked(small: str) -> None:
    assert '<a href="#question-3">q003</a>' in small
    assert '<a href="#question-4">q004</a>' in small
    assert "<span>gone</span>" in small


def test_a_question_shows_expected_given_why_and_history(small: str) -> None:
    text = Elements(small).text
    for said in ("Candidate held back", "Declined: not in the documents", "by hand", "А раньше?", "Было меньше."):
        assert said in text
    for outcome in wording.OUTCOMES:
        assert f'data-outcome="{outcome.name}"' in small


def test_citations_stand_in_context_and_evidence_is_marked() -> None:
    right, elsewhere = question(1), question(2, "reader_missed")
    (cited,), missed, _ = Entry(1, right, documents_of(2), 200).places
    assert [(piece.cited, piece.evidence) for piece in cited.pieces] == [(False, False), (True, True), (False, False)]
    assert cited.pieces[1].text == "Сумма номер 1 равна ¥1 млрд."
    assert 170 <= len(cited.pieces[0].text) <= 201
    assert cited.pieces[0].text.startswith("…")
    assert not cited.pieces[0].text.startswith("… ")
    assert missed == []
    (cited,), (missed_one,), _ = Entry(1, elsewhere, documents_of(2), 200).places
    assert [piece.cited for piece in cited.pieces] == [True, False]
    assert [piece.text for piece in missed_one.pieces if piece.evidence] == ["Сумма номер 2 равна ¥2 млрд."]


def test_what_is_no_longer_in_the_document_is_shown_alone() -> None:
    changed = {"1.txt": document("1.txt", "other words", language="ru")}
    for documents in ({}, changed):
        (cited,), (missed,), _ = Entry(1, question(1), documents, 200).places
        assert cited.pieces == (entries.Piece("Сумма номер 1 равна ¥1 млрд.", cited=True),)
        assert missed.pieces == (entries.Piece("Сумма номер 1 равна ¥1 млрд.", evidence=True),)
    assert "not in the document as it is now" in report_page(run_of([question(1)]), changed)
    assert "document not at hand" in report_page(run_of([question(1)]), {})


def test_evidence_is_found_where_it_says_it_starts_else_first() -> None:
    book = {"a": document("a", "one two one two")}
    place = entries._evidence_place
    assert place({"document": "a", "quote": "two", "start": 12}, book).span == Span(12, 15)
    assert place({"document": "a", "quote": "two", "start": 3}, book).span == Span(4, 7)
    assert place({"document": "a", "quote": "two"}, book).span == Span(4, 7)
    assert place({"document": "a", "quote": "three"}, book).span is None


def test_why_in_words() -> None:
    assert why(question(1, "reader_missed")).startswith("Passage 2 of 10 holds the evidence")
    assert why(question(1, "retrieval_missed")).startswith("None of the 10 passages found holds the evidence")
    assert "would have been right (F1 1.00)" in why(question(1, "wrongly_abstained"))
    assert "confidence of 80%" in why(question(1, "wrongly_answered", answerable=False))
    assert why(question(1, answerable=False)) == "The documents hold no answer, and the reply says so."


def test_quotes_name_their_language(small: str) -> None:
    assert all(each.get("lang") == "ru" for each in Elements(small).named("blockquote"))
    assert re.search(r'class="asked" lang="no" dir="auto">Какова', small)


def hostile_copy(value: Any) -> Any:
    """Replace every string in a run by hostile text, except what the harness itself writes."""
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, list):
        return [hostile_copy(each) for each in value]
    if isinstance(value, dict):
        kept = {"outcome", "metrics", "scores"}
        return {key: each if key in kept else hostile_copy(each) for key, each in value.items()}
    return value


@pytest.fixture(scope="module")
def hostile() -> tuple[dict[str, Any], dict[str, Document]]:
    run = hostile_copy(run_of(mixed(14), comparison=copy.deepcopy(COMPARISON)))
    run["by_language"] = run["by_tag"] = {HOSTILE: metrics(), "$x$ _{y}": metrics(), "中文": metrics()}
    run["settings"][HOSTILE] = HOSTILE
    run["questions"][0]["expected"][HOSTILE] = HOSTILE
    run["questions"][0]["timings_ms"] = {HOSTILE: 1.0}
    run["questions"][0]["conflicts"] = [{"note": HOSTILE, "values": [{"text": HOSTILE, "date": HOSTILE}]}]
    run["comparison"]["settings_differ"][HOSTILE] = [HOSTILE, HOSTILE]
    text = HOSTILE * 5
    for each in run["questions"]:
        for citation in each["citations"]:
            citation.update(start=0, end=len(HOSTILE))
    book = Document(HOSTILE, HOSTILE, dt.date(2026, 1, 2), HOSTILE, text, Path("x"), "0")
    return run, {HOSTILE: book}


def test_hostile_text_stays_text(hostile: tuple[dict[str, Any], dict[str, Document]]) -> None:
    page = report_page(*hostile)
    elements = Elements(page)
    assert "\u202e" not in page
    assert len(elements.named("script")) == 1
    assert not {"img", "iframe", "object", "base"} & {tag for tag, _ in elements.found}
    names = {name for _, attributes in elements.found for name in attributes}
    assert not {name for name in names if name.startswith("on")} | (names & {"style", "src"})
    targets = {attributes["href"] for _, attributes in elements.found if "href" in attributes}
    assert all(str(target).startswith("#") for target in targets - {"data:,"})


def test_control_characters_are_disarmed_and_lone_surrogates_can_be_written(tmp_path: Path) -> None:
    asked = question(1) | {"question": "a\x1b[31m\ud800b\u2066c", "id": "\ud800"}
    page = write_report(run_of([asked]), {}, tmp_path / "new" / "folder").read_text("utf-8")
    assert "a\ufffd[31m\ufffdbc" in page
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", page)


def test_the_page_asks_for_nothing_outside_itself(small: str) -> None:
    assert not re.search(r'(?:src|href|action)="(?!#|data:)|url\((?!#)|@import|https?://', small)
    policy = next(each["content"] for each in Elements(small).named("meta") if "http-equiv" in each)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "questions",
    [
        [],
        [question(1)],
        [question(1, answerable=False)],
        [question(n) for n in range(1, 9)],
        [question(n, answerable=False) for n in range(1, 4)],
        [question(n, "wrongly_abstained") for n in range(1, 4)],
    ],
    ids=["none", "one", "one-unanswerable", "all-answerable", "all-unanswerable", "none-answered"],
)
def test_few_questions_or_all_alike_make_a_report_too(questions: list[dict[str, Any]], tmp_path: Path) -> None:
    run = run_of(questions) | {"metrics": {metric.name: measured(None) for metric in wording.METRICS}}
    page = write_report(run, documents_of(9), tmp_path)
    assert page == tmp_path / "index.html"
    assert (tmp_path / "summary.md").read_text("utf-8").startswith("## Evaluation of seeds.jsonl\n")
    assert page.read_text("utf-8").count('<li id="question-') == len(questions)


def test_pictures_say_when_there_is_nothing_to_draw() -> None:
    for picture in pictures.run_pictures(run_of([])):
        assert (picture.svg, picture.reading[:15]) == ("", "Nothing to draw")
    recall = pictures.run_pictures(run_of([question(1, answerable=False)]))[0]
    assert recall.reading == "Nothing to draw: no question has evidence."


def test_pictures_take_their_colours_from_the_page_and_have_words(small: str) -> None:
    drawn = [*pictures.run_pictures(run_of(mixed(30))), *pictures.language_pictures(run_of(mixed(30)), {})]
    for picture in drawn:
        assert set(re.findall(r'(?:fill|stroke)="([^"]*)"', picture.svg)) <= {
            *("none", *(f"var(--{name})" for name in ("ink", "soft", "line", "accent", "accent-soft", "alarm")))
        }
        assert not re.search(r"style|<metadata|xmlns|DOCTYPE", picture.svg)
        assert len(picture.alternative) > 40
    ids = re.findall(r'\bid="([^"]+)"', small)
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    references = re.findall(r'url\(#([^)]+)\)|<use href="#([^"]+)"', small)
    assert {first or second for first, second in references} <= set(ids)


def test_the_same_run_makes_the_same_page() -> None:
    run = run_of(mixed(9))
    assert report_page(run, documents_of(9)) == report_page(run, documents_of(9))


def test_recall_by_k_is_counted_from_the_first_relevant_rank() -> None:
    asked = [question(n) for n in range(1, 5)]  # ranks 2, 3, 4, 1
    said = pictures.run_pictures(run_of(asked))[0].alternative
    assert "1: 25%, 2: 50%, 3: 75%, 4: 100%, 5: 100%" in said


def test_risk_and_reliability_by_hand() -> None:
    assert pictures.risk_points([(0.9, 0.0), (0.8, 1.0), (0.7, 0.0), (0.6, 1.0)]) == [
        *((0.25, 0.0), (0.5, 0.5), (0.75, 1 / 3), (1.0, 0.5))
    ]
    assert pictures.risk_points([(0.5, 1.0), (0.5, 0.0)]) == [(1.0, 0.5)]
    bins = pictures.confidence_bins([(n / 20, n >= 10) for n in range(20)])
    assert [each.n for each in bins] == [2] * 10
    assert [each.right for each in bins] == [0] * 5 + [2] * 5
    assert bins[0].confidence == pytest.approx(0.025)
    assert pictures.confidence_bins([(0.4, True)] * 30) == [pictures.Bin(pytest.approx(0.4), 30, 30)]


def test_drawing_is_silent_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """With no font cache yet, too, which is when matplotlib likes to speak."""
    code = (
        "import sys; from rag.evaluation import pictures;"
        "assert pictures.latency([{'scores': {'ms': 3.0}}], {}).svg; assert 'matplotlib.pyplot' not in sys.modules"
    )
    environment = os.environ | {"MPLCONFIGDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def long_run() -> tuple[dict[str, Any], dict[str, Document]]:
    """Return 500 questions with two citations of long sentences each, and ten hits."""
    questions = mixed(500)
    for each in questions:
        if each["citations"]:
            other = {"number": 2, "start": 10, "end": 250, "quote": text_of(int(each["id"][1:]))[10:250]}
            each["citations"].append(each["citations"][0] | other)
            each["text"] = f"{WORDS * 2}[1] {WORDS * 2}[2]"
    return run_of(questions, comparison=COMPARISON), documents_of(500)


def test_500_questions_fit_and_none_is_left_out(tmp_path: Path) -> None:
    page = write_report(*long_run(), tmp_path)
    assert page.stat().st_size <= MAX_BYTES
    assert page.read_text("utf-8").count('<li id="question-') == 500


def test_contexts_shrink_before_a_page_grows_too_long() -> None:
    run, documents = run_of(mixed(20)), documents_of(20)
    whole = report_page(run, documents)
    shorter = report_page(run, documents, max_bytes=len(whole.encode()) - 1)
    assert len(shorter) < len(whole)
    assert shorter.count('<li id="question-') == 20


# The summary


def rendered(markdown: str) -> Elements:
    return Elements(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))


def test_the_summary_has_metrics_differences_outcomes_and_the_surest_failures() -> None:
    run = run_of(mixed(14), comparison=COMPARISON)
    summary = markdown_summary(run)
    assert "| `F1` | 75.0% | 65.0 – 85.0% | 40 | **+9.0 pp (+2.0 to +15.0 pp), better** |" in summary
    assert "| `EM` | 75.0% | 65.0 – 85.0% | 40 | −1.0 pp (−5.0 to +3.0 pp), unclear |" in summary
    assert "Settings that differ: answerer sentence → reader" in summary
    assert "Lost (2): q004, gone" in summary
    confidences = [int(found) for found in re.findall(r"(\d+)% \|$", summary, re.MULTILINE)]
    assert confidences == sorted(confidences, reverse=True)
    assert len(confidences) == SHOWN_FAILURES
    assert len(rendered(summary).named("table")) == 3
    assert "against the baseline" not in markdown_summary(run_of(mixed(14)))


def test_hostile_text_stays_text_in_the_summary(hostile: tuple[dict[str, Any], dict[str, Document]]) -> None:
    summary = markdown_summary(hostile[0])
    elements = rendered(summary)
    tags = {tag for tag, _ in elements.found}
    assert tags <= {"h2", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "strong"}
    assert elements.text.count("`a|b`[x](javascript:pwned=3)") > 10  # as it was written, bars and backticks too
    assert len({line.replace("\\|", "").count("|") for line in summary.splitlines() if line.startswith("| \\")}) == 1
    assert "\u202e" not in summary
    assert not re.search("https?:", summary)  # which hosts make a link of


# Colours


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_meet_wcag_aa(scheme: int) -> None:
    style = (Path(report.__file__).parent / "report.css").read_text("utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", re.findall(r":root \{([^}]*)\}", style)[scheme]))
    for ground in ("paper", "raised", "bubble"):
        for name in ("ink", "soft", "accent", "alarm"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        for name in ("field-line", *(outcome.name.replace("_", "-") for outcome in wording.OUTCOMES)):
            assert contrast(colours[name], colours[ground]) >= 2.9, (name, ground)
    assert contrast(colours["mark-ink"], colours["mark"]) >= 4.5
    assert contrast(colours["accent"], colours["accent-soft"]) >= 4.5


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def long_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(*long_run(), tmp_path_factory.mktemp("report")).as_uri()


def opened(browser: Browser, address: str, **options: Any) -> Page:
    """Open a page that must ask for nothing but itself."""
    page = watched(browser.new_page(**options))
    page.on("request", only_itself)
    page.goto(address)
    return page


def only_itself(request: Request) -> None:
    if request.url.split(":")[0] not in ("file", "data"):
        complain(f"request: {request.url}")


SEARCH = """word => {
  const start = performance.now();
  const field = document.querySelector("[name=text]");
  field.value = word;
  field.dispatchEvent(new Event("input", {bubbles: true}));
  document.body.offsetHeight;
  return performance.now() - start;
}"""


@pytest.mark.browser
def test_filter_sort_and_open_among_500_questions(browser: Browser, long_page: str) -> None:
    page = opened(browser, long_page)
    shown = page.locator("#list > li:visible")
    expect(page.locator("output")).to_have_text("All 500 questions")
    page.locator(".outcomes a", has_text="Wrongly declined").click()
    count = sum(each["outcome"] == "wrongly_abstained" for each in mixed(500))
    expect(page.locator("output")).to_have_text(f"{count} of 500 questions")
    expect(shown).to_have_count(count)
    expect(page.locator("h2#questions")).to_be_in_viewport()
    page.locator("#filters").get_by_label("Sort by").select_option("surest")
    expect(page).to_have_url(re.compile("#.*outcome=wrongly_abstained.*sort=surest"))
    sure = [float(value) for value in shown.evaluate_all("items => items.map((item) => item.dataset.confidence)")]
    assert sure == sorted(sure, reverse=True)
    shown.first.locator("summary").first.press("Enter")
    expect(shown.first.locator(".candidate")).to_be_visible()
    assert min(page.evaluate(SEARCH, word) for word in ("q0", "q1", "q2")) < 500  # milliseconds
    page.close()


@pytest.mark.browser
def test_a_filtered_view_and_a_question_can_be_sent(browser: Browser, long_page: str) -> None:
    page = opened(browser, long_page + "#language=no&tag=hard&answer=yes&text=q00&sort=worst")
    expect(page.locator("#filters").get_by_label("Language")).to_have_value("no")
    shown = page.locator("#list > li:visible")
    assert set(shown.evaluate_all("items => items.map((item) => item.dataset.id)")) == {"q001", "q005", "q009"}
    page.locator("#filters button", has_text="Show all").click()
    expect(page.locator("output")).to_have_text("All 500 questions")
    page.locator(".ids a", has_text="q004").click()
    expect(page.locator("#question-4 summary").first).to_be_focused()
    expect(page.locator("#question-4 .body")).to_be_visible()
    page.close()


@pytest.mark.browser
def test_hostile_text_runs_nothing(
    browser: Browser, hostile: tuple[dict[str, Any], dict[str, Document]], tmp_path: Path
) -> None:
    page = opened(browser, write_report(*hostile, tmp_path).as_uri())
    page.locator("#filters").get_by_label("Search").fill("<script>")
    page.locator("#filters button", has_text="Open or close").click()
    page.wait_for_timeout(100)
    assert page.evaluate("typeof pwned") == "undefined"
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_without_scrolling_sideways(browser: Browser, long_page: str, scheme: Any) -> None:
    page = opened(browser, long_page, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.locator("#list summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    dark = page.evaluate("getComputedStyle(document.querySelector('.picture text')).fill")
    assert (sum(map(int, re.findall(r"\d+", dark))) > 384) == (scheme == "dark")
    page.close()


@pytest.mark.browser
def test_without_a_script_all_can_be_read(browser: Browser, long_page: str) -> None:
    page = opened(browser, long_page, java_script_enabled=False)
    expect(page.locator("#filters")).to_be_hidden()
    page.locator("#question-3 summary").first.click()
    expect(page.locator("#question-3 mark").first).to_be_visible()
    page.close()
