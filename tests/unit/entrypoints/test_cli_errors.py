"""Exit codes and explanations of errors, and the page that lists them."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.conversation.told_run import RUNNING

from pointsman.domain.errors import OperatorMust, OwnerMust, Stopped, TryAgain, UsageMust
from pointsman.domain.ledger import RunStateName
from pointsman.entrypoints.cli.error_reference import COMMAND, raised_errors, reference
from pointsman.entrypoints.cli.errors import exit_code_of, exit_code_of_run, explain, explain_run
from pointsman.policy.rules import Rule

_PAGE = Path(__file__).resolve().parents[3] / "docs" / "errors.md"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OwnerMust("x"), 1),
        (Stopped("x"), 1),
        (UsageMust("x"), 2),
        (OperatorMust("x"), 3),
        (TryAgain("x"), 4),
        (KeyError("x"), 3),
    ],
)
def test_each_family_has_its_exit_code(error: Exception, code: int) -> None:
    assert exit_code_of(error) == code


@pytest.mark.parametrize(
    ("state", "result", "code"),
    [
        ("done", "ready", 0),
        ("done", "planned", 0),
        ("done", "needs-person", 1),
        ("failed", "", 3),
        ("cancelled", "", 1),
    ],
)
def test_a_run_ends_with_the_code_of_its_result(state: RunStateName, result: str, code: int) -> None:
    assert exit_code_of_run(replace(RUNNING, state=state, result=result)) == code


def test_an_explanation_says_what_happened_what_to_do_and_where_to_read() -> None:
    text = explain(TryAgain("The provider did not answer.", after=30, code="outage", hint="Wait."), "run-1")
    assert text.splitlines() == [
        "The provider did not answer. (run run-1)",
        "Wait.",
        "It may work again in 30 seconds.",
        "(outage: docs/errors.md#outage)",
    ]


def test_the_command_that_goes_on_with_a_failed_run_is_written_as_the_program_was_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = tmp_path / "pointsman"
    called.touch()
    monkeypatch.setattr(sys, "argv", [str(called), "run"])
    monkeypatch.setenv("PATH", "/nowhere")
    failed = replace(RUNNING, state="failed", message="It broke.")
    said = explain_run(failed, " --home /srv/home")
    assert f"`{called} resume {RUNNING.run_id} --home /srv/home` then goes on where it stopped." in said


def test_a_bug_is_told_without_what_it_carried() -> None:
    assert "hunter2" not in explain(ValueError("password hunter2"))
    assert "ValueError" in explain(ValueError("password hunter2"))


def test_the_page_of_errors_is_the_one_that_the_code_makes() -> None:
    assert _PAGE.read_text(encoding="utf-8") == reference(), f"write it anew: {COMMAND}"


def test_every_error_that_is_raised_has_a_section() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    assert all(f"\n## {raised.code}\n" in page for raised in raised_errors())


@pytest.mark.parametrize("rule", [Rule.NOT_IN_CATALOGUE, Rule.TIER, Rule.SEPARATION, Rule.PERIMETER])
def test_a_refusal_by_the_policy_has_a_section_too(rule: Rule) -> None:
    assert f"\n## {rule}\n" in _PAGE.read_text(encoding="utf-8")
