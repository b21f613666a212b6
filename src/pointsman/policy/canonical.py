"""One digest for one decision: the same values give the same bytes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

from pointsman.domain.run import Route


def digest_of(value: object) -> str:
    """sha256 in hex over the value as JSON with sorted keys and no blanks; dataclasses and enums as plain data."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain(value: object) -> object:
    """Dataclasses, enums, mappings and tuples as objects, words and lists; a sealed route as its digest."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Route) and value.digest:
        return value.digest
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value
