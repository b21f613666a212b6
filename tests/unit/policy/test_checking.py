"""What is said of a routing file before it is committed, and of a policy, each remark at its line and column."""

from tests.unit.policy.policy_world import POLICY, admitted, book, chosen, names, price_of

from pointsman.config.policy_file import read_policy_text
from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import read_routing
from pointsman.config.written import Written
from pointsman.domain.levels import Phase, Sensitivity, TaskClass
from pointsman.policy.checking import Checked, check_policy, check_routing, route_path

RIGHT = "plan: opus\ncode: qwen-m\nqa: sol\n"


def checked(text: str, level: str = "internal") -> Checked:
    written = read_routing(text.encode())
    assert isinstance(written, Written), [str(problem) for problem in written]
    return check_routing(written, book(text), Sensitivity(level))


def lines(problems: tuple[ConfigProblem, ...]) -> list[str]:
    return [str(problem).removeprefix(".pointsman.yml:") for problem in problems]


def test_a_file_that_fits_the_policy_is_not_remarked_on() -> None:
    assert checked(RIGHT) == Checked()


def test_a_name_that_the_catalogue_lacks_is_told_where_it_stands_with_the_nearest_one() -> None:
    text = "plan: opuss\ncode:\n  model: qwen-m\n  escalate: [lama-m]\nqa: sol\ntasks:\n  docs: {code: hiaku}\n"
    assert lines(checked(text).mistakes) == [
        '1:7: the policy\'s catalogue has no "opuss" (did you mean "opus"?)',
        '4:14: the policy\'s catalogue has no "lama-m" (did you mean "llama-m"?)',
        '7:16: the policy\'s catalogue has no "hiaku" (did you mean "haiku"?)',
    ]


def test_a_route_that_is_refused_for_every_class_is_a_mistake_and_for_some_a_warning() -> None:
    found = checked("plan: opus\ncode: qwen-s\nqa: qwen-m\ntasks: {docs: {qa: sol}, tests: {code: haiku}}\n")
    assert found.mistakes == ()
    small, near = lines(found.warnings)
    assert small.startswith("2:7: for security, code cannot go to qwen-s: it is small, the task needs mid")
    assert near.startswith(
        "3:5: for all classes but docs, tests, review cannot go to qwen-m: it is of the same family"
    )
    assert "rule separation" in near

    (closed, *_) = lines(checked(RIGHT, "secret").mistakes)
    assert closed.startswith("1:7: plan cannot go to opus: far is public; secret text stays local")


def test_the_files_own_sensitivity_counts() -> None:
    (first, *_) = checked(RIGHT + "sensitivity: secret\n").mistakes
    assert "secret text stays local" in first.message


def test_a_plan_that_is_always_left_out_may_name_anybody() -> None:
    skipped = "".join(f"  {task}: {{plan: skip}}\n" for task in TaskClass if task not in ("security", "question"))
    found = checked(f"plan: llama-s\ncode: qwen-m\nqa: sol\ntasks:\n{skipped}", "secret")
    assert not any(problem.message.startswith("plan") for problem in found.mistakes)
    assert any(problem.message.startswith("for security, plan cannot go to llama-s") for problem in found.warnings)


def test_a_fallback_or_escalation_that_is_left_out_is_a_warning_at_its_own_place() -> None:
    found = checked("plan: opus\ncode:\n  model: qwen-m\n  fallback: [haiku]\n  escalate: [sol]\nqa: sol\n")
    assert found.mistakes == ()
    told = lines(found.warnings)
    assert any(line.startswith('4:14: "haiku" is left out: far is public') for line in told)
    assert any(line.startswith('4:14: "haiku" is left out: the policy uses no fallbacks') for line in told)
    assert any(line.startswith('5:14: "sol" is left out: it is of the same family (gpt) as sol') for line in told)


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


