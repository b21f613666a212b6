"""What a model wrote, as text that can be posted: it shows, and does nothing else."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from pointsman.conversation.masking import masked
from pointsman.domain.invisible import visible_characters

OUTBOUND_CAP = 60_000
_LINE_SOURCE_CAP = 20_000

_CUT = "\n\n(The rest was cut: the text was longer than {cap:,} characters.)"
_FENCE = re.compile(r"^(?P<mark>`{3,}(?=[^`\n]*$)|~{3,})[ \t]*(?P<info>[^\s`]*)[^\n]*$", re.MULTILINE)
_LANGUAGES = frozenset(
    {"bash", "c", "cpp", "cs", "css", "console", "diff", "go", "html", "ini", "java", "javascript", "js", "json"}
    | {"kotlin", "md", "php", "py", "python", "rb", "ruby", "rs", "rust", "sh", "sql", "swift", "text", "toml"}
    | {"ts", "typescript", "xml", "yaml", "yml"}
)
_WORKFLOW_COMMAND = re.compile(r"^([ \t]*):(?=:[A-Za-z-]+(?:[ \t][^\n]*)?::)", re.MULTILINE)
_OLD_WORKFLOW_COMMAND = re.compile(r"^([ \t]*)##(?=\[[A-Za-z-]+[^\n]*\])", re.MULTILINE)
# Titles and pages become the messages of squashed commits, where these words keep the own CI of a repository away
# (GitHub documentation, "Skipping workflow runs"; GitLab documentation, "Skip a pipeline").
_SKIPS_CI = re.compile(
    r"\[(?=(?:skip[\s-]+(?:ci|actions)|(?:ci|actions)[\s-]+skip|no[\s-]+ci)\])|\*\*(?=\*NO_CI\*\*\*)", re.IGNORECASE
)

_MARKER = re.compile(r"<!--\s*(?=pointsman)", re.IGNORECASE)

_URL = r"(?:(?:[A-Za-z][A-Za-z0-9+.\-]{0,20})?:(?://|\\\\)|www\.)[^\s<>`\"'\\()\[\]|!]{1,2000}"
_PROSE = re.compile(
    r"(?P<span>(?P<ticks>`{1,3})(?!`)(?P<content>[^`\n]+)(?P=ticks)(?!`))"
    r"|(?P<link>!?\[(?P<text>[^\[\]\n]{0,500})\]\(\s{0,9}<?(?P<target>[^()\s<>\"'|]{0,2000})[^()\n]{0,500}\))"
    rf"|(?P<url>{_URL})"
    r"|(?P<trailer>^[ \t]*(?:\w+-)+(?i:by|checks|run|note)[ \t]*[:\uff1a][^\n`]*)"
    r"|(?P<start>^[ \t>]*(?:(?:[*+-]|[0-9]{1,9}[.)])[ \t]+)*(?P<slash>/[A-Za-z][^\s`|]*))"
    r"|(?P<mention>@[A-Za-z0-9_][A-Za-z0-9_./-]{0,200})"
    r"|(?P<issue>(?:[A-Za-z0-9_.-]{1,80}/){0,4}[A-Za-z0-9_.-]{0,80}[#!][0-9]+)"
    r"|(?P<old_issue>(?<![A-Za-z])[Gg][Hh]-[0-9]+)"
    r"|(?P<closing>(?<![A-Za-z])(?i:close[sd]?|closing|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)"
    r":?[ \t]+(?P<ticket>[A-Z][A-Z0-9_]+-[0-9]+))"
    r"|(?P<html><(?=[A-Za-z/!?]))"
    r"|(?P<entity>&(?=#?[A-Za-z0-9]{1,40};))"
    r"|(?P<bracket>\]\s{0,9}(?=\()|\](?=:)|!(?=\[))"
    r"|(?P<tilde>~{3,})"
    r"|(?P<backslash>\\)"
    r"|(?P<tick>`)",
    re.MULTILINE,
)
_TRIGGER = re.compile(r"&#?[A-Za-z0-9]+;|@|[#!][0-9]|://.+://")
_REFERENCE_PATH = re.compile(
    r"/(?:-/)?(?:issues|pull|pulls|merge_requests|work_items|epics|discussions|commit)/", re.IGNORECASE
)


def outbound(text: str, known_hosts: Collection[str] = ()) -> str:
    """`text` as Markdown without effects: safe to post under the bot's name on any forge.

    No HTML, images or reference definitions; links only to `known_hosts` (exact names), other targets as code
    without their query; nobody is mentioned, no issue is closed, no command is given to a forge or a runner; what
    looks like a credential is masked. At most 60,000 characters.
    """
    raw = text[:OUTBOUND_CAP]
    hosts = frozenset(host.casefold() for host in known_hosts)
    shown = _inert(raw, hosts)
    cut = len(text) > len(raw)
    note = _CUT.format(cap=OUTBOUND_CAP)
    while len(shown) > OUTBOUND_CAP - len(note):
        raw = raw[: min(len(raw) - 1, len(raw) * (OUTBOUND_CAP - len(note)) // len(shown))]
        shown = _inert(raw, hosts)
        cut = True
    return shown + note if cut else shown


def outbound_line(text: str, known_hosts: Collection[str] = (), limit: int = 300) -> str:
    """The same on one line of at most about `limit` characters: fit for a list, a table cell or a heading."""
    flat = " ".join(_clean(text[:_LINE_SOURCE_CAP]).split())
    short = flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"
    return _prose(short, frozenset(host.casefold() for host in known_hosts)).replace("|", "\\|")


def outbound_code(text: str, language: str = "text", limit: int = 4_000) -> str:
    """`text` as a fenced block that nothing inside can end; the middle is cut beyond `limit` characters."""
    clean = _clean(text)
    if len(clean) > limit:
        clean = f"{clean[: limit // 2]}\n… {len(clean) - limit:,} characters cut …\n{clean[-limit // 2 :]}"
    return _fenced(clean, language)


def inline_code(text: str) -> str:
    """A path, test id or name as code within a line; as plain text where code could be cut in two."""
    flat = _not_skipping(" ".join(masked(visible_characters(text[:_LINE_SOURCE_CAP])[0]).split())[:300])
    return outbound_line(flat) if "`" in flat or "|" in flat else _code(flat)


def is_clean(text: str) -> bool:
    """Whether code can be shown as it is: no credential in it, nothing invisible, no command to a runner or to us."""
    return _clean(text) == text.replace("\r\n", "\n")


def _inert(raw: str, hosts: frozenset[str]) -> str:
    clean = _clean(raw)
    pieces: list[str] = []
    position = 0
    while (opening := _FENCE.search(clean, position)) is not None:
        pieces.append(_prose(clean[position : opening.start()], hosts))
        mark = opening["mark"]
        closing = re.compile(rf"^ {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        end = closing.search(clean, opening.end())
        pieces.append(_fenced(clean[opening.end() + 1 : end.start() if end else len(clean)], opening["info"]))
        position = end.end() if end else len(clean)
    pieces.append(_prose(clean[position:], hosts))
    return "".join(pieces)


def _clean(text: str) -> str:
    """No credentials, nothing invisible, no commands to runners and CI, no hidden markers of our own texts."""
    text = masked(visible_characters(text)[0])
    quiet = _OLD_WORKFLOW_COMMAND.sub(r"\1# #", _WORKFLOW_COMMAND.sub(r"\1: ", text))
    return _MARKER.sub("<! -- ", _not_skipping(quiet))


def _not_skipping(text: str) -> str:
    return _SKIPS_CI.sub(lambda found: f"{found.group()} ", text)


def _fenced(code: str, language: str) -> str:
    longest = max((len(run) for run in re.findall("`{3,}", code)), default=2)
    mark = "`" * (longest + 1)
    named = language.casefold() if language.casefold() in _LANGUAGES else "text"
    return f"{mark}{named}\n{code.rstrip()}\n{mark}"


def _prose(text: str, hosts: frozenset[str]) -> str:
    """Each token that a forge would act on, rewritten; everything between them as it is."""
    out: list[str] = []
    position = 0
    for found in _PROSE.finditer(text):
        out.append(text[position : found.start()])
        position = found.end()
        before = out[-1] or (out[-2] if len(out) > 1 else "")
        # A mention is none after a letter, but code that we made of the word before no longer is one.
        is_address = found["mention"] is not None and before[-1:].isalnum() and before.isascii()
        rewritten = found.group() if is_address else _rewritten(found, hosts)
        glued = rewritten.startswith("`") and before.endswith(("`", "$"))
        out.append(f" {rewritten}" if glued else rewritten)
    out.append(text[position:])
    return "".join(out)


def _rewritten(found: re.Match[str], hosts: frozenset[str]) -> str:
    kind = found.lastgroup
    token = found.group()
    if found["span"] is not None:
        return _span(found["content"], hosts)
    if found["link"] is not None:
        return _link(found, hosts)
    if found["url"] is not None:
        return token if _is_known(token, hosts) else _code(_shown_target(token))
    if found["trailer"] is not None:
        return _code(token)
    if found["start"] is not None:
        return token[: -len(found["slash"])] + _code(found["slash"])
    if found["closing"] is not None:
        return token[: -len(found["ticket"])] + _code(found["ticket"])
    if found["mention"] is not None or found["issue"] is not None or found["old_issue"] is not None:
        return _code(token)
    escapes = {"html": "&lt;", "entity": "&amp;", "backslash": "\\\\", "tick": "\\`"}
    return escapes.get(kind or "", f"\\{token}")


def _span(content: str, hosts: frozenset[str]) -> str:
    """Code stays code, unless a table would cut it in two and set free what is in it."""
    if "|" in content and _prose(content, hosts) != content:
        return f"\\`{_prose(content, hosts)}\\`"
    return _code(content)


def _link(found: re.Match[str], hosts: frozenset[str]) -> str:
    target = found["target"]
    text = _prose(found["text"], frozenset()).strip()
    if found.group().startswith("!"):
        return f"{text} (image: {_code(_shown_target(target))})".lstrip()
    if _is_known(target, hosts):
        return f"[{text or 'link'}]({target})"
    return f"{text} ({_code(_shown_target(target))})".lstrip()


def _is_known(url: str, hosts: frozenset[str]) -> bool:
    """An https address of exactly one of the hosts that is not itself a reference the forge would act on."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme in {"https", "http"} and parts.username is None and (parts.port in {None, 80, 443})
    except ValueError:
        return False
    known = plain and (parts.hostname or "").casefold() in hosts and _TRIGGER.search(url) is None
    return known and _REFERENCE_PATH.search(parts.path) is None


def _shown_target(url: str) -> str:
    return re.split(r"[?#]", url, maxsplit=1)[0][:200] or "empty"


def _code(content: str) -> str:
    """A code span around text without backticks, on one line."""
    inside = " ".join(content.replace("`", "'").split("\n")).strip() or " "
    return f"`{inside}`"
