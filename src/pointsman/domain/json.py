"""The type of a JSON object whose inside is read with isinstance, so that no untyped mapping crosses a room."""

from collections.abc import Mapping
from typing import TypeAlias

JsonObject: TypeAlias = Mapping[str, object]
