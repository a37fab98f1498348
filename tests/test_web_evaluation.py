"""What is behind the Evaluation page, without a browser: one run at a time, its failures, the files, the routes."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from rag.config import Settings
from rag.errors import EvaluationError, QuestionError, QuestionFileError
from rag.evaluation.wording import HEADLINES
from rag.web import evaluation_labels, evaluation_view
from rag.web.evaluation_page import TooLarge, body
from rag.web.evaluations import KEPT_REPORTS, MAX_FILE_BYTES, Evaluations, shown_name
from rag.web.labels import BY_LANGUAGE, ENGLISH
from rag.web.runs import Busy, Notify, Run, Runs
from tests.evaluations import HeldPipeline, prepare, question_file, serving_evaluations
from tests.fakes import build

WORDS = evaluation_labels.ENGLISH
NASTY = '<img src=x onerror="alert(1)">\u202e${x}'


def ended(runs: Runs[Any]) -> Run[Any]:
    """Wait for the run to end and return it."""
    deadline = time.monotonic() + 60
    while runs.latest is None or runs.latest.active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return runs.latest


class Counter:
    """A job of steps that wait until they are let go."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.step = threading.Semaphore(0)

    def __call__(self, notify: Notify) -> str:
        for done in range(self.steps):
            notify(done, self.steps)
            self.step.acquire()
        notify(self.steps, self.steps)
        return "counted"

    def let_go(self, steps: int) -> None:
        self.step.release(steps)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_run_tells_its_progress_and_its_result() -> None:
    runs: Runs[str] = Runs()
    assert runs.latest is None
    job = Counter(3)
    started = runs.start("a file", job)
    assert (started.phase, started.name, started.active) == ("beginning", "a file", True)
    job.let_go(2)
    wait_for(lambda: (run := runs.latest) is not None and run.done == 2)
    run = runs.latest
    assert run is not None
    assert (run.phase, run.done, run.total, run.id) == ("working", 2, 3, started.id)
    assert run.seconds_left is not None
    assert run.seconds_left >= 0
    job.let_go(1)
    run = ended(runs)
    assert (run.phase, run.done, run.result, run.error, run.seconds_left) == ("done", 3, "counted", None, None)


def test_one_run_at_a_time_whoever_asks() -> None:
    runs: Runs[str] = Runs()
    job = Counter(1)
    outcomes: list[str] = []

    def start() -> None:
        try:
            outcomes.append(runs.start("x", job).id)
        except Busy:
            outcomes.append("busy")

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("busy") == 7
    job.let_go(1)
    assert ended(runs).phase == "done"
    runs.start("y", Counter(0))
    assert ended(runs).name == "y"


def test_a_run_stops_at_its_next_step_and_another_may_start() -> None:
    runs: Runs[str] = Runs()
    job = Counter(5)
    run = runs.start("x", job)
    job.let_go(2)
    wait_for(lambda: (latest := runs.latest) is not None and latest.done == 2)
    runs.stop("another's")
    assert runs.latest is not None
    assert runs.latest.phase == "working"
    runs.stop(run.id)
    assert runs.latest.phase == "stopping"
    with pytest.raises(Busy):
        runs.start("y", job)
    job.let_go(1)
    run = ended(runs)
    assert (run.phase, run.done, run.total) == ("stopped", 3, 5)
    runs.start("y", Counter(0))
    assert ended(runs).phase == "done"


def test_a_failure_ends_the_run_and_a_bug_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    runs: Runs[str] = Runs()

    def failing(error: Exception) -> Callable[[Notify], str]:
        def job(notify: Notify) -> str:
            notify(1, 2)
            raise error

        return job

    for expected in (QuestionError("too long"), OSError(28, "No space left on device")):
        runs.start("x", failing(expected))
        run = ended(runs)
        assert (run.phase, run.error) == ("failed", expected)
    assert not caplog.records
    runs.start("x", failing(ZeroDivisionError()))
    assert isinstance(ended(runs).error, ZeroDivisionError)
    assert "the run failed" in caplog.text


