"""JSON as it travels: whatever GitHub's own descriptions allow, which judge it better than types do."""

from typing import Any

Value = Any
Json = dict[str, Any]
