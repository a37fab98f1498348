"""The HTML of the log-in page and of refusals: it needs no script. What is asked for passes through `render.plain`."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from rag.web import access_labels, labels
from rag.web.access_labels import AccessLabels
from rag.web.labels import Labels
from rag.web.render import collection_name, plain
from rag.web.served import Collections

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def words_for(headers: Mapping[str, str]) -> tuple[AccessLabels, Labels]:
    """Return the words in the browser's language."""
    words = labels.of(headers)
    return access_labels.BY_LANGUAGE[words.language], words


def log_in(target: str, name: str, problem: str, headers: Mapping[str, str]) -> str:
    """Render the log-in page. `target` is where to go on, `problem` why the last attempt failed."""
    words, common = words_for(headers)
    alert = f'<p class="alert" role="alert" id="problem">{plain(problem)}</p>' if problem else ""
    invalid = ' aria-invalid="true" aria-describedby="problem"' if problem == words.wrong else ""
    focus = (" autofocus", "") if not name else ("", " autofocus")
    return _page(
        words.log_in,
        f"""<h1>{words.log_in}</h1>
{alert}
<form method="post" action="/login">
<input type="hidden" name="next" value="{plain(target)}">
<label for="name">{words.name}</label>
<input id="name" name="name" value="{plain(name)}" required maxlength="64" autocomplete="username" autocapitalize="none"
 spellcheck="false" dir="auto"{invalid}{focus[0]}>
<label for="password">{words.password}</label>
<input id="password" name="password" type="password" required maxlength="500" autocomplete="current-password"
{invalid}{focus[1]}>
<button type="submit">{words.log_in}</button>
</form>""",
        common,
    )


def way_to_log_in(target: str, headers: Mapping[str, str]) -> str:
    """Render the way to the log-in page, which a browser takes by itself.

    A redirect would not do: of a link on another site, the cookie is not sent with the first request and what it
    redirects to, but it is sent with what our own page leads to, which goes straight on for who is logged in.
    """
    words, common = words_for(headers)
    address = plain(f"/login?next={quote(target, safe='')}")
    refresh = f'<meta http-equiv="refresh" content="0;url={address}">'
    return _page(words.log_in, f'<p><a class="button" href="{address}">{words.log_in}</a></p>', common, refresh)


def owner_only(headers: Mapping[str, str]) -> str:
    """Render why a reader does not get a page."""
    words, common = words_for(headers)
    return notice(
        words.owner_only, f'<p>{words.owner_only_note}</p><p><a class="button" href="/">{words.to_chat}</a></p>', common
    )


def unknown_name(name: str, with_log_in: bool, headers: Mapping[str, str]) -> str:
    """Render why the server does not answer to a name, and which setting lets it."""
    words, common = words_for(headers)
    asked = f"<p>{words.unknown_name_note.format(f'<code>{plain(name)}</code>')}</p>"
    setting = f"<pre><code>allowed_hosts = [&quot;{plain(name)}&quot;]</code></pre>"
    how = f"<p>{words.allow}</p>{setting}" if with_log_in else f"<p>{words.this_machine_only}</p>"
    return notice(words.unknown_name, asked * bool(name) + how * bool(name or not with_log_in), common)


def no_collection(served: Collections, headers: Mapping[str, str]) -> str:
    """Render that there is no collection of the name in an address, and which there are."""
    words, common = words_for(headers)
    links = "".join(
        f'<li><a href="{plain(each.address)}" dir="auto">{collection_name(each.name, common)}</a></li>'
        for each in served.offer()
    )
    return notice(words.no_collection, f"<p>{words.choose}</p><ul>{links}</ul>", common)


def notice(title: str, content: str, common: Labels) -> str:
    """Render a page that says one thing; `content` is HTML."""
    return _page(title, f"<h1>{title}</h1>{content}", common)


def _page(title: str, content: str, common: Labels, head: str = "") -> str:
    return f"""<!doctype html>
<html lang="{common.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{head}
<title>{title} · {common.title}</title>
<link rel="icon" type="image/svg+xml" href="/web/icon.svg">
<link rel="stylesheet" href="/web/base.css">
<link rel="stylesheet" href="/web/access.css">
</head>
<body>
<header id="header"><div class="bar"><p class="brand">{common.title}</p></div></header>
<main>
{content}
</main>
</body>
</html>
"""
