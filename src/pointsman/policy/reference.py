"""The reference pages of both files, written from the code that reads them, so that they cannot be out of date."""

from collections.abc import Iterator, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pointsman.config.policy_file import PolicyFile
from pointsman.config.policy_parts import BUILT_IN_PROTECTED
from pointsman.config.routing_file import THREE_LINES, RoutingFile
from pointsman.policy.rules import Rule

_ROUTING_INTRO = f"""# The routing file, `.pointsman.yml`

It says which model does which phase of the work in this repository, within what the organisation's
[policy](policy.md) allows. It is read at the default branch's current commit. Three lines are a whole file:

```yaml
{THREE_LINES}```

The routes may stand at the top of the file, as here, or under `routes`. Unknown keys, duplicate keys, aliases,
anchors and tags are errors; only `true`, `false`, `null` and decimal numbers are not text. The file has at most
64 KB, and holds no endpoint, key, environment variable or include.

How a route is decided:

* A model that is named does the phase, or the run is refused with the rule that speaks against it. Nothing is
  quietly put in its place.
* `fallback` is used when a provider is out of order, never after a refusal, and never further out than the first
  model (from `local` to `account` to `public`).
* `escalate` takes over the code phase on evidence: the same tests fail the same way twice, a patch repeats an
  earlier one, no valid edit comes in three tries, nothing is changed, review and coder have gone round their rounds,
  or six tries did not do it.
* The reviewer is never of the family (or as the policy declares) of a model that writes the code. When `code` and
  `qa` name one family, the review is refused. Fallbacks and escalations too near to the reviewer are dropped.
* A tier in place of a model means the cheapest model of that tier that fits; of equals, the first in the policy.
* Without `triage`, the cheapest small model that the file names sorts the work, else the planner does.
* A class of task under `tasks` replaces a route as a whole: its budget and fallbacks as well.
* Sensitivity only rises: by this file, by a path, or by a label such as `pointsman:restricted` on the issue.
* `latency` says in which lane the runs of a class wait. The most patient one that the policy and the class's routes
  name holds: a file can ask for a slower lane than the policy's, never for a faster one.
* Of two limits, one here and one in the policy, the lower one holds. `budget_usd` and `run_usd` must hold one whole
  call of the longest question and answer.

`trigger` counts where labels start the work, on GitHub; on the local forge you start it yourself.

Read and checked, but not acted on by this version: `verify.prepare`.
"""

_POLICY_INTRO = """# The organisation's policy, `policies/*.yml`

It names everything that can cost money or leak text. [policies/default.yml](../policies/default.yml) is a complete,
commented one, and the one that is used when no other is given; six others come with Pointsman, and
[presets.md](presets.md) helps to choose. `--policy` takes a file or the name of one of them. The file is read as
strictly as the [routing file](routing-file.md) and has at most 1 MB.

* What decisions say of models and requests is explained in [the rules](rules.md).
* A level of `sensitivities` never allows more perimeters, or asks for less, than a more open one. A level that is not
  declared goes by the next more closed one.
* Keys are named by where they are found and never written down; text that looks like a credential is refused.
* A command pattern is compared word by word with the whole command. A `*` in a word stands for any part of it, a `*`
  as the last word for any further words. Nothing is ever given to a shell.
* Kinds of provider that are known but not built yet are refused with a sentence that says so.
* `latency` names the lane in which the runs of a class of task wait on a served installation. Each lane has places
  of its own: two for `fast`, two for `interactive`, four for `background`, one for `batch`, which waits until nobody
  else does, or until twenty others were called before it. In each lane one run of a repository works at a time, and
  the repositories take turns. Runs whose class is not known yet are sorted beside the lanes; questions wait for
  nobody.
* A cap of the day that does not hold one whole call any more refuses what is asked for, by the rule `cap`, until the
  next day (UTC) begins. Work that costs nothing goes on. `requester_day_usd` counts by the forge's numeric id.

* `keep_prompts_days` says how long prompts and answers are kept, encrypted and outside git, and how long a run that
  has ended can be shown in full and done again ([what is kept](retention.md)). A level never keeps longer than a more
  open one says.

Read and checked, but not acted on by this version: `commands.prepare`.
"""


