"""What people are told of a routing file that is right and asks for what it never gets."""

import pytest
from tests.unit.policy.policy_world import admitted, chosen, names, policy

from pointsman.domain.levels import Phase
from pointsman.policy.warnings import warnings

LONG = """\
version: 1
routes:
  plan: opus
  code:
    model: qwen-s
    fallback: [llama-s, qwn-m]
    escalate:
      - haiku
      - sol
  qa: {model: opus, fallback: [qwen-m]}
tasks:
  docs: {plan: skip, code: haiku}
  security: {qa: sol}
"""


def told(text: str) -> list[str]:
    return [str(problem) for problem in warnings(text.encode(), policy())]


def test_every_model_that_is_never_asked_is_named_at_its_line_and_column() -> None:
    assert told(LONG) == [
        '.pointsman.yml:6:25: the policy knows no model "qwn-m" (did you mean "qwen-m"?)',
        '.pointsman.yml:8:9: "haiku" is never asked to write code (it is of one family with "opus", which reviews)',
        '.pointsman.yml:9:9: "sol" is never asked to write code for security '
        '(it is of one family with "sol", which reviews)',
        '.pointsman.yml:10:15: "opus" cannot review what "haiku" writes for docs '
        "(they are of one family; no build is begun)",
        '.pointsman.yml:10:32: "qwen-m" is never asked to review '
        '(it is of one family with "qwen-s", which writes the code)',
    ]


def test_what_is_said_is_what_becomes_of_the_run() -> None:
    text = "plan: opus\ncode: {model: qwen-s, escalate: [haiku, sol]}\nqa: opus\n"
    assert names(chosen(admitted(text), Phase.CODE)) == ("qwen-s", (), ("sol",))
    assert told(text) == [
        '.pointsman.yml:2:34: "haiku" is never asked to write code (it is of one family with "opus", which reviews)'
    ]


@pytest.mark.parametrize(
    "text",
    [
        "plan: opus\ncode: qwen-s\nqa: opus\n",
        "plan: opus\ncode: {tier: small, fallback: [llama-s]}\nqa: {tier: mid}\n",
        "plan: opus\ncode: qwen-s\nqa: qwen-s\nunknown: 1\n",
    ],
)
def test_nothing_is_said_of_what_will_be_asked_nor_of_a_file_with_mistakes(text: str) -> None:
    assert told(text) == []


def test_the_policy_says_what_is_too_near() -> None:
    text = b"plan: opus\ncode: {model: qwen-s, escalate: [haiku]}\nqa: opus\n"
    assert warnings(text, policy().model_copy(update={"separation": "model"})) == ()
