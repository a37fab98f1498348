"""What a running server lets in and what it tells the browser, without a browser."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources

import httpx
import pytest

from rag.config import Settings
from rag.errors import ServeError
from rag.web.server import OWN_FILES, listen
from tests.browser import serving


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serving() as served, httpx.Client(base_url=served.url, trust_env=False) as client:
        yield client


def test_the_page_names_no_other_origin(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert not re.search(r"""(?:src|href|content)=["']?https?:""", page.text)
    assert "<title>Ask your documents</title>" in page.text


def test_the_page_is_in_the_language_of_the_browser(client: httpx.Client) -> None:
    page = client.get("/", headers={"Accept-Language": "nb-NO,nb;q=0.9"}).text
    assert 'lang="no"' in page
    assert "<title>Spør dokumentene dine</title>" in page


@pytest.mark.parametrize("path", ["/", "/theme.css", "/web/style.css", "/nothing"])
def test_every_response_carries_the_policy(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert not re.search(r"https?:|\*", headers["content-security-policy"])
    assert "'unsafe-inline'" not in policy["script-src"]
    assert headers["x-content-type-options"] == "nosniff"


def test_the_policy_allows_exactly_the_inline_scripts_of_the_page(client: httpx.Client) -> None:
    page = client.get("/")
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page.text)
    assert page.headers["content-security-policy"].count("'sha256-") == len(inline) > 0


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/openapi.json",
        "/login",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/file=/etc/hostname",
        "/gradio_api/file=http://127.0.0.1:1/",
        "/gradio_api/proxy=http://127.0.0.1:1/",
        "/gradio_api/runs",
        "/gradio_api/deep_link",
        "/monitoring",
        "/web/../pyproject.toml",
        "/web/app.py",
        "/assets/../../../routes.py",
    ],
)
def test_what_the_page_does_not_use_is_closed(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/gradio_api/upload", "/gradio_api/call/respond", "/gradio_api/run/respond", "/login"]
)
def test_the_open_api_is_closed(client: httpx.Client, path: str) -> None:
    assert client.post(path, json={"data": []}).status_code == 404


@pytest.mark.parametrize(
    "host", ["example.com", "example.com:7860", "127.0.0.1.example.com", "10.0.0.1", "", "[::1", "127.0.0.1:port"]
)
def test_another_name_is_refused(client: httpx.Client, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1:1", "[::1]:7860", "127.1.2.3", "LOCALHOST"])
def test_every_loopback_name_is_answered(client: httpx.Client, host: str) -> None:
    assert client.get("/web/style.css", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://example.com", "null", "http://localhost:1", "http://127.0.0.1:1"])
def test_another_page_cannot_ask(client: httpx.Client, origin: str) -> None:
    assert client.post("/gradio_api/queue/join", json={}, headers={"Origin": origin}).status_code == 403


def test_a_huge_request_is_refused(client: httpx.Client) -> None:
    assert client.post("/gradio_api/queue/join", content=b"x" * 1_000_001).status_code == 413
    assert client.post("/gradio_api/queue/join", content=iter([b"x"])).status_code == 411
    assert client.put("/").status_code == 405


def test_our_files_are_small_and_shipped(client: httpx.Client) -> None:
    files = [client.get(f"/web/{name}") for name in OWN_FILES]
    assert all(file.status_code == 200 for file in files)
    assert sum(len(file.content) for file in files) < 150_000


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com", ""])
def test_an_address_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(ServeError, match="log-in"):
        listen(Settings(host=host))


def test_a_port_in_use_is_named_with_the_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match=rf"port {port} is in use.*--port") as refused:
            listen(Settings(port=port))
    assert "\n" not in str(refused.value)


def test_port_zero_takes_a_free_one() -> None:
    with listen(Settings(port=0)) as listener:
        assert listener.getsockname()[1] > 0


def test_the_style_sheet_and_the_script_load_nothing() -> None:
    for name in OWN_FILES:
        text = resources.files("rag.web").joinpath(name).read_text("utf-8")
        assert not re.search(r"https?://(?!www.w3.org/2000/svg)|@import|url\(", text)


def test_starting_writes_nothing_into_the_installed_gradio() -> None:
    code = (
        "import sys; opened = []; "
        "sys.addaudithook(lambda event, args: event == 'open' and opened.append(str(args[0]))); "
        "import rag.web.server; print([name for name in opened if name.endswith('.pyi')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
