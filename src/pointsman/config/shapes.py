"""The kinds of value that both files are made of, as strict pydantic types: nothing is guessed or converted."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from pointsman.config.commands import MAX_COMMAND, argv_of, refuse_bad_pattern

Tier = Literal["small", "mid", "frontier"]
Wanted = Literal["required", "optional"]

Flag = Annotated[bool, Field(strict=True)]
Dollars = Annotated[float, Field(strict=True, ge=0, le=1_000_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(strict=True, gt=0, le=86_400, allow_inf_nan=False)]
Tokens = Annotated[int, Field(strict=True, ge=16, le=10_000_000)]
ManyTokens = Annotated[int, Field(strict=True, ge=16, le=1_000_000_000)]
Minutes = Annotated[float, Field(strict=True, gt=0, le=10_080, allow_inf_nan=False)]
Samples = Annotated[int, Field(strict=True, ge=1, le=20)]
Megabytes = Annotated[int, Field(strict=True, ge=64, le=1_048_576)]
Milliseconds = Annotated[int, Field(strict=True, ge=1, le=3_600_000)]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000)]
Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]


def _path_pattern(text: str) -> str:
    if not text or len(text) > 200:
        raise ValueError("a path pattern has 1 to 200 characters")
    if text[0] in "!#":
        raise ValueError(f"a path pattern cannot begin with {text[0]}; patterns only ever add protection")
    if "\\" in text or not text.isprintable() or text != text.strip():
        raise ValueError("a path pattern holds no backslash, control character or outer blank")
    if {".", ".."} & set(text.split("/")) or "//" in text:
        raise ValueError("a path pattern stays inside the repository and holds no . or .. or empty folder")
    if any(_opens_a_set(part) for part in text.split("/")):
        raise ValueError("a [ in a path pattern opens a set, which is closed by ] before the next slash")
    if not text.strip("/"):
        raise ValueError('to mean every path, write "**"')
    return text


def _opens_a_set(part: str) -> bool:
    """Whether a set is open at the end of a folder's name; right after its [, ! or ^, a ] is a member."""
    at = part.find("[")
    while at >= 0:
        first = at + 2 if part[at + 1 : at + 2] in ("!", "^") else at + 1
        close = part.find("]", first + 1)
        if close < 0:
            return True
        at = part.find("[", close)
    return False


def _command(text: str) -> str:
    argv_of(text)
    return text


def _command_pattern(text: str) -> str:
    refuse_bad_pattern(text)
    return text


def _shown_as(pattern: str, longest: int) -> WithJsonSchema:
    """What an editor is told of a text that only code can judge: never stricter than the code."""
    return WithJsonSchema({"type": "string", "minLength": 1, "maxLength": longest, "pattern": pattern})


_NO_SHELL = r"^[^;&|<>$`\r\n]*[^;&|<>$`\s][^;&|<>$`\r\n]*$"
PathPattern = Annotated[str, AfterValidator(_path_pattern), _shown_as(r"^[^!#\s\\][^\\]*$", 200)]
Command = Annotated[str, AfterValidator(_command), _shown_as(_NO_SHELL, MAX_COMMAND)]
CommandPattern = Annotated[str, AfterValidator(_command_pattern), _shown_as(_NO_SHELL, MAX_COMMAND)]


class Strict(BaseModel):
    """A mapping in which every key is known; it never changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
