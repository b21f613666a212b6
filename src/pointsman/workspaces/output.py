"""Makes the output of untrusted commands fit to be read: inert, stable from run to run, and short."""

import re
from collections.abc import Iterable

_LONGEST_TEXT = 4_000
_LONGEST_LINE = 400
_LONGEST_FAILURE = 2_400

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x1b\\|\x07)|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]", re.DOTALL
)
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_TIMINGS = re.compile(r" in \d+(?:\.\d+)?(?:ms| ?s\b| seconds?)(?: \(\d+:\d\d:\d\d\))?|\(\d+(?:\.\d+)? ?m?s\)")
_ADDRESSES = re.compile(r"\b0x[0-9a-f]{6,16}\b")
_HEADER = re.compile(
    r"^(?:platform \w+ -- |rootdir: |configfile: |plugins: |cachedir: |testpaths: |-+ generated xml file: ).*\n",
    re.MULTILINE,
)
_SECRETS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bgl[a-z]{2,5}-[\w-]{16,}"),
    re.compile(r"\bsk-[A-Za-z0-9_-]{20,}|\bxox[a-z]-[\w-]{10,}|\bAIza[\w-]{30,}|\b(?:hf|npm|pypi)[_-][\w-]{30,}"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    re.compile(r"(?<=://)[^\s/:@]+:[^\s/@]+(?=@)"),
    re.compile(r"(?<=[Bb]earer )[\w.~+/=-]{16,}"),
)
_NETWORK = re.compile(
    "Network is unreachable|name resolution|Name or service not known|ENETUNREACH|EAI_AGAIN|ENOTFOUND"
    "|Could not resolve host|getaddrinfo|NameResolutionError"
)
NETWORK_HINT = "(The sandbox has no network: what needs it cannot pass here.)"


def tidy(raw: bytes, rooms: Iterable[str] = ()) -> str:
    """The output as inert text without escapes, secrets, timings, addresses, and the folders in `rooms`."""
    text = raw.decode("utf-8", errors="replace")
    text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    text = _CONTROLS.sub("", text)
    for room in rooms:
        text = text.replace(room.rstrip("/") + "/", "").replace(room, ".")
    for secret in _SECRETS:
        text = secret.sub("[masked]", text)
    text = _HEADER.sub("", _ADDRESSES.sub("0x…", _TIMINGS.sub("", text)))
    return "\n".join(_inert(_clipped(line)) for line in text.split("\n")).strip()


def _clipped(line: str) -> str:
    if len(line) <= _LONGEST_LINE:
        return line
    half = _LONGEST_LINE // 2
    return f"{line[:half]} … {len(line) - 2 * half} characters left out … {line[-half:]}"


def _inert(line: str) -> str:
    """No line is a workflow command to a CI system that prints it."""
    line = line.replace("##[", "# #[")
    body = line.lstrip()
    return line[: len(line) - len(body)] + ": :" + body[2:] if body.startswith("::") else line


def shorten(text: str, *, most: int = _LONGEST_TEXT) -> str:
    """At most `most` characters: the first failure and the end when there is one, else the two ends."""
    if len(text) <= most:
        return text
    failure = first_failure(text)
    if failure:
        return _joined(_ends(failure, _LONGEST_FAILURE), _last_lines(text, most - _LONGEST_FAILURE - 100))
    return _ends(text, most)


def first_failure(text: str) -> str:
    """pytest's report of the first test that failed or could not be collected; empty when there is none."""
    banner = re.search(r"^=+ (?:FAILURES|ERRORS) =+$", text, re.MULTILINE)
    if banner is None:
        return ""
    rest = text[banner.start() :]
    later = list(re.finditer(r"^(?:_{3,} .* _{3,}|=+ .* =+)$", rest, re.MULTILINE))
    return rest[: later[2].start()].rstrip() if len(later) > 2 else rest.rstrip()


def _ends(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    room = most - 60
    head = text[: room // 3].rpartition("\n")[0] or text[: room // 3]
    tail = _last_lines(text, room - len(head))
    return _joined(head, tail)


def _last_lines(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    tail = text[-most:]
    return tail.partition("\n")[2] or tail


def _joined(head: str, tail: str) -> str:
    return f"{head}\n… lines left out …\n{tail}"


def needs_network(text: str) -> bool:
    """Whether the output looks as if something wanted the network."""
    return _NETWORK.search(text) is not None