def test_every_model_that_is_never_asked_is_named_at_its_line_and_column() -> None:
    found = checked(LONG)
    assert [line[:5] for line in lines(found.mistakes)] == ["6:25:"]
    about = [line for line in lines(found.warnings) if "no fallbacks" not in line]
    assert [line.partition(":")[0] + ":" + line.split(":")[1] for line in about] == ["5:12", "8:9", "10:15", "10:32"]
    assert "haiku" in about[1]
    assert "for docs, review cannot go to opus: it is of the same family (claude) as haiku" in about[2]
    assert '"qwen-m" is left out: it is of the same family (qwen) as qwen-s, which writes the code' in about[3]


def test_what_is_said_is_what_becomes_of_the_run() -> None:
    text = "plan: opus\ncode: {model: qwen-m, escalate: [haiku, sol]}\nqa: opus\n"
    assert names(chosen(admitted(text), Phase.CODE)) == ("qwen-m", (), ("sol",))
    (told,) = lines(checked(text).warnings)
    assert told.startswith('2:34: "haiku" is left out: it is of the same family (claude) as opus, which reviews')


def test_nothing_is_said_of_a_tier_that_somebody_fills() -> None:
    assert checked("plan: opus\ncode: {tier: mid}\nqa: {tier: frontier}\n") == Checked()


def test_a_command_that_the_policy_forbids_is_told_at_its_line() -> None:
    found = checked(RIGHT + "verify:\n  commands:\n    - pytest -q\n    - make all\n")
    assert lines(found.mistakes) == [
        '7:7: the policy does not allow the command "make all" (allowed are: pytest *, make test, npm run test*)'
    ]


def test_keys_that_nothing_acts_on_are_warned_of_at_their_key() -> None:
    (idle,) = lines(checked(RIGHT + "verify:\n  prepare: {key: [x]}\n").warnings)
    assert idle == '5:3: "verify.prepare" is read and not acted on by this version'


def test_paths_that_nobody_could_work_on_are_warned_of() -> None:
    found = checked("plan: opus\ncode: llama-m\nqa: sol\npaths:\n  - {match: vault/, sensitivity: secret}\n")
    (warning,) = lines(found.warnings)
    assert warning.startswith("5:5: nobody can work on these paths, which are secret: code cannot go to llama-m")


def test_a_model_whose_price_nobody_knows_is_a_mistake_of_a_policy() -> None:
    written = read_policy_text(POLICY.encode(), "policy.yml")
    assert isinstance(written, Written)
    assert [str(problem) for problem in check_policy(written, price_of).mistakes] == [
        'policy.yml:17:9: nobody knows what "c9" costs, so "dark" is refused everywhere '
        "(declare its price; 0 is free)",
    ]


def test_a_policy_is_warned_of_models_and_levels_that_are_never_used() -> None:
    written = read_policy_text(POLICY.encode(), "policy.yml")
    assert isinstance(written, Written)
    assert [str(problem) for problem in check_policy(written, price_of).warnings] == [
        'policy.yml:16:30: "gpt" may not be asked for "other-1" (add it to the provider\'s `serves`)',
    ]
    alone = POLICY.replace("perimeter: local", "perimeter: account").replace(
        "http://127.0.0.1:11434", "https://x.org"
    )
    written = read_policy_text(alone.encode(), "policy.yml")
    assert isinstance(written, Written)
    told = [problem.message for problem in check_policy(written, price_of).warnings]
    assert any("no model of this policy may read secret text" in message for message in told)


def test_a_route_is_found_where_it_is_written() -> None:
    file = book(RIGHT + "tasks: {docs: {plan: skip, code: haiku}}\n").routing
    assert route_path(Phase.CODE, TaskClass.DOCS, file) == ("tasks", "docs", "code")
    assert route_path(Phase.PLAN, TaskClass.DOCS, file) == ("routes", "plan")
    assert route_path(Phase.REVIEW, TaskClass.DOCS, file) == ("routes", "qa")
