"""The class of a task by rules, free of charge: what people ordered, what labels, the text and its paths say.

The rules are tried in the order of `RULES`; the first that knows an answer decides. What they leave open is for a
small model, and `within` says which of its answers are believed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pointsman.domain.levels import Risk, TaskClass
from pointsman.domain.outcome import Hint
from pointsman.policy.globs import first_match
from pointsman.policy.risk import risk_of_path

SHORT_TEXT = 2_000
"""Characters; what a longer text asks for is more than the paths that it names."""

# Names of known holes: whoever writes one speaks of security, whatever else the text says.
_HOLES = re.compile(r"\b(?:CVE-\d{4}-\d{4,7}|GHSA(?:-[0-9a-z]{4}){3}|CWE-\d{1,4})\b", re.IGNORECASE)
_KEYS = r"(?:tokens?|secrets?|passwords?|credentials?|api[ _-]?keys?|private keys?|session (?:id|cookie)s?)"
# A word of these does not make a class, but nothing laxer than `unknown` comes of a text that holds one.
_GRAVE_WORDS = re.compile(
    r"\b(?:vulnerab\w+|exploit\w*|xss|csrf|ssrf|rce|cross-site|remote code execution|(?:path|directory) traversal|"
    r"(?:sql|command|code|header|template|shell|log) injection|privilege escalation|denial of service|"
    r"security (?:hole|issue|bug|flaw|problem|advisory|fix|risk|leak)s?|hard-?coded " + _KEYS + r"|"
    r"bypass\w* (?:\w+ ){0,3}(?:auth\w*|login|permissions?|access)|(?:auth\w*|login|permission) bypass|"
    + _KEYS + r"\b[^.\n]{0,40}\b(?:leak\w*|expos\w+|plain ?text|in clear)|(?:leak|expos)\w*\b[^.\n]{0,40}\b" + _KEYS +
    r")\b|sicherheitsl\u00fccke|faille de s\u00e9curit\u00e9|vulnerabilidad|vuln\u00e9rabilit|"
    r"\u8106\u5f31\u6027|\u6f0f\u6d1e|\u0443\u044f\u0437\u0432\u0438\u043c",
    re.IGNORECASE,
)  # fmt: skip
# A text that says how it is to be sorted speaks to the model and not to people.
_SPEAKS_TO_US = re.compile(
    r"\"task\"\s*:|\b(?:ignore|disregard|forget) (?:\w+ ){0,3}(?:instructions|rules|prompt)\b|"
    r"\b(?:classif\w+|categori[sz]\w+|triag\w+|sort\w*|treat\w*) (?:\w+ ){0,4}as \W?(?:"
    + "|".join(TaskClass) + r")\b",
    re.IGNORECASE,
)  # fmt: skip
_WISH = re.compile(
    r"\b(?:feature request|feature:|proposal|would be (?:nice|great|good|useful)|please add|add support|"
    r"should support|could support)",
    re.IGNORECASE,
)
_FAILURES = re.compile(
    r"^[ \t>]*Traceback \(most recent call last\):|^[ \t>]*(?:FAILED|ERROR) [\w/.-]+::\w+|"
    r"^[ \t>]*--- FAIL: Test\w+|^[ \t>]*panic: |^[ \t>]*thread '[^'\n]*' panicked at|"
    r"^[ \t>]+at [\w.$<>/ ]{1,200}\([\w./:-]{1,200}:\d+\)",
    re.MULTILINE,
)
_BEHAVIOUR = re.compile(
    r"\b(?:crash\w*|exceptions?|errors?|fail(?:s|ed|ing|ures?)?|bugs?|regressions?|features?|implement\w*|refactor\w*|"
    r"endpoints?|add (?:an? )?(?:new )?(?:option|flag|command|parameter|setting|button|page|function|method)s?)\b",
    re.IGNORECASE,
)
_CODE_FILE = re.compile(
    r"[\w./-]{0,200}\w\.(?:py|js|mjs|cjs|ts|tsx|jsx|go|rs|rb|java|kt|c|h|cc|cpp|hpp|cs|php|swift|sh|sql)\b"
)
_KINDS: tuple[tuple[TaskClass, tuple[str, ...]], ...] = (
    (
        TaskClass.TESTS,
        ("tests/", "test/", "__tests__/", "test_*.py", "*_test.py", "*_test.go", "*.test.*", "*.spec.*"),
    ),
    (
        TaskClass.VISUAL,
        ("*.css", "*.scss", "*.sass", "*.less", "*.svg", "*.png", "*.jpg", "*.jpeg", "*.gif", "*.webp", "*.ico"),
    ),
    (
        TaskClass.DOCS,
        (
            "/*.md", "/*.rst", "/*.adoc", "README*",
            "**/docs/**/*.md", "**/docs/**/*.rst", "**/docs/**/*.adoc", "**/docs/**/*.txt",
            "**/doc/**/*.md", "**/doc/**/*.rst", "**/doc/**/*.adoc", "**/doc/**/*.txt",
        ),
    ),
)  # fmt: skip

PATH_CLASSES = frozenset(task for task, _ in _KINDS)
"""The classes that paths alone can say."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of an issue before anybody is asked.

    `asked` is the class that a person named in the command. `ordered` are the classes of labels such as
    `pointsman:docs`, `labelled` those of plain words. `named` are the paths of the base commit that the text names;
    `has_closed` says that there are some among them which the run may not read.
    """

    title: str
    body: str
    asked: TaskClass | None = None
    ordered: tuple[TaskClass, ...] = ()
    labelled: tuple[TaskClass, ...] = ()
    named: tuple[str, ...] = ()
    has_closed: bool = False

    @property
    def text(self) -> str:
        """Title and body, as they are searched."""
        return f"{self.title}\n{self.body}"


@dataclass(frozen=True, slots=True)
class SortingRule:
    """One row of the table: what it looks at, what it says in the documentation, and how it decides."""

    name: str
    says: str
    decide: Callable[[Signs], Hint | None]


def _security_label(signs: Signs) -> Hint | None:
    if TaskClass.SECURITY not in (*signs.ordered, *signs.labelled):
        return None
    return Hint(TaskClass.SECURITY, "label", _unlowered("a label says security", signs))


def _named_hole(signs: Signs) -> Hint | None:
    found = _HOLES.search(signs.text)
    return Hint(TaskClass.SECURITY, "text", _unlowered(f"the text names {found[0]}", signs)) if found else None


def _unlowered(why: str, signs: Signs) -> str:
    if signs.asked in (None, TaskClass.SECURITY):
        return why
    return f"{why}; {signs.asked} was asked for, which does not lower it"


def _command(signs: Signs) -> Hint | None:
    return Hint(signs.asked, "command", f"a person asked for {signs.asked}") if signs.asked else None


def _ordering_label(signs: Signs) -> Hint | None:
    if not signs.ordered:
        return None
    if len(signs.ordered) == 1:
        (task,) = signs.ordered
        return Hint(task, "label", f"the label pointsman:{task} says so")
    names = ", ".join(f"pointsman:{task}" for task in signs.ordered)
    return Hint(TaskClass.UNKNOWN, "label", f"the labels {names} disagree")


def _plain_label(signs: Signs) -> Hint | None:
    if len(signs.labelled) != 1 or wary_of(signs.text):
        return None
    (task,) = signs.labelled
    return Hint(task, "label", f"a label says {task}")


def _nothing_said(signs: Signs) -> Hint | None:
    if any(char.isalnum() for char in signs.text):
        return None
    return Hint(TaskClass.UNKNOWN, "text", "the issue says nothing")


def _failure(signs: Signs) -> Hint | None:
    found = _FAILURES.search(signs.text)
    if found is None or _is_open(signs) or _WISH.search(signs.text):
        return None
    return Hint(TaskClass.BUGFIX, "text", f"the text shows a failure: {found[0].strip(' >')[:60]}")


def _one_kind_of_path(signs: Signs) -> Hint | None:
    if not signs.named or signs.has_closed or _is_open(signs) or len(signs.text) > SHORT_TEXT:
        return None
    kinds = {kind_of(path) for path in signs.named}
    strange = any(found[0] not in signs.named for found in _CODE_FILE.finditer(signs.text))
    grave = any(risk_of_path(path) is Risk.HIGH for path in signs.named)
    if len(kinds) != 1 or strange or grave or _BEHAVIOUR.search(signs.text):
        return None
    (task,) = kinds
    return Hint(task, "path", f"every path that it names is {task}") if task is not None else None


RULES: tuple[SortingRule, ...] = (
    SortingRule(
        "security-label",
        "A label says `security` (`pointsman:security`, or a plain one): security. Nothing below lowers it.",
        _security_label,
    ),
    SortingRule(
        "named-hole",
        "The text names a known hole (a CVE, GHSA or CWE number): security. Nothing below lowers it.",
        _named_hole,
    ),
    SortingRule(
        "command",
        "A person named the class: `build --task docs`, `plan --task docs`, or `--task` in a shell.",
        _command,
    ),
    SortingRule(
        "ordering-label",
        "A label orders it: `pointsman:` and a class. Several that disagree: unknown.",
        _ordering_label,
    ),
    SortingRule(
        "plain-label",
        "Plain labels say one class, such as `bug`, `type: docs` or `kind/feature`. Not where the text speaks of "
        "a hole or tells how it wants to be sorted, since a template can put such labels on.",
        _plain_label,
    ),
    SortingRule("empty", "The issue says nothing: unknown.", _nothing_said),
    SortingRule(
        "failure",
        "The text shows a traceback, a panic or the id of a failed test: bugfix. Not where it asks for a feature.",
        _failure,
    ),
    SortingRule(
        "paths",
        f"Every path that the text names, and that exists at the base commit, is of one kind: docs, tests or visual. "
        f"Not where the text is longer than {SHORT_TEXT} characters, speaks of behaviour (`crash`, `error`, "
        "`feature`, ...), names source code, or a path of high risk.",
        _one_kind_of_path,
    ),
)


def hinted(signs: Signs) -> Hint | None:
    """The class of task by the first rule that knows it; None when only a model can tell. Takes linear time."""
    return next((found for rule in RULES if (found := rule.decide(signs)) is not None), None)


def hinted_by_labels(ordered: tuple[TaskClass, ...], labelled: tuple[TaskClass, ...]) -> Hint | None:
    """The same by labels alone, for what is no issue: a review, a fix, a question."""
    signs = Signs("", "", ordered=ordered, labelled=labelled)
    return _security_label(signs) or _ordering_label(signs) or _plain_label(signs)


def within(task: TaskClass, text: str) -> str:
    """Why a model's answer is not believed, empty when it is.

    What speaks of a hole, or to us, is security when the model says so, else it is unknown.
    """
    found = "" if task in (TaskClass.SECURITY, TaskClass.UNKNOWN) else wary_of(text)
    return f"the text {found}, so the answer {task} is not believed" if found else ""


def wary_of(text: str) -> str:
    """What makes a text one that nobody but a person may sort into a laxer class; empty for nothing."""
    even = " ".join(text.split())
    grave = _GRAVE_WORDS.search(even)
    if grave is not None:
        return f"speaks of security ({grave[0][:40]})"
    return "tells how it wants to be sorted" if _SPEAKS_TO_US.search(even) else ""


def kind_of(path: str) -> TaskClass | None:
    """The class of task that a path alone says: tests, visual, docs, or none."""
    return next((task for task, patterns in _KINDS if first_match(patterns, path, fold=True)), None)


def _is_open(signs: Signs) -> bool:
    """Whether only the model may tell: somebody asks a question, or the text is not to be trusted."""
    asks = any(part.rstrip().endswith(("?", "\uff1f")) for part in (signs.title, signs.body))
    return asks or wary_of(signs.text) != ""
