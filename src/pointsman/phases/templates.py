"""Prompt templates with strict variables, and the fences that keep data apart from orders."""

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from pointsman.domain.invisible import written_out

_VARIABLE = re.compile(r"\{\{(\w+)\}\}")
_USER_PART = "\n=== user ===\n"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A filled template: its name with version, what is said as system, and what as user."""

    template: str
    system: str
    user: str


@cache
def _parts(template: str) -> tuple[str, str]:
    name, version = template.split("/")
    text = files("pointsman.phases.prompts").joinpath(f"{name}-{version}.md").read_text(encoding="utf-8")
    system, found, user = text.partition(_USER_PART)
    if not found:
        raise ValueError(f"the template {template} has no user part")
    return system.strip(), user.strip()


def fill(template: str, **values: str) -> Prompt:
    """The template `name/version` with every variable replaced once.

    A value is never read for variables itself. Raises ValueError when a variable has no value or a value no variable.
    """
    system, user = _parts(template)
    wanted = {*_VARIABLE.findall(system), *_VARIABLE.findall(user)}
    if wanted != values.keys():
        odd = ", ".join(sorted(wanted ^ values.keys()))
        raise ValueError(f"the template {template} and its values differ in: {odd}")

    def value(found: re.Match[str]) -> str:
        return values[found.group(1)]

    return Prompt(template, _VARIABLE.sub(value, system), _tidy(_VARIABLE.sub(value, user)))


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}\Z", "\n", text).strip("\n") + "\n"


def mark_of(*texts: str) -> str:
    """A delimiter for these texts that none of them can hold: it is a digest of what it encloses.

    Whoever writes such a text changes the delimiter by writing, so that it cannot be guessed and closed early; and a
    replay of the same question has the same one.
    """
    seed = "\0".join(texts)
    number = 0
    while True:
        mark = sha256(f"{number}\0{seed}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
        if mark not in seed:
            return mark
        number += 1


def fenced(mark: str, label: str, text: str) -> str:
    """`text` in a code fence that nothing inside can close, under a line that carries the mark.

    Small models copy unusual delimiters into their answers; a fence is what they know. What nobody sees is written
    out.
    """
    text, label = written_out(text), " ".join(written_out(label).split())
    body = text if text.endswith("\n") else f"{text}\n"
    longest = max((len(run) for run in re.findall(r"`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{label} (data {mark}):\n{fence}\n{body}{fence}\n"


def bullets(lines: tuple[str, ...]) -> str:
    """The lines as a list, or `none`."""
    return "\n".join(f"- {line}" for line in lines) or "none"


def shorten(text: str, limit: int) -> str:
    """Head and tail of a text that is longer than `limit` characters, with a remark how much is left out."""
    if len(text) <= limit:
        return text
    head, tail = limit * 2 // 3, limit // 3
    return f"{text[:head]}\n[... {len(text) - head - tail} characters left out ...]\n{text[len(text) - tail :]}"