_RULES_INTRO = """# The rules that decisions name

Every decision says why. Beside each model that was considered stands the rule that kept it or left it out, and a
request that is refused names the one rule that refused it: in comments, in `pointsman route`, in the error's code and
in the signed note. No model has a say in any of this.

A route is decided in this order, and the first rule that speaks against a model is the one that is named: where it
runs (`perimeter`, `not-served`), who it is (`separation`, `tier`), what it can (`output-limit`, `context-window`,
`unknown-figure`, `latency`), what it costs (`unknown-price`, `cost`, `budget`).
"""


def routing_reference() -> str:
    """docs/routing-file.md, as Markdown."""
    return "\n".join([_ROUTING_INTRO, *_tables(RoutingFile)])


def policy_reference() -> str:
    """docs/policy.md, as Markdown: the keys and the protected paths."""
    paths = [f"* `{pattern}`" for pattern in BUILT_IN_PROTECTED]
    return "\n".join(
        [
            _POLICY_INTRO,
            *_tables(PolicyFile),
            "## Paths that no model ever edits\n\nThe built-in list; case does not matter.\n",
            *paths,
            "",
        ]
    )


def rules_reference() -> str:
    """docs/rules.md, as Markdown: every rule that a reason or a refusal names, what it means and what mends it."""
    kept = [rule for rule in Rule if not rule.mend]
    return "\n".join(
        [
            _RULES_INTRO,
            "## Rules that keep a model\n",
            "| rule | meaning |\n|---|---|",
            *(f"| `{rule}` | {rule.meaning} |" for rule in kept),
            "\n## Rules that leave out a model, or refuse\n",
            *(_rule(rule) for rule in Rule if rule.mend),
        ]
    )


def _rule(rule: Rule) -> str:
    mend = rule.mend.format(key="the phase")
    return f"### `{rule}`\n\n{rule.meaning}\n\nWhat helps: {mend}.\n"


def _tables(root: type[BaseModel]) -> Iterator[str]:
    for title, model in _sections("", root).items():
        heading = f"## `{title}`" if title else "## The file"
        yield f"{heading}\n\n{(model.__doc__ or '').splitlines()[0]}\n"
        yield "| key | value | default | meaning |\n|---|---|---|---|"
        yield from (_row(name, field) for name, field in model.model_fields.items())
        yield ""


def _sections(title: str, model: type[BaseModel]) -> Mapping[str, type[BaseModel]]:
    """Every mapping of the file by its dotted name, each kind of mapping once, in the order of the file."""
    found: dict[str, type[BaseModel]] = {title: model}
    for name, field in model.model_fields.items():
        for part in _models_in(field.annotation):
            if part not in found.values():
                below = _sections(f"{title}.{name}" if title else name, part)
                found |= {key: inner for key, inner in below.items() if inner not in found.values()}
    return found


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{name}` | {_words(field.annotation)} | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value in (None, (), {}, "") or isinstance(value, BaseModel):
        return ""
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{', '.join(value) if isinstance(value, tuple) else shown}`"


def _words(annotation: object) -> str:
    """What may stand there, in words."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return " or ".join(_words(part) for part in parts if part is not NoneType)
    if origin is Annotated:
        return _words(parts[0])
    if origin is Literal:
        return ", ".join(f"`{part.value if isinstance(part, Enum) else part}`" for part in parts)
    if origin is tuple:
        return f"list of {_words(parts[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"by {_words(parts[0])}: {_words(parts[1])}"
    return _word(annotation)


def _word(annotation: object) -> str:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(f"`{member.value}`" for member in annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "keys, see below"
    names = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}
    return next((word for kind, word in names.items() if annotation is kind), "any value")
