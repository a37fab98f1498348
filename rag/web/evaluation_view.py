"""The Evaluation page's HTML. Whatever comes from files and errors passes through `render.plain`, which escapes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.errors import QuestionFileError, RagError
from rag.web import render
from rag.web.evaluation_labels import HEADLINES, EvaluationLabels
from rag.web.evaluations import RESULTS, SUMMARY, QuestionFile, Report
from rag.web.labels import Labels
from rag.web.render import plain
from rag.web.runs import Run
from rag.web.served import Offered

SHOWN_PROBLEMS = 1000
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self'; style-src 'self'; script-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
EXAMPLE = (
    '{"id": "1", "language": "en", "question": "How far is the Moon?", "answers": ["384,400 km"], '
    '"evidence": [{"document": "moon.txt", "quote": "a mean distance of 384,400 km"}]}'
)


def page(
    files: Sequence[QuestionFile],
    folder: str,
    run: Run[Report] | None,
    reports: Sequence[Report],
    words: EvaluationLabels,
    labels: Labels,
    user: str = "",
    choice: Sequence[Offered] = (),
) -> str:
    """Render the whole page as things stand."""
    head = render.head(labels, labels.evaluation, "page.css", "evaluation.css", "evaluation.js", choice=choice)
    return f"""{head}
<body>
<header id="header">{render.header(labels, "evaluation", owner=True, user=user, choice=choice)}</header>
<main>
<div class="intro"><h1>{labels.evaluation}</h1><p>{words.lead}</p></div>
<noscript><p class="alert">{words.no_script}</p></noscript>
{_form(files, folder, run, words)}
<section id="run" class="panel" data-key="{_key(run)}" aria-label="{labels.evaluation}">
{_panel(run, words, labels)}</section>
<section id="report" data-key="{_report_key(reports)}" aria-label="{words.report}">{_reports(reports, words)}</section>
<p id="announcement" class="hidden" role="status"></p>
</main>
</body>
</html>
"""


def state(
    run: Run[Report] | None,
    reports: Sequence[Report],
    known: Mapping[str, str],
    words: EvaluationLabels,
    labels: Labels,
) -> dict[str, Any]:
    """Return how the run stands, and the parts of the page that differ from what is `known` by their keys."""
    parts: dict[str, Any] = {"active": run is not None and run.active, "run": {"key": _key(run)}}
    parts["report"] = {"key": _report_key(reports)}
    if run and run.active:
        parts["progress"] = {"done": run.done, "total": run.total, "text": _progress(run, words)}
    if known.get("run_key") != parts["run"]["key"]:
        parts["run"] |= {"html": _panel(run, words, labels), "title": _title(run, words)}
    if known.get("report_key") != parts["report"]["key"]:
        parts["report"]["html"] = _reports(reports, words)
    return parts


def _key(run: Run[Report] | None) -> str:
    return f"{run.id}-{run.phase}" if run else ""


def _report_key(reports: Sequence[Report]) -> str:
    return reports[0].id if reports else ""


# Choosing a file


def _form(files: Sequence[QuestionFile], folder: str, run: Run[Report] | None, words: EvaluationLabels) -> str:
    choices = "".join(_choice(file, number == 0, words) for number, file in enumerate(files))
    none = "" if files else f'<p class="note">{words.no_files.format(plain(folder))}</p>'
    active = run is not None and run.active
    messages = {"too-large": words.too_large, "choose": words.choose, "unreachable": words.unreachable}
    data = " ".join(f'data-{name}="{message}"' for name, message in messages.items())
    return f"""<form id="choose" class="panel" autocomplete="off" {data}>
