"""A small reader of GraphQL documents: operations, fields, arguments, fragments, variables."""

import json
import re
from dataclasses import dataclass, field

from tests.worlds.github.wire import Value

_TOKEN = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\])*"|\.\.\.|[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[{}()\[\]:$!=@|]')
_IGNORED = re.compile(r"[\s,]+|#[^\n]*")


class BadQuery(Exception):
    """The document cannot be read, or asks for what is not there."""


@dataclass(slots=True)
class Field:
    """One field; an inline fragment has no name and the type that it is for."""

    name: str
    alias: str = ""
    arguments: dict[str, Value] = field(default_factory=dict)
    fields: list["Field"] = field(default_factory=list)
    on: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    kind: str
    fields: list[Field]


def read(document: str, variables: dict[str, Value]) -> Operation:
    """The first operation of a document, its variables filled in. Raises BadQuery."""
    return _Reader(document, variables).document()


def chosen(value: Value, fields: list[Field], kind: str) -> Value:
    """What the fields choose of a value; functions in it are called with the arguments. Raises BadQuery."""
    if value is None or not fields:
        return value
    if isinstance(value, list):
        return [chosen(one, fields, kind) for one in value]
    picked: dict[str, Value] = {}
    for one in fields:
        if one.on:
            if value.get("__typename") == one.on:
                picked |= chosen(value, one.fields, one.on)
            continue
        if one.name not in value:
            raise BadQuery(f"Field '{one.name}' doesn't exist on type '{kind}'")
        found = value[one.name]
        if callable(found):
            found = found(**one.arguments)
        picked[one.alias or one.name] = chosen(found, one.fields, one.name)
    return picked


class _Reader:
    def __init__(self, document: str, variables: dict[str, Value]) -> None:
        self._tokens = _tokens(document)
        self._place = 0
        self._variables = variables
        self._fragments: dict[str, list[Field]] = {}
        self._spreads: list[tuple[list[Field], str]] = []

    def document(self) -> Operation:
        first: Operation | None = None
        while self._place < len(self._tokens):
            if self._peek() == "fragment":
                self._fragment()
            else:
                operation = self._operation()
                first = first or operation
        for fields, name in self._spreads:
            fields += self._fragments.get(name, [])
        if first is None:
            raise BadQuery("A query attribute must be specified and must be a string.")
        return first

    def _operation(self) -> Operation:
        kind = "query"
        if self._peek() != "{":
            kind = self._next()
            if self._peek() not in ("{", "("):
                self._next()
            if self._peek() == "(":
                self._variable_types()
        return Operation(kind, self._selection())

    def _variable_types(self) -> None:
        self._expect("(")
        while self._peek() != ")":
            self._expect("$")
            name = self._next()
            self._expect(":")
            while self._peek() not in ("$", ")", "="):
                self._next()
            if self._peek() == "=":
                self._next()
                self._variables.setdefault(name, self._value())
        self._expect(")")

    def _fragment(self) -> None:
        self._expect("fragment")
        name = self._next()
        self._expect("on")
        kind = self._next()
        self._fragments[name] = [Field("", on=kind, fields=self._selection())]

    def _selection(self) -> list[Field]:
        self._expect("{")
        fields: list[Field] = []
        while self._peek() != "}":
            if self._peek() == "...":
                self._spread(fields)
            else:
                fields.append(self._field())
        self._expect("}")
        return fields

    def _spread(self, fields: list[Field]) -> None:
        self._expect("...")
        if self._peek() == "on":
            self._next()
            kind = self._next()
            fields.append(Field("", on=kind, fields=self._selection()))
        else:
            self._spreads.append((fields, self._next()))

    def _field(self) -> Field:
        made = Field(self._next())
        if self._peek() == ":":
            self._next()
            made.alias, made.name = made.name, self._next()
        if self._peek() == "(":
            self._next()
            while self._peek() != ")":
                name = self._next()
                self._expect(":")
                made.arguments[name] = self._value()
            self._expect(")")
        if self._peek() == "{":
            made.fields = self._selection()
        return made

    def _value(self) -> Value:
        token = self._next()
        if token == "$":
            name = self._next()
            return self._variables.get(name)
        if token == "[":
            listed = []
            while self._peek() != "]":
                listed.append(self._value())
            self._expect("]")
            return listed
        if token == "{":
            made = {}
            while self._peek() != "}":
                name = self._next()
                self._expect(":")
                made[name] = self._value()
            self._expect("}")
            return made
        return _literal(token)

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise BadQuery("Parse error: unexpected end of the document")
        self._place += 1
        return token

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise BadQuery(f"Parse error: expected {token}, found {found}")


def _literal(token: str) -> Value:
    if token.startswith('"""'):
        return token[3:-3]
    if token.startswith('"') or token in ("true", "false", "null") or token.lstrip("-")[:1].isdigit():
        return json.loads(token)
    return token


def _tokens(document: str) -> list[str]:
    tokens, place = [], 0
    while place < len(document):
        if ignored := _IGNORED.match(document, place):
            place = ignored.end()
            continue
        found = _TOKEN.match(document, place)
        if found is None:
            raise BadQuery(f"Parse error on {document[place : place + 10]!r}")
        tokens.append(found.group())
        place = found.end()
    return tokens