def test_closing_stops_what_is_under_way() -> None:
    runs: Runs[str] = Runs()
    job = Counter(1000)
    runs.start("x", job)
    threading.Timer(0.05, job.let_go, [1000]).start()
    runs.close()
    assert ended(runs).phase in ("stopped", "done")


# On a small real index


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return prepare(tmp_path)


@pytest.fixture
def evaluations(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Evaluations]:
    monkeypatch.chdir(tmp_path)
    with Evaluations(HeldPipeline(settings, tmp_path / "hold"), settings) as evaluations:
        yield evaluations


def test_a_file_of_the_folder_becomes_a_report(evaluations: Evaluations) -> None:
    (file,) = evaluations.files()
    assert (file.name, file.questions) == ("small.jsonl", 4)
    evaluations.start(file.key)
    run = ended(evaluations.runs)
    assert (run.phase, run.error, run.done) == ("done", None, 4)
    (report,) = evaluations.reports
    assert report is run.result
    assert sum(report.outcomes.values()) == 4
    assert {path.name for path in report.folder.iterdir()} == {"index.html", "summary.md", "results.json"}
    assert report.policy.startswith("default-src 'none'")
    assert "unsafe" not in report.policy
    results = json.loads((report.folder / "results.json").read_text("utf-8"))
    assert results["settings"]["file"] == "small.jsonl"
    assert set(HEADLINES) == set(evaluation_labels.HEADLINES) <= set(results["metrics"])


def test_what_was_sent_is_removed_and_its_name_is_no_path(evaluations: Evaluations, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    evaluations.start_upload("../../evil\x00/..\\mine.jsonl", question_file().encode())
    run = ended(evaluations.runs)
    assert run.result is not None
    assert run.name == "mine.jsonl"
    work = run.result.folder.parent
    assert [path.name for path in work.iterdir()] == [run.result.id]
    new = set(tmp_path.rglob("*")) - before
    assert not [path for path in new if "mine" in path.name or "evil" in path.name]
    evaluations.__exit__()
    assert not work.exists()


def test_all_problems_of_a_file_are_told_and_nothing_runs(evaluations: Evaluations) -> None:
    evaluations.start_upload("bad.jsonl", b'{"id": 1}\nnot json\n')
    run = ended(evaluations.runs)
    assert isinstance(run.error, QuestionFileError)
    assert run.total == 0
    html = evaluation_view.state(run, [], {}, WORDS, ENGLISH)["run"]["html"]
    for problem in run.error.problems:
        assert evaluation_view.plain(problem) in html
    assert "line 2: not JSON" in html
    evaluations.start_upload("empty.jsonl", b"\n")
    run = ended(evaluations.runs)
    assert str(run.error) == "empty.jsonl holds no question; write one JSON object a line"


def test_a_stopped_run_goes_on_where_it_was(evaluations: Evaluations, tmp_path: Path) -> None:
    (file,) = evaluations.files()
    (tmp_path / "hold").touch()
    evaluations.start(file.key)
    wait_for(lambda: (run := evaluations.runs.latest) is not None and run.done == 2)
    evaluations.runs.stop(evaluations.runs.latest.id)  # type: ignore[union-attr]
    (tmp_path / "hold").unlink()
    assert ended(evaluations.runs).phase == "stopped"
    (journal,) = (tmp_path / "cache" / "evaluations").iterdir()
    assert len(list(filter(None, journal.read_text("utf-8").splitlines()))) == 3
    evaluations.start(file.key)
    assert ended(evaluations.runs).phase == "done"
    assert not journal.exists()


def test_an_index_that_is_built_anew_ends_the_run(evaluations: Evaluations, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "hold").touch()
    evaluations.start(evaluations.files()[0].key)
    wait_for(lambda: (run := evaluations.runs.latest) is not None and run.done == 2)
    build(settings, {"other.txt": "Something else altogether stands here now.\n"})
    (tmp_path / "hold").unlink()
    run = ended(evaluations.runs)
    assert isinstance(run.error, EvaluationError)
    assert "the index was built anew" in str(run.error)


def test_an_index_that_is_gone_leaves_the_one_in_memory(evaluations: Evaluations, settings: Settings) -> None:
    shutil.rmtree(settings.index)
    evaluations.start(evaluations.files()[0].key)
    assert ended(evaluations.runs).phase == "done"


def test_a_full_disk_is_said_with_what_to_do(evaluations: Evaluations, tmp_path: Path) -> None:
    evaluations.start(evaluations.files()[0].key)
    run = ended(evaluations.runs)
    assert run.result is not None
    work = run.result.folder.parent
    shutil.rmtree(work)
    work.write_text("in the way")  # no folder can be made there
    evaluations.start(evaluations.files()[0].key)
    run = ended(evaluations.runs)
    assert isinstance(run.error, OSError)
    html = evaluation_view.state(run, [], {}, WORDS, ENGLISH)["run"]["html"]
    assert "What has been asked is kept" in html
    assert str(work) not in html
    assert len([*(tmp_path / "cache" / "evaluations").iterdir()]) == 1
    work.unlink()
    work.mkdir()


def test_only_the_last_reports_are_kept(evaluations: Evaluations) -> None:
    for number in range(KEPT_REPORTS + 2):
        evaluations.start_upload(f"{number}.jsonl", question_file().encode())
        assert ended(evaluations.runs).phase == "done"
    names = [report.name for report in evaluations.reports]
    assert names == [f"{number}.jsonl" for number in reversed(range(2, KEPT_REPORTS + 2))]
    kept = {report.folder for report in evaluations.reports}
    assert set(evaluations.reports[0].folder.parent.iterdir()) == kept


def test_a_folder_that_is_not_there_is_an_empty_one(settings: Settings, tmp_path: Path) -> None:
    evaluations = Evaluations(HeldPipeline(settings, tmp_path / "hold"), settings)
    evaluations.folder = tmp_path / "nowhere"
    assert evaluations.files() == []
    html = evaluation_view.page([], str(evaluations.folder), None, [], WORDS, ENGLISH)
    assert "There are no question files in the folder" in html


# What is shown


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("a.jsonl", "a.jsonl"), ("../../etc/passwd", "passwd"), ("C:\\x\\y.jsonl", "y.jsonl"), ("", "questions.jsonl")],
)
def test_a_name_is_its_last_part(sent: str, shown: str) -> None:
    assert shown_name(sent) == shown


