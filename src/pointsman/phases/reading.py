"""Drafts that models write, read strictly in meaning and liberally in form."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from pointsman.domain.json import JsonObject

D = TypeVar("D", bound="Draft")

_LONGEST_TEXT = 4000
_LONGEST_LIST = 30


def _as_text(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list):
        return "\n".join(str(_as_text(item)) for item in value)
    if isinstance(value, dict):
        return ": ".join(str(_as_text(item)) for item in value.values())
    return value.strip()[:_LONGEST_TEXT] if isinstance(value, str) else value


def _as_texts(value: object) -> object:
    if isinstance(value, str):
        value = value.splitlines()
    elif isinstance(value, dict):
        value = list(value.values())
    elif value is None:
        value = []
    if not isinstance(value, list):
        return value
    texts = (str(_as_text(item)).lstrip("-* ").strip() for item in value)
    return [text for text in texts if text][:_LONGEST_LIST]


def _as_list(value: object) -> object:
    if value is None:
        return []
    return [value] if isinstance(value, dict) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_texts)]
AsList = BeforeValidator(_as_list)


class Draft(BaseModel):
    """What a model may say; keys that nobody asked for mean nothing."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def reader(draft: type[D]) -> Callable[[JsonObject], D | str]:
    """Reads a JSON object into `draft`, or says in one sentence what is wrong with it."""

    def read(data: JsonObject) -> D | str:
        try:
            return draft.model_validate(data)
        except ValidationError as error:
            return "; ".join(_sentence(part["loc"], part["msg"]) for part in error.errors()[:3])

    return read


def _sentence(place: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(str(step) for step in place) or 'the object'}: {message}"


def text_schema(description: str) -> JsonObject:
    """A JSON Schema for one text."""
    return {"type": "string", "description": description}


def choice_schema(*words: str) -> JsonObject:
    """A JSON Schema for one word out of a closed set."""
    return {"type": "string", "enum": list(words)}


def list_schema(items: JsonObject, description: str = "") -> JsonObject:
    """A JSON Schema for a list."""
    said = {"description": description} if description else {}
    return {"type": "array", "items": dict(items), **said}


def object_schema(**properties: JsonObject) -> JsonObject:
    """A JSON Schema for an object that has exactly these keys."""
    return {
        "type": "object",
        "properties": {name: dict(schema) for name, schema in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }
