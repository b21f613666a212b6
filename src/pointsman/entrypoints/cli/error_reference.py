"""The reference page of errors, read from the places that raise them."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pointsman
from pointsman.domain.errors import OperatorMust, OwnerMust, PointsmanError, Stopped, TryAgain, UsageMust
from pointsman.entrypoints.cli.errors import exit_code_of
from pointsman.policy.rules import Rule

COMMAND = "python -m pointsman.entrypoints.cli.error_reference docs/errors.md"

_FAMILIES: dict[str, tuple[PointsmanError, str]] = {
    "UsageMust": (UsageMust(""), "whoever called the command"),
    "OwnerMust": (OwnerMust(""), "the owner of the repository"),
    "OperatorMust": (OperatorMust(""), "the operator of the installation"),
    "TryAgain": (TryAgain(""), "nobody: it may work later"),
    "Stopped": (Stopped(""), "whoever set the limit or cancelled the run"),
}

_NO_REFUSALS = frozenset({Rule.NAMED, Rule.CHEAPEST, Rule.FITS, Rule.FALLBACK, Rule.ESCALATE, Rule.OVERRIDE})

_OPENING = """# Errors

Made from the code by `{command}`.

Each message ends with a code that leads to a section of this page. The words in curly brackets differ from case to
case. Exit codes are those of docs/cli.md.
"""


@dataclass(frozen=True, slots=True)
class RaisedError:
    """One place that makes an error: its code, family, and the text with `{...}` where a value stands."""

    code: str
    family: str
    message: str
    hint: str


def reference() -> str:
    """The page: one section per code, sorted, with every message that bears it."""
    by_code: dict[str, set[RaisedError]] = {}
    for raised in raised_errors():
        by_code.setdefault(raised.code, set()).add(raised)
    rules = {rule.value: _refusal(rule) for rule in Rule if rule not in _NO_REFUSALS}
    written = {code: _section(code, errors) for code, errors in by_code.items()}
    sections = [text for _, text in sorted({**rules, **written}.items())]
    return _OPENING.format(command=COMMAND) + "".join(sections)


def raised_errors() -> Iterator[RaisedError]:
    """Every call of an error family in the package whose code and message are written down there."""
    root = Path(pointsman.__file__).parent
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FAMILIES:
                yield from _raised(node, node.func.id)


def _raised(call: ast.Call, family: str) -> Iterator[RaisedError]:
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    code = _text(named["code"]) if "code" in named else _FAMILIES[family][0].code
    message = _text(call.args[0]) if call.args else ""
    if "{" not in code and message:
        yield RaisedError(code, family, message, _text(named["hint"]) if "hint" in named else "")


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    if isinstance(node, ast.FormattedValue):
        return f"{{{_last_name(node.value)}}}"
    return f"{{{_last_name(node)}}}"


def _last_name(node: ast.expr) -> str:
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute | ast.Name):
            name = part.attr if isinstance(part, ast.Attribute) else part.id
            return name.strip("_").replace("_", " ").lower()
    return "value"


def _section(code: str, errors: set[RaisedError]) -> str:
    ordered = sorted(errors, key=lambda error: (error.family, error.message, error.hint))
    families = sorted({error.family for error in ordered})
    menders = "; ".join(_FAMILIES[family][1] for family in families)
    exits = ", ".join(sorted({str(exit_code_of(_FAMILIES[family][0])) for family in families}))
    lines = [f"\n## {code}\n", f"Who can mend it: {menders}. Exit code: {exits}.\n"]
    lines.extend(_item(error) for error in ordered)
    return "\n".join(lines) + "\n"


def _refusal(rule: Rule) -> str:
    """The section of a rule of the policy: a refusal bears the rule's name as its code, and says what would help."""
    exits = exit_code_of(_FAMILIES["OwnerMust"][0])
    said = f"- One of the [rules](rules.md#{rule}): {rule.meaning}"
    return f"\n## {rule}\n\nWho can mend it: as the message says. Exit code: {exits}.\n\n{said}\n"


def _item(error: RaisedError) -> str:
    return f"- {_inline(error.message)}" + (f"\n  {_inline(error.hint)}" if error.hint else "")


def _inline(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;")


def main() -> None:
    """Write the page to the file that is named, or to standard output."""
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
    else:
        sys.stdout.write(reference())


if __name__ == "__main__":
    main()