def test_a_name_is_short_and_harmless() -> None:
    name = shown_name("a\x1b\u202e\n\ud800" + "x" * 500)
    assert len(name) == 100
    assert name.isprintable()


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_nothing_from_outside_becomes_markup(language: str) -> None:
    labels = BY_LANGUAGE[language]
    words = evaluation_labels.BY_LANGUAGE[labels.language]
    for error in (EvaluationError(NASTY), QuestionFileError(NASTY, (NASTY,)), OSError(1, NASTY), ValueError(NASTY)):
        run: Run[Any] = Run("1", NASTY, "failed", error=error)
        html = evaluation_view.page([], NASTY, run, [], words, labels)
        assert "<img" not in html
        assert "\u202e" not in html


def test_every_label_is_translated() -> None:
    for field in fields(WORDS):
        values = [getattr(words, field.name) for words in evaluation_labels.BY_LANGUAGE.values()]
        assert all(values)
        assert field.name == "percent" or len({str(value) for value in values}) == 3, field.name


def test_many_problems_are_cut_and_counted() -> None:
    error = QuestionFileError("x", tuple(f"line {number}: wrong" for number in range(1, 5001)))
    html = evaluation_view.state(Run("1", "x", "failed", error=error), [], {}, WORDS, ENGLISH)["run"]["html"]
    assert "Problems: 5000" in html
    assert html.count("<li>") == evaluation_view.SHOWN_PROBLEMS
    assert "and 4000 more" in html


# The routes


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("served")
    prepare(folder)
    with (
        serving_evaluations(folder) as served,
        httpx.Client(base_url=served.url, trust_env=False, timeout=30) as client,
    ):
        yield client


