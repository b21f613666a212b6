"""The message for a squash merge in the text of a change: a fold of ours, to which later runs add their trailers."""

import re
from collections.abc import Sequence

from pointsman.domain.trailers import is_trailer

TITLE = "Message for a squash merge"
_FOLD = re.compile(rf"<details><summary>{TITLE}</summary>.*?</details>", re.DOTALL)
_BLOCK = re.compile(
    r"(?P<before>.*?^(?P<mark>`{3,})text[ \t]*\r?\n)(?P<message>.*?)(?P<after>^(?P=mark)[ \t]*\r?$.*)",
    re.DOTALL | re.MULTILINE,
)


def with_trailers(body: str, trailers: Sequence[str]) -> str:
    """The text of a change whose message for a squash has these lines as well; everything else stays as it reads.

    Lines that people wrote or took out of the message stay so. Without exactly one such message nothing changes.
    """
    folds = list(_FOLD.finditer(body))
    found = _BLOCK.fullmatch(folds[0][0]) if len(folds) == 1 else None
    if found is None:
        return body
    message = _added(found["message"], trailers)
    return f"{body[: folds[0].start()]}{found['before']}{message}{found['after']}{body[folds[0].end() :]}"


def _added(message: str, trailers: Sequence[str]) -> str:
    lines = [line.strip() for line in message.splitlines()]
    new = [line for line in trailers if line not in lines]
    if not new:
        return message
    said = [line for line in lines if line]
    gap = () if said and is_trailer(said[-1]) else ("",)
    end = "\r\n" if "\r\n" in message else "\n"
    return message.rstrip() + end + "".join(f"{line}{end}" for line in (*gap, *new))
