"""What a change takes out of Python tests, read from the syntax of a file before and after and from nothing else."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

_SKIPS = frozenset({"skip", "skipif", "xfail", "skipIf", "skipUnless", "expectedFailure", "importorskip", "skipTest"})
_EXPECTS = frozenset({"raises", "warns", "assertRaises", "assertRaisesRegex", "assertWarns", "deprecated_call"})
_EXACT = frozenset({"assertEqual", "assertIs", "assertDictEqual", "assertListEqual", "assertTupleEqual",
                    "assertSetEqual", "assertMultiLineEqual", "assertSequenceEqual", "assertCountEqual"})  # fmt: skip
_WIDER_WHEN_MORE = frozenset({"abs", "rel", "delta", "atol", "rtol"})
_SWALLOWING = frozenset({"AssertionError", "Exception", "BaseException"})
_ANY_ERROR = frozenset({"Exception", "BaseException"})

Said = tuple[int, str]
"""A line of the new file (0 where nothing is left) and what was done there."""


@dataclass
class Facts:
    """What one function or class holds that a test is made of."""

    line: int
    body: str
    is_collected: bool
    checks: int = 0
    exact: int = 0
    constant: int = 0
    guarded: int = 0
    swallowed: int = 0
    skips: int = 0
    returns: int = 0
    parameters: int = 0
    any_error: int = 0
    matched: int = 0
    tolerance: dict[str, float] = field(default_factory=dict)


def weakened(before: str, after: str) -> tuple[Said, ...]:
    """What `after` no longer checks that `before` did. A file that could not be read before counts as empty."""
    new = _facts_of(after)
    if new is None:
        return ((1, "the file is no valid Python any more"),)
    old = _facts_of(before) or {}
    said: list[Said] = []
    bodies = {facts.body: name for name, facts in new.items() if name not in old and facts.body}
    for name, facts in old.items():
        now = new.get(name)
        if now is not None:
            said += [(now.line, f"`{name}`: {what}") for what in _less(facts, now)]
        elif facts.is_collected and facts.body in bodies:
            renamed = bodies[facts.body]
            if not new[renamed].is_collected:
                said.append((new[renamed].line, f"`{name}` is called `{renamed}` now and is not collected"))
        elif facts.is_collected or facts.checks:
            said.append((0, f"`{name}` is gone"))
    for name, facts in new.items():
        if name not in old and facts.constant:
            said.append((facts.line, f"`{name}`: asserts a constant"))
    return tuple(said)


def _less(old: Facts, new: Facts) -> Iterator[str]:
    if old.is_collected and not new.is_collected:
        yield "is not collected any more"
    if new.checks < old.checks:
        gone = old.checks - new.checks
        yield f"{gone} of {old.checks} assertions {'is' if gone == 1 else 'are'} gone"
    elif new.exact < old.exact:
        yield "an exact comparison became a broader one"
    for count, what in (
        (new.constant - old.constant, "asserts a constant"),
        (new.skips - old.skips, "is skipped, or expected to fail"),
        (new.swallowed - old.swallowed, "its assertions stand in a try that swallows them"),
        (new.guarded - old.guarded, "its assertions hang on a condition"),
        (new.returns - old.returns, "returns early"),
        (new.any_error - old.any_error, "expects any exception"),
        (old.matched - new.matched, "does not look at an exception's message any more"),
        (old.parameters - new.parameters, "is run with fewer parameters"),
    ):
        if count > 0:
            yield what
    if any(value > old.tolerance.get(name, value) for name, value in new.tolerance.items()):
        yield "a tolerance is wider"


def _facts_of(text: str) -> dict[str, Facts] | None:
    try:
        tree = ast.parse(text)
        found = dict(_functions(tree, "", is_collected=True))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found["the module"] = _module(tree)
    return found


def _module(tree: ast.Module) -> Facts:
    """What stands outside of functions: marks for all tests, and helpers' own names are left to themselves."""
    facts = Facts(1, "", is_collected=False)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            facts.skips += sum(_is_skip(one) for one in ast.walk(node))
            facts.skips += _switches_off(node)
    return facts