def end_of_run(client: httpx.Client) -> dict[str, Any]:
    wait_for(lambda: not client.get("/evaluation/state").json()["active"])
    return dict(client.get("/evaluation/state").json())


def test_the_page_allows_no_inline_script_and_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/evaluation", headers={"Accept-Language": "nb"})
    assert page.status_code == 200
    assert '<html lang="no">' in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|https?:", page.text)


def test_a_report_may_only_run_its_own_script_in_a_sandbox(client: httpx.Client) -> None:
    key = re.search(r'name="file" value="(\w+)"', client.get("/evaluation").text)
    assert key
    assert client.post("/evaluation/run", params={"file": key[1]}).status_code == 200
    state = end_of_run(client)
    address = f"/evaluation/reports/{state['report']['key']}/"
    report = client.get(address)
    assert report.status_code == 200
    policy = report.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-scripts" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert report.headers["x-frame-options"] == "SAMEORIGIN"
    assert report.headers["cross-origin-opener-policy"] == "unsafe-none"
    summary = client.get(address + "summary.md")
    assert summary.headers["content-disposition"] == 'attachment; filename="small-summary.md"'
    results = client.get(address + "results.json")
    assert "attachment" in results.headers["content-disposition"]
    assert results.json()["settings"]["questions"] == 4
    for path in ("index.html", "nothing", "%2e%2e/summary.md", "..%2fsummary.md", "%2e%2e%2f%2e%2e%2fetc%2fpasswd"):
        assert client.get(address + path).status_code == 404
    assert client.get("/evaluation/reports/0123456789abcdef/").status_code == 404


def test_only_a_known_file_or_a_sent_one_runs(client: httpx.Client) -> None:
    for file in ("", "small.jsonl", "../evaluation/small.jsonl", "/etc/passwd"):
        answer = client.post("/evaluation/run", params={"file": file})
        assert answer.status_code == 404
        assert answer.json()["message"] == WORDS.gone
    assert client.get("/evaluation/run").status_code == 404


def test_a_file_that_is_too_large_is_refused_while_it_is_read(client: httpx.Client) -> None:
    answer = client.post("/evaluation/run", params={"name": "x"}, content=b"x" * (MAX_FILE_BYTES + 1))
    assert answer.status_code == 413
    assert client.post("/evaluation/run", params={"name": "x"}, content=iter([b"x"])).status_code == 411
    assert client.post("/evaluation/stop", content=b"x" * 1_000_001).status_code == 413


def test_what_is_sent_is_counted_as_it_comes() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

    with pytest.raises(TooLarge):
        asyncio.run(body(Request({"type": "http", "method": "POST", "headers": []}, receive)))


def test_another_page_cannot_start_or_stop(client: httpx.Client) -> None:
    for path in ("/evaluation/run", "/evaluation/stop"):
        for origin in ("https://example.com", "null"):
            answer = client.post(path, params={"name": "x"}, content=b"{}", headers={"Origin": origin})
            assert answer.status_code == 403
    assert client.get("/evaluation", headers={"Host": "example.com"}).status_code == 421


def test_a_sent_file_that_is_broken_names_every_line(client: httpx.Client) -> None:
    answer = client.post("/evaluation/run", params={"name": "<b>.jsonl"}, content=b"{}\nnot json\n[]\n")
    assert answer.status_code == 200
    html = end_of_run(client)["run"]["html"]
    for line in ("line 1: ", "line 2: not JSON", "line 3: not a JSON object"):
        assert line in html
    assert "&lt;b&gt;.jsonl" in html


def test_what_the_browser_has_is_not_sent_again(client: httpx.Client) -> None:
    state = end_of_run(client)
    known = {"run_key": state["run"]["key"], "report_key": state["report"]["key"]}
    again = client.get("/evaluation/state", params=known).json()
    assert "html" not in again["run"]
    assert "html" not in again["report"]


def test_serving_loads_nothing_that_only_an_evaluation_needs() -> None:
    code = "import rag.web.server, sys; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split())
    assert "rag.web.evaluation_page" in loaded
    assert not {name for name in loaded if name.startswith(("rag.evaluation", "matplotlib", "ir_measures"))}
