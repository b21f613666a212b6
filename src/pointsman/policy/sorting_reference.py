"""The page about triage, whose tables grow from the rules themselves."""

from pointsman.policy.risk import LONG_TEXT, MANY_PATHS, RISK_LABELS
from pointsman.policy.sorting import RULES

_PAGE = """\
# Triage: why an issue is what it is, and how to change it

<!-- Written by tests/docs/test_reference_pages.py from the rules. -->

Each issue is sorted into one class of task: `docs`, `tests`, `boilerplate`, `bugfix`, `feature`, `refactor`,
`security`, `visual`, `question` or `unknown`. The class chooses the routes under `tasks` in the [routing
file](routing-file.md), and what the [policy](policy.md) asks of such work. Who decided and why stands in the
change ("Class of task: docs (by path: ...)"), in the [note](audit.md), and in `pointsman show RUN`.

## How to change it

* **Put a label on the issue**: `pointsman:` and a class, such as `pointsman:security` or `pointsman:docs`.
  Then start the run (again).
* **Say it in the command**: `/pointsman build --task docs` or `/pointsman plan --task refactor` in a comment,
  `pointsman run --task docs` and `pointsman plan --task docs` in a shell. Only people with write access may;
  the note says who did.

Either can choose any class, with one exception: security that a label or the number of a known hole shows is
not lowered by anybody. Take the label off, or the number out of the text, if that is wrong. And whatever the
class: a path of high risk still wants a person, and a class that is a kind of path (`docs`, `tests`,
`visual`) may do without passed tests or a review only as long as the change touches nothing else.

## Who decides, in this order

The first rule that knows an answer decides. No rule here asks a model or costs anything.

{rules}

What is left goes to the model of the route `triage` (without one, the cheapest small model that the routing
file names), with a closed list of classes. Its answer is taken with these exceptions, which all give
`unknown`:

* The text speaks of a hole (`vulnerability`, `SQL injection`, a leaked token, ...; also in some other
  languages), or tells how it wants to be sorted ("classify this as docs", "ignore the instructions"): then
  only `security` and `unknown` are believed. A person can still say otherwise by label or command.
* The answer cannot be read, is none of the list, or no model may be asked by the policy.
* No model could be reached, or the budget does not hold the call. The run goes on; it does not wait for a
  sorter.

**`unknown` takes the strict route**: it is sorted into nothing for which less is asked, and is of medium
risk. A text that is longer than the sorting model's window is shortened in the middle, always in the same
way.

## Risk

Low, medium or high; by rules alone, the highest of what follows, and it only rises:

* the class: `security` is high; `feature`, `refactor`, `visual` and `unknown` are medium; the others low;
* the paths: those that the text names, then those of the plan, then those that were really touched. High: who
  may enter, secrets, money (`auth/`, `login*`, `*crypt*`, `payments/`, ...). Medium: migrations, what is
  shipped, dependencies;
* labels: {labels};
* size: more than {many} paths, or more than {long} characters of text or diff, are at least medium.

High risk wants a person: the plan waits for an approval. When the coder strays into a path of high risk that
no approved plan names, the run stops with the rule [`risk-approval`](rules.md) before a reviewer sees the
diff.

## How well it does

```
pointsman eval triage                      # the route of this repository's routing file
pointsman eval triage --model NAME         # another model of the policy
pointsman eval triage --rules-only         # no model, no cost
```

It sorts issues whose class is known and prints the share that was right, then how many about security were
taken for something laxer, then a row for each class. It asks through the same governed door as a run, within
the caps of the policy and `--budget-usd` (0.10). `--every 3` takes each third example, for slow hardware.
[Figures](benchmarks.md#how-well-triage-sorts).
"""


def triage_reference() -> str:
    """The page, as Markdown."""
    rules = "\n".join(f"| {number} | `{rule.name}` | {rule.says} |" for number, rule in enumerate(RULES, 1))
    labels = ", ".join(f"`{word}` ({risk})" for word, risk in RISK_LABELS.items())
    return _PAGE.format(
        rules=f"| | rule | what it says |\n|---|---|---|\n{rules}", labels=labels, many=MANY_PATHS, long=LONG_TEXT
    )
