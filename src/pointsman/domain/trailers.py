"""Lines at the end of a commit message that programs and people read as somebody's word, and texts without them."""

import re
import unicodedata

# Letters of any alphabet, so that a look-alike of `Signed-off-by` is one as well; git's own rule knows ASCII only.
_NAMED = re.compile(
    r"\w+(?:-\w+)+\s*:.*"
    r"|(?:fixes|closes|refs|cc|bug|link|issue|see|resolves|closed|fixed)\s*:.*"
    r"|\(cherry picked from commit .*",
    re.IGNORECASE | re.DOTALL,
)
RUN = "Pointsman-Run"
"""The name of the line by which a commit points to its run."""

_RUN_LINE = re.compile(rf"^[ \t]*{RUN}:[ \t]*(\S+)[ \t]*\r?$", re.MULTILINE)
_HYPHENS = str.maketrans(
    dict.fromkeys("\u00ad\u058a\u05be\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-")
)
_COLONS = str.maketrans(dict.fromkeys("\u02d0\u0589\u2236\ua789\ufe13\ufe55\uff1a", ":"))


def run_trailer(run_id: str) -> str:
    """The line that names the run which made a commit."""
    return f"{RUN}: {run_id}"


def assisted_trailer(model: str) -> str:
    """The line that names a model which wrote in a commit."""
    return f"Assisted-by: Pointsman ({model})"


def runs_named(message: str) -> tuple[str, ...]:
    """The runs that a message names, which anybody may write; wherever in it, since a squash mixes messages."""
    return tuple(dict.fromkeys(_RUN_LINE.findall(message)))


def is_trailer(line: str) -> bool:
    """Whether a line reads as a trailer, whatever its case, its spaces, its alphabet and its kind of hyphen."""
    return _NAMED.fullmatch(_plainly(line).strip()) is not None


def without_trailers(text: str) -> str:
    """The text without such lines, the lines that go on from them, and the lines at which a message ends for git.

    `---` is where git stops reading a message (git-interpret-trailers, "patch part"), so what follows it would be
    none of it, our own trailers included.
    """
    kept: list[str] = []
    is_inside = False
    for line in text.splitlines():
        is_inside = is_trailer(line) or (is_inside and line[:1].isspace() and bool(line.strip()))
        if not is_inside and not re.match(r"---(?:\s|$)", _plainly(line)):
            kept.append(line)
    return "\n".join(kept)


def _plainly(line: str) -> str:
    seen = "".join(letter for letter in line if unicodedata.category(letter) not in ("Cc", "Cf") or letter == "\t")
    return unicodedata.normalize("NFKC", seen.translate(_HYPHENS).translate(_COLONS))
