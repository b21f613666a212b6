"""What a scripted model server says: rules matched against the text of a request, and the answers they give.

A script is a JSON object:

    {
      "models": ["coder"],              names that exist; empty or absent: every name does
      "key": "test-key",                the credential wanted; absent: none is
      "show": {"coder": {...}},         more fields of Ollama's /api/show, by model
      "rules": [
        {
          "name": "plan",
          "when": ["a text", "another"], all must occur in the strings of the request's JSON (any order)
          "model": "coder",             and this model must be asked, when given
          "path": "/api/chat",          and at this path, when given
          "then": "last",               after the last: `last` repeats it, `cycle` starts anew, `error` is a 500
          "answers": [ {"text": "...", "input_tokens": 10, "output_tokens": 5} ]
        }
      ]
    }

The first rule that fits wins. An answer that is a plain string is one with only a text. See `Answer` for the rest.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

MODEL_PATHS = ("/v1/chat/completions", "/v1/messages", "/api/chat")


class BadScript(ValueError):
    """The script cannot be read; the message names the part."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that the scripted model asks for."""

    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Token counts below zero are estimated from the length of the texts.

    `ending` is `complete` or `cut` (the limit on output was reached); `fault` spoils the transport: `hang` never
    answers, `stall` stops in the middle of the body, `cut-off` closes the connection there. `raw` is sent as the
    body as it stands. `served` is the model that the server says has answered. A status of 300 or more sends `text`
    as the error.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    input_tokens: int = -1
    output_tokens: int = -1
    ending: str = "complete"
    served: str = ""
    delay: float = 0.0
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """When it speaks, and what it says in order."""

    name: str
    when: tuple[str, ...]
    answers: tuple[Answer, ...]
    model: str = ""
    path: str = ""
    then: str = "last"

    def fits(self, *, path: str, model: str, text: str) -> bool:
        return self.path in ("", path) and self.model in ("", model) and all(needle in text for needle in self.when)

    def answer(self, turn: int) -> Answer:
        """The answer for the `turn`-th request (from 0) that fits this rule."""
        if turn < len(self.answers):
            return self.answers[turn]
        if self.then == "cycle":
            return self.answers[turn % len(self.answers)]
        if self.then == "error":
            return Answer(status=500, text=f"the script has no further answer for rule {self.name!r}")
        return self.answers[-1]


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that a scripted server knows."""

    rules: tuple[Rule, ...]
    models: tuple[str, ...] = ()
    key: str = ""
    show: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def knows(self, model: str) -> bool:
        return not self.models or model in self.models


def always(*answers: Answer | str) -> Script:
    """A script of one rule that fits every request."""
    return Script(rules=(rule(*answers, name="always"),))


def rule(
    *answers: Answer | str, name: str = "", when: tuple[str, ...] = (), model: str = "", then: str = "last"
) -> Rule:
    """A rule, with plain texts taken as answers."""
    typed = tuple(Answer(text=item) if isinstance(item, str) else item for item in answers)
    return Rule(name=name or " ".join(when) or "rule", when=when, answers=typed, model=model, then=then)


def texts_of(value: object) -> Iterator[str]:
    """Every string inside a JSON value, keys left out, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def load_script(path: Path) -> Script:
    """Read a script from a JSON file. Raises BadScript naming the part that cannot be read."""
    data = _object(json.loads(path.read_text(encoding="utf-8")), "script")
    show = _object(data.get("show", {}), "show")
    return Script(
        rules=tuple(_rule(item, place) for place, item in enumerate(_list(data.get("rules"), "rules"))),
        models=tuple(str(item) for item in _list(data.get("models", []), "models")),
        key=str(data.get("key", "")),
        show={name: _object(value, f"show.{name}") for name, value in show.items()},
    )


def dump_script(script: Script) -> str:
    """The JSON text that `load_script` reads back to an equal script."""
    return json.dumps(
        {
            "models": list(script.models),
            "key": script.key,
            "show": {name: dict(value) for name, value in script.show.items()},
            "rules": [
                {
                    "name": item.name,
                    "when": list(item.when),
                    "model": item.model,
                    "path": item.path,
                    "then": item.then,
                    "answers": [_dumped(answer) for answer in item.answers],
                }
                for item in script.rules
            ],
        },
        indent=2,
    )


def _dumped(answer: Answer) -> dict[str, object]:
    plain: dict[str, object] = {each.name: getattr(answer, each.name) for each in fields(answer)}
    plain["calls"] = [{"name": call.name, "arguments": dict(call.arguments)} for call in answer.calls]
    plain["headers"] = dict(answer.headers)
    return plain


def _rule(item: object, place: int) -> Rule:
    where = f"rules[{place}]"
    data = _object(item, where)
    answers = tuple(_answer(each, f"{where}.answers") for each in _list(data.get("answers"), f"{where}.answers"))
    if not answers:
        raise BadScript(f"{where}.answers is empty")
    then = str(data.get("then", "last"))
    if then not in ("last", "cycle", "error"):
        raise BadScript(f"{where}.then is {then!r}, not last, cycle or error")
    return Rule(
        name=str(data.get("name", where)),
        when=tuple(str(each) for each in _list(data.get("when", []), f"{where}.when")),
        answers=answers,
        model=str(data.get("model", "")),
        path=str(data.get("path", "")),
        then=then,
    )


def _answer(item: object, where: str) -> Answer:
    if isinstance(item, str):
        return Answer(text=item)
    data = _object(item, where)
    unknown = set(data) - {each.name for each in fields(Answer)}
    if unknown:
        raise BadScript(f"{where} has unknown keys {sorted(unknown)}")
    return Answer(
        text=str(data.get("text", "")),
        calls=tuple(_call(each, where) for each in _list(data.get("calls", []), f"{where}.calls")),
        input_tokens=int(str(data.get("input_tokens", -1))),
        output_tokens=int(str(data.get("output_tokens", -1))),
        ending=str(data.get("ending", "complete")),
        served=str(data.get("served", "")),
        delay=float(str(data.get("delay", 0.0))),
        status=int(str(data.get("status", 200))),
        headers={key: str(value) for key, value in _object(data.get("headers", {}), f"{where}.headers").items()},
        raw=str(data.get("raw", "")),
        fault=str(data.get("fault", "")),
    )


def _call(item: object, where: str) -> Call:
    data = _object(item, f"{where}.calls")
    return Call(name=str(data.get("name", "")), arguments=_object(data.get("arguments", {}), f"{where}.arguments"))


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise BadScript(f"{where} is no JSON object")
    return {str(key): item for key, item in value.items()}


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise BadScript(f"{where} is no JSON list")
    return list(value)
