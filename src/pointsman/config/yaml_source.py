"""Strict reading of YAML: plain data with the line and column of every key and value, and nothing clever."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from pointsman.config.problem import ConfigProblem, quoted

MAX_DEPTH = 12
MAX_NODES = 50_000

# Numbers of YAML 1.2's core schema, decimal only; digits are bounded so that no text becomes an endless number.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})\Z")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}\Z")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}

# The first line of every pointer (Git LFS specification, docs/spec.md).
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class YamlText:
    """The data of one file, and where each key and each value of it stands."""

    file: str
    value: object
    keys: Mapping[KeyPath, Place]
    values: Mapping[KeyPath, Place]

    def place(self, path: KeyPath) -> Place:
        """Where the key at `path` stands, or the nearest thing around it."""
        for length in range(len(path), 0, -1):
            found = self.keys.get(path[:length]) or self.values.get(path[:length])
            if found is not None:
                return found
        return self.values.get((), Place(1, 1))

    def place_of_value(self, path: KeyPath) -> Place:
        """Where the value at `path` stands, or the nearest thing around it."""
        known = (self.values.get(path[:length]) for length in range(len(path), 0, -1))
        return next((place for place in known if place is not None), self.place(path))

    def problem(self, place: Place, message: str, hint: str = "") -> ConfigProblem:
        """A problem in this file."""
        return ConfigProblem(self.file, place.line, place.column, message, hint)


class _UnreadableError(Exception):
    """Reading cannot go on."""

    def __init__(self, place: Place, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.place, self.message, self.hint = place, message, hint


def read_yaml(data: bytes, file: str, *, max_bytes: int) -> YamlText | ConfigProblem:
    """One document of mappings, lists and scalars; aliases, anchors, tags and duplicate keys are refused.

    Only `true`, `false`, `null` and decimal numbers are not text: `no`, `off`, `010` and dates stay as written
    (YAML 1.2 core schema without its octal and hexadecimal numbers).
    """
    try:
        text = _text_of(data, max_bytes)
        reader = _Reader(_events(text))
        return YamlText(file, reader.document(), reader.keys, reader.values)
    except _UnreadableError as stop:
        return ConfigProblem(file, stop.place.line, stop.place.column, stop.message, stop.hint)


def _text_of(data: bytes, max_bytes: int) -> str:
    if len(data) > max_bytes:
        raise _UnreadableError(Place(1, 1), f"the file has {len(data)} bytes", f"at most {max_bytes} are read")
    if data.startswith(_LFS_POINTER):
        hint = "take the file out of LFS, so that git holds its text"
        raise _UnreadableError(Place(1, 1), "this is a pointer of Git LFS and not the file", hint)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise _UnreadableError(Place(line, column), "this is not UTF-8 text", "save the file as UTF-8") from error


def _events(text: str) -> Iterator[Event]:
    try:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        hint = "indent with spaces, not tabs" if "\\t" in (error.problem or "") else ""
        raise _UnreadableError(place, f"this is not YAML: {error.problem or 'it cannot be read'}", hint) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        message = "a control character stands here"
        raise _UnreadableError(Place(line, column), message, "take it out") from error
    except (ValueError, OverflowError) as error:
        # PyYAML turns escapes such as "\UFFFFFFFF" and version directives into numbers without a check.
        raise _UnreadableError(Place(1, 1), "an escape or directive in this file is out of range") from error


@dataclass(slots=True)
class _Reader:
    """Turns the stream of events into data, keeping places."""

    events: Iterator[Event]
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    values: dict[KeyPath, Place] = field(default_factory=dict)
    nodes: int = 0

    def document(self) -> object:
        self._expect(StreamStartEvent)
        first = next(self.events)
        if isinstance(first, StreamEndEvent):
            return None
        value = self._node(next(self.events), ())
        self._expect(DocumentEndEvent)
        last = next(self.events)
        if isinstance(last, DocumentStartEvent):
            raise _UnreadableError(_place(last), "a second document starts here", "keep one document in the file")
        return value

    def _expect(self, kind: type[Event]) -> None:
        event = next(self.events)
        assert isinstance(event, kind)

    def _node(self, event: Event, path: KeyPath) -> object:
        self._refuse_cleverness(event, path)
        self.values[path] = _place(event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        assert isinstance(event, ScalarEvent)
        return _scalar(event)

    def _refuse_cleverness(self, event: Event, path: KeyPath) -> None:
        place = _place(event)
        self.nodes += 1
        if isinstance(event, AliasEvent):
            raise _UnreadableError(place, "aliases are not read", "write the value out")
        assert isinstance(event, NodeEvent)
        if event.anchor is not None:
            raise _UnreadableError(place, "anchors are not read", "write the value out where it is used")
        if getattr(event, "tag", None) is not None:
            raise _UnreadableError(place, "tags are not read", "take the tag out")
        if len(path) > MAX_DEPTH:
            raise _UnreadableError(place, f"this is nested more than {MAX_DEPTH} deep")
        if self.nodes > MAX_NODES:
            raise _UnreadableError(place, f"the file holds more than {MAX_NODES} values")

    def _mapping(self, path: KeyPath) -> dict[str, object]:
        found: dict[str, object] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            place = _place(event)
            self._refuse_cleverness(event, path)
            if not isinstance(event, ScalarEvent):
                raise _UnreadableError(place, "a key must be a single word")
            name = event.value
            if name in found:
                first = self.keys[(*path, name)].line
                message = f"key {quoted(name)} stands here a second time"
                raise _UnreadableError(place, message, f"it was first given in line {first}")
            self.keys[(*path, name)] = place
            found[name] = self._node(next(self.events), (*path, name))
        return found

    def _sequence(self, path: KeyPath) -> list[object]:
        found: list[object] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            found.append(self._node(event, (*path, len(found))))
        return found


def _place(event: Event) -> Place:
    mark = event.start_mark
    assert mark is not None
    return Place(mark.line + 1, mark.column + 1)


def _scalar(event: ScalarEvent) -> object:
    text: str = event.value
    if event.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
