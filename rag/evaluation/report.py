"""The run of an evaluation as one HTML page, with a Markdown summary beside it.

`write_report` takes the JSON of a run and the documents. The page asks for nothing outside itself, and all of it can be
read without a script. Questions, documents and file names are untrusted: whatever the template shows is disarmed and
escaped on the way (`_finalize`), and the page's security policy allows its own style and script only.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rag.evaluation import pictures, wording
from rag.evaluation.entries import Entry
from rag.evaluation.overview import Report, comparison_counts, settings_changes
from rag.evaluation.summary import markdown_summary
from rag.types import Document
from rag.untrusted import disarm

Json = Mapping[str, Any]

PAGE, SUMMARY = "index.html", "summary.md"
MAX_BYTES = 3_000_000
CONTEXTS = (200, 120, 70, 30)  # characters on either side of a citation: the most that keeps the page below MAX_BYTES
ASIDE = Path(__file__).parent


def write_report(run: Json, documents: Mapping[str, Document], folder: Path) -> Path:
    """Write the page and the summary of a run into `folder`, and return the page's path.

    `documents` may lack some: their quotes are then shown without context. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE
    page.write_text(report_page(run, documents), "utf-8", errors="replace", newline="\n")
    (folder / SUMMARY).write_text(markdown_summary(run), "utf-8", errors="replace", newline="\n")
    return page


def report_page(run: Json, documents: Mapping[str, Document], max_bytes: int = MAX_BYTES) -> str:
    """Render the page with as much context around citations as `max_bytes` allow; no question is left out."""
    template = _environment().get_template("report.html")
    style, script = (_page_part(name) for name in ("report.css", "report.js"))
    shared = {
        "report": Report(run),
        "style": Markup(style),
        "script": Markup(script),
        "policy": f"default-src 'none'; img-src data:; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'",
        "language_pictures": pictures.language_pictures(run, wording.LANGUAGES),
        "pictures": pictures.run_pictures(run),
    }
    html = ""
    for context in CONTEXTS:
        entries = [Entry(number, record, documents, context) for number, record in enumerate(run["questions"], 1)]
        html = template.render(shared, entries=entries)
        if len(html.encode("utf-8", "replace")) <= max_bytes:
            break
    return html


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ASIDE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= {
        "language": wording.language_name,
        "percent": wording.percent,
        "milliseconds": wording.milliseconds,
    }
    environment.globals |= {"comparison_counts": comparison_counts, "settings_changes": settings_changes}
    return environment


def _finalize(value: object) -> object:
    """Disarm what the template shows; what is Markup already came from our own files."""
    return value if isinstance(value, Markup) else disarm(str(value))


def _page_part(name: str) -> str:
    return (ASIDE / name).read_text("utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