<fieldset{" disabled" * active}>
<legend>{words.file}</legend>
{none}<ul>{choices}<li class="choice"><label><input type="radio" name="file" value=""{" checked" * (not files)}>
<span class="name">{words.own}</span></label>
<input type="file" id="own" accept=".jsonl" aria-label="{words.own}" aria-describedby="own-note">
<p class="note" id="own-note">{words.own_note}</p></li></ul>
<p class="go"><button type="submit" class="primary">{words.run}</button>
<span class="note busy"{" hidden" * (not active)}>{words.busy}</span></p>
</fieldset>
<p class="alert trouble" role="alert" hidden></p>
</form>"""


def _choice(file: QuestionFile, checked: bool, words: EvaluationLabels) -> str:
    count = "" if file.questions is None else f'<span class="note">{words.questions.format(file.questions)}</span>'
    return (
        f'<li class="choice"><label><input type="radio" name="file" value="{file.key}"{" checked" * checked}>'
        f'<span class="name" dir="auto">{plain(file.name)}</span>{count}</label></li>'
    )


# The run


def _panel(run: Run[Report] | None, words: EvaluationLabels, labels: Labels) -> str:
    if run is None:
        return (
            f"<h2>{words.format}</h2><p>{words.format_note}</p>"
            f'<pre tabindex="0" aria-label="{words.format}"><code>{plain(EXAMPLE)}</code></pre>'
            f'<p class="note">{words.meanwhile}</p>'
        )
    name = f'<p class="name" dir="auto">{plain(run.name)}</p>'
    return f'<h2 tabindex="-1" class="{run.phase}">{_title(run, words)}</h2>{name}{_below(run, words, labels)}'


def _title(run: Run[Report] | None, words: EvaluationLabels) -> str:
    if run is None:
        return ""
    if isinstance(run.error, QuestionFileError):
        return words.unusable
    if run.result:
        return words.right.format(*_right(run.result))
    return str(getattr(words, run.phase))


def _below(run: Run[Report], words: EvaluationLabels, labels: Labels) -> str:
    if run.active:
        return _under_way(run, words)
    if run.phase == "stopped":
        return f"<p>{words.stopped_note.format(run.done, run.total)}</p>"
    if run.error:
        return _error(run.error, words, labels)
    return _headlines(run.result, words) if run.result else ""


def _under_way(run: Run[Report], words: EvaluationLabels) -> str:
    value = f' value="{run.done}" max="{run.total}"' if run.total else ""
    stop = ""
    if run.phase in ("beginning", "working", "stopping"):
        disabled = " disabled" * (run.phase == "stopping")
        stop = (
            f'<p class="stop"><button type="button" class="plain" id="stop" data-run="{run.id}"{disabled}>'
            f"{words.stop}</button>"
            f'<span class="note">{words.stop_note}</span></p>'
        )
    return (
        f'<progress aria-label="{_title(run, words)}"{value}></progress>'
        f'<p class="progress">{_progress(run, words)}</p>{stop}<p class="note">{words.meanwhile}</p>'
    )


def _progress(run: Run[Report], words: EvaluationLabels) -> str:
    if not run.total:
        return ""
    left = f" · {words.left(run.seconds_left)}" if run.phase == "working" and run.seconds_left is not None else ""
    return words.progress.format(run.done, run.total) + left


def _headlines(report: Report, words: EvaluationLabels) -> str:
    tiles = "".join(_tile(name, report.metrics.get(name) or {}, words) for name in HEADLINES)
    return f'<dl class="tiles">{tiles}</dl>'


def _error(error: Exception, words: EvaluationLabels, labels: Labels) -> str:
    problems: Sequence[str] = getattr(error, "problems", ())
    if problems:
        items = "".join(f"<li>{plain(problem)}</li>" for problem in problems[:SHOWN_PROBLEMS])
        left_out = len(problems) - SHOWN_PROBLEMS
        more = f'<p class="note">{words.more_problems.format(left_out)}</p>' if left_out > 0 else ""
        count = words.problems.format(len(problems))
        return f'<p>{count}</p><ul class="problems" tabindex="0" aria-label="{count}" dir="auto">{items}</ul>{more}'
    if isinstance(error, RagError):
        message = str(error)
    elif isinstance(error, OSError):
        message = words.disk.format(error.strerror or type(error).__name__)
    else:
        message = labels.internal_error
    return f'<p class="alert" dir="auto">{plain(message)}</p>'


# Reports


def _reports(reports: Sequence[Report], words: EvaluationLabels) -> str:
    if not reports:
        return ""
    latest, *earlier = reports
    base = f"./evaluation/reports/{latest.id}/"
    items = "".join(_earlier(report, words) for report in earlier)
    kept = f'<h3>{words.kept}</h3><ul class="earlier">{items}</ul>' if earlier else ""
    return f"""<header><h2>{words.report}</h2>
<p class="note"><span dir="auto">{plain(latest.name)}</span> · {_facts(latest, words)}</p>
<p class="actions"><a href="{base}" target="_blank" rel="noopener">{words.open}</a>
<a href="{base}{RESULTS}" download>{words.results}</a>
<a href="{base}{SUMMARY}" download>{words.summary}</a></p></header>
<iframe src="{base}" title="{words.report}" sandbox="allow-scripts" referrerpolicy="no-referrer"></iframe>
{kept}"""


def _right(report: Report) -> tuple[int, int]:
    return report.outcomes.get("right", 0), sum(report.outcomes.values())


def _tile(name: str, measured: Mapping[str, Any], words: EvaluationLabels) -> str:
    title, of_what = words.headlines[name]
    value, low, high = (measured.get(key) for key in ("value", "low", "high"))
    if value is None:
        return f'<div><dt>{title}</dt><dd class="value">–</dd><dd>{words.nothing}</dd></div>'
    interval = (
        "" if low is None or high is None else words.interval.format(*(round(100 * bound) for bound in (low, high)))
    )
    return (
        f'<div><dt>{title}</dt><dd class="value">{words.share(value)}</dd><dd>{of_what}</dd>'
        f'<dd class="interval">{interval}</dd></div>'
    )


def _earlier(report: Report, words: EvaluationLabels) -> str:
    return (
        f'<li><a href="./evaluation/reports/{report.id}/" target="_blank" rel="noopener" dir="auto">'
        f'{plain(report.name)}</a> <span class="note">{_facts(report, words)}</span></li>'
    )


def _facts(report: Report, words: EvaluationLabels) -> str:
    moment = report.finished.isoformat(timespec="seconds")
    right = words.right.format(*_right(report))
    return f'<time datetime="{moment}">{report.finished:%H:%M}</time> · {right}'