def _switches_off(node: ast.AST) -> int:
    """`__test__ = False` keeps pytest from collecting."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant) or node.value.value is not False:
        return 0
    return sum(isinstance(target, ast.Name) and target.id == "__test__" for target in node.targets)


def _functions(tree: ast.AST, prefix: str, *, is_collected: bool) -> Iterator[tuple[str, Facts]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            collected = is_collected and node.name.startswith("test")
            yield f"{prefix}{node.name}", _facts(node, is_collected=collected)
        elif isinstance(node, ast.ClassDef):
            collected = is_collected and (node.name.startswith("Test") or any(_is_case(base) for base in node.bases))
            facts = Facts(node.lineno, "", is_collected=False)
            facts.skips = sum(_is_skip(one) for mark in node.decorator_list for one in ast.walk(mark))
            facts.skips += sum(_switches_off(one) for one in node.body)
            yield f"{prefix}{node.name}", facts
            yield from _functions(node, f"{prefix}{node.name}.", is_collected=collected)


def _is_case(base: ast.expr) -> bool:
    name = _name(base)
    return name.endswith(("TestCase", "Case", "Test", "Tests"))


def _facts(node: ast.FunctionDef | ast.AsyncFunctionDef, *, is_collected: bool) -> Facts:
    body = "\n".join(ast.dump(one) for one in node.body)
    facts = Facts(node.lineno, body, is_collected)
    for mark in node.decorator_list:
        facts.skips += sum(_is_skip(one) for one in ast.walk(mark))
        facts.parameters += _parameters(mark)
    for one in node.body:
        _read(one, facts, guarded=False, swallowed=False)
    return facts


def _read(node: ast.AST, facts: Facts, *, guarded: bool, swallowed: bool) -> None:
    """Count what the statement and all below it hold; what a condition or a `try` encloses is counted apart."""
    if isinstance(node, ast.Return):
        facts.returns += 1
    checks = _checks(node, facts)
    facts.checks += checks
    facts.guarded += checks if guarded else 0
    facts.swallowed += checks if swallowed else 0
    facts.skips += _is_skip(node)
    nested = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    inner = facts if not nested else Facts(0, "", is_collected=False)
    swallows = swallowed or (isinstance(node, ast.With | ast.AsyncWith) and any(map(_suppresses, node.items)))
    for name, value in ast.iter_fields(node):
        hides = swallows or (isinstance(node, ast.Try) and name == "body" and any(map(_catches, node.handlers)))
        hangs = guarded or (isinstance(node, ast.If | ast.While) and name in ("body", "orelse"))
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                _read(child, inner, guarded=hangs, swallowed=hides)
    if nested:
        facts.checks += inner.checks
        facts.exact += inner.exact


def _checks(node: ast.AST, facts: Facts) -> int:
    """1 for a node that checks something, with its strictness written into `facts`."""
    if isinstance(node, ast.Assert):
        facts.exact += _is_exact(node.test)
        facts.constant += _is_constant(node.test)
        _tolerances(node.test, facts)
        return 1
    if not isinstance(node, ast.Call):
        return 0
    name = _name(node.func).rpartition(".")[2]
    if name in _EXPECTS:
        facts.any_error += any(_name(word).rpartition(".")[2] in _ANY_ERROR for word in node.args[:1])
        facts.matched += any(word.arg == "match" for word in node.keywords) or name.endswith("Regex")
        return 1
    if name.startswith(("assert", "fail")) and isinstance(node.func, ast.Attribute):
        facts.exact += name in _EXACT
        facts.constant += bool(node.args) and all(isinstance(word, ast.Constant) for word in node.args)
        _tolerances(node, facts)
        return 1
    return 0


def _is_exact(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp):
        return isinstance(test.op, ast.And) and any(_is_exact(one) for one in test.values)
    return (
        isinstance(test, ast.Compare)
        and all(isinstance(one, ast.Eq | ast.Is) for one in test.ops)
        and not any(isinstance(one, ast.Call) and _name(one.func).endswith("approx") for one in test.comparators)
    )


def _is_constant(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(_is_constant(one) for one in test.values)
    if isinstance(test, ast.Compare):
        sides = [ast.dump(one) for one in (test.left, *test.comparators)]
        plain = all(isinstance(one, ast.Constant) for one in (test.left, *test.comparators))
        return plain or (len(set(sides)) == 1 and all(isinstance(one, ast.Eq | ast.Is) for one in test.ops))
    return isinstance(test, ast.Constant) or (isinstance(test, ast.Tuple) and bool(test.elts))


def _tolerances(node: ast.AST, facts: Facts) -> None:
    for one in ast.walk(node):
        for word in one.keywords if isinstance(one, ast.Call) else ():
            value = word.value.value if isinstance(word.value, ast.Constant) else None
            if isinstance(value, int | float) and word.arg in _WIDER_WHEN_MORE:
                facts.tolerance[word.arg] = max(facts.tolerance.get(word.arg, 0.0), float(value))
            elif isinstance(value, int | float) and word.arg == "places":
                facts.tolerance["places"] = max(facts.tolerance.get("places", -1e9), -float(value))


def _parameters(mark: ast.expr) -> int:
    if not isinstance(mark, ast.Call) or not _name(mark.func).endswith("parametrize") or len(mark.args) < 2:
        return 0
    values = mark.args[1]
    return len(values.elts) if isinstance(values, ast.List | ast.Tuple | ast.Set) else 0


def _is_skip(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and node.attr in _SKIPS:
        return True
    return isinstance(node, ast.Name) and node.id in _SKIPS


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    raises = any(isinstance(one, ast.Raise) for body in handler.body for one in ast.walk(body))
    return not raises and any(kind is None or _name(kind).rpartition(".")[2] in _SWALLOWING for kind in kinds)


def _suppresses(item: ast.withitem) -> bool:
    call = item.context_expr
    if not isinstance(call, ast.Call) or not _name(call.func).endswith("suppress"):
        return False
    return any(_name(word).rpartition(".")[2] in _SWALLOWING for word in call.args)


def _name(node: ast.expr | None) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join((*([node.id] if isinstance(node, ast.Name) else []), *reversed(parts)))


def asserts_nothing(text: str) -> bool:
    """Whether no test of the file checks anything but constants, so that how it ends says nothing of the code."""
    found = _facts_of(text)
    if found is None:
        return False
    counts = Counter(facts.checks - facts.constant > 0 for facts in found.values() if facts.is_collected)
    return not counts[True] and counts[False] > 0
