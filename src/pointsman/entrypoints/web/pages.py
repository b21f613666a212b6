"""The pages that people see in a browser: plain HTML, readable on a phone, without scripts."""

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from urllib.parse import urlsplit

from pointsman.entrypoints.web.parts import GITHUB_HOOKS, AppForm, AppWish, ShownPage
from pointsman.entrypoints.web.wishes import LONGEST_NAME, warnings

_CSS = """
:root { color-scheme: light dark }
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 38rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; line-height: 1.2 }
dt { font-weight: 600; margin-top: .6rem }
dd { margin: 0; overflow-wrap: anywhere }
label { display: block; font-weight: 600; margin-top: .9rem }
input { font: inherit; box-sizing: border-box; width: 100%; padding: .5rem; border: 1px solid #767676 }
input, button { border-radius: .3rem }
button { font: inherit; padding: .6rem 1.1rem; margin-top: 1.2rem; border: 0 }
button.main { background: #1a56b0; color: #fff; font-weight: 600 }
a:focus-visible, button:focus-visible, input:focus-visible, summary:focus-visible { outline: 3px solid #d98200 }
.note { border-left: .3rem solid #d98200; padding: .1rem 0 .1rem .8rem }
.wrong { font-weight: 400; margin: .2rem 0 }
.hint { font-weight: 400; margin: 0; opacity: .8 }
code { overflow-wrap: anywhere }
main:has(figure) { max-width: none }
body:has(figure) { max-width: 90rem }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem }
figure { margin: 0 }
figcaption { font-weight: 600 }
figure img { width: 100%; height: auto; border: 1px solid #767676 }
"""
STYLE = "sha256-" + base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()

_RIGHTS = (
    ("Contents, issues, pull requests, checks", "read and write"),
    ("Metadata", "read"),
    ("Workflows, administration, secrets", "none"),
)
_FIELDS = (
    ("url", "Address of this server", "Where GitHub reaches it; webhooks are sent there."),
    ("organization", "Organisation", "Empty for your own account."),
    ("web", "GitHub's address", "github.com, or your GitHub Enterprise Server."),
    ("name", "Name of the App", f"At most {LONGEST_NAME} characters; nobody else on GitHub may have it."),
)


def whole(title: str, body: str) -> str:
    """A page; `body` is HTML, `title` is not."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · Pointsman</title><style>{_CSS}</style></head>\n"
        f"<body><main><h1>{escape(title)}</h1>\n{body}\n</main></body></html>\n"
    )


def setup_page(wish: AppWish, form: AppForm, *, token: str, problems: Mapping[str, str]) -> str:
    """What will be made, the one button that makes it, and below it what can be changed."""
    owner = wish.organization or "your own account"
    host = urlsplit(wish.web).netloc
    rights = "".join(f"<dt>{escape(what)}</dt><dd>{escape(right)}</dd>" for what, right in _RIGHTS)
    body = f"""
<p>This makes a private GitHub App of your own on {escape(host)}, for {escape(owner)}. Its key is kept on this server,
in a file that only the bot can read, and goes nowhere else.</p>
<dl><dt>Webhooks go to</dt><dd><code>{escape(wish.url)}{GITHUB_HOOKS}</code></dd>{rights}</dl>
{_notes(wish)}{_post(form, f"Create the App on {host}")}
<p class="hint">GitHub shows it once more and asks for your consent. Then you choose the repositories.</p>
{_change(wish, token, problems)}"""
    return whole("Set up Pointsman", body)


def form_file(wish: AppWish, form: AppForm, finish: str) -> str:
    """The form as a file that any browser opens; `finish` is the command to type afterwards."""
    body = f"""
<p>This makes a private GitHub App on {escape(urlsplit(wish.web).netloc)}. Afterwards the browser is sent to
<code>{escape(wish.url)}</code>. Whether or not that page opens: its address holds <code>code=…</code>.
Within the hour, on the server:</p>
<p><code>{escape(finish)}</code></p>
{_notes(wish)}{_post(form, "Create the App")}"""
    return whole("Set up Pointsman", body)


def previews_page(shown: ShownPage) -> str:
    """The pictures of a run, before and after side by side, below each other on a phone."""
    rows = "".join(
        f"<h2><code>{escape(name)}</code></h2><div class=pair>"
        f"{_figure(name, 'Before', before)}{_figure(name, 'After', after)}</div>"
        for name, before, after in shown.rows
    )
    said = "<p>Drawn by the code of the change itself, in the sandbox of the bot. Nothing was decided by them.</p>"
    return whole(f"Preview of run {shown.run_id}", said + rows)


def _figure(page: str, side: str, token: str) -> str:
    if not token:
        return f"<figure><figcaption>{side}</figcaption><p>There is no picture.</p></figure>"
    alt = escape(f"{page}, {side.lower()} the change")
    return f'<figure><figcaption>{side}</figcaption><img src="{escape(token)}" alt="{alt}"></figure>'


def message_page(title: str, *paragraphs: str) -> str:
    """A few sentences; text in backticks is code."""
    return whole(title, "\n".join(f"<p>{_coded(text)}</p>" for text in paragraphs if text))


def _post(form: AppForm, label: str) -> str:
    return (
        f'<form method="post" action="{escape(form.action)}">'
        f'<input type="hidden" name="manifest" value="{escape(form.manifest)}">'
        f'<button class="main">{escape(label)}</button></form>'
    )


def _notes(wish: AppWish) -> str:
    return "".join(f'<p class="note">{escape(each)}</p>' for each in warnings(wish.url))


def _change(wish: AppWish, token: str, problems: Mapping[str, str]) -> str:
    values = {"url": wish.url, "organization": wish.organization, "web": wish.web, "name": wish.name}
    fields = "".join(_field(key, label, hint, values[key], problems.get(key, "")) for key, label, hint in _FIELDS)
    opened = " open" if problems else ""
    return f"""<details{opened}><summary>Another address, an organisation, GitHub Enterprise Server</summary>
<form method="get" action="setup"><input type="hidden" name="token" value="{escape(token)}">{fields}
<button>Show it with these</button></form></details>"""


def _field(key: str, label: str, hint: str, value: str, problem: str) -> str:
    wrong = f'<p class="wrong" id="{key}-wrong">⚠ {escape(problem)}</p>' if problem else ""
    about = f'aria-describedby="{key}-hint{f" {key}-wrong" if problem else ""}"'
    return (
        f'<label for="{key}">{escape(label)}</label><p class="hint" id="{key}-hint">{escape(hint)}</p>{wrong}'
        f'<input id="{key}" name="{key}" value="{escape(value)}" {about}'
        f'{" aria-invalid=true" if problem else ""} autocomplete="off">'
    )


def _coded(text: str) -> str:
    parts = text.split("`")
    return "".join(f"<code>{escape(part)}</code>" if odd % 2 else escape(part) for odd, part in enumerate(parts))
