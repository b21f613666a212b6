"""JSON as the bytes that go over the wire: compact UTF-8, and quick on a long history."""

import json
from collections.abc import Callable, Mapping, Sequence

from pydantic_core import PydanticSerializationError, to_json

from pointsman.domain.models import Message


def encoded(value: object) -> bytes:
    """The JSON of `value`. Half a surrogate pair, which UTF-8 cannot hold, goes as an escape, all else as it is."""
    try:
        return to_json(value, fallback=_plain, inf_nan_mode="constants")
    except (PydanticSerializationError, UnicodeEncodeError):
        return json.dumps(value, default=_plain, separators=(",", ":")).encode()


class GrowingTurns:
    """The turns of a conversation that grows: a turn that stood in the last body is not encoded again.

    Only the turns of the last body are kept; they are known by identity, since turns are never changed.
    """

    def __init__(self, form: Callable[[Message], object]) -> None:
        self._form = form
        self._kept: dict[int, tuple[Message, bytes]] = {}

    def body(self, first: Sequence[object], turns: Sequence[Message], rest: Mapping[str, object]) -> bytes:
        """A JSON object whose `messages` are `first` and then the turns, with the (non-empty) rest beside them."""
        kept = {id(turn): self._encoded(turn) for turn in turns}
        self._kept = kept
        parts = [encoded(one) for one in first] + [kept[id(turn)][1] for turn in turns]
        return b'{"messages":[' + b",".join(parts) + b"]," + encoded(rest)[1:]

    def _encoded(self, turn: Message) -> tuple[Message, bytes]:
        found = self._kept.get(id(turn))
        return found if found and found[0] is turn else (turn, encoded(self._form(turn)))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
