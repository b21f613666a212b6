"""Files that cannot be used: issues, routing files, policies, repositories; each refused at once with what to do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.worlds.mishaps import in_policy, route, told_once, undisturbed
from tests.worlds.repositories import Story, bare, buggy_package, empty, not_a_repository
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import Stage, staged, usual

Spoil = Callable[[Stage], object]


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(usual()) as playing:
        yield playing


def _issue(data: bytes) -> Spoil:
    return lambda stage: stage.story.issue.write_bytes(data)


def _issue_folder(stage: Stage) -> None:
    stage.story.issue.unlink()
    stage.story.issue.mkdir()


def _no_routing(stage: Stage) -> None:
    (stage.repository / ".pointsman.yml").unlink()
    stage.git("rm", "--quiet", "--cached", ".pointsman.yml")
    stage.git("commit", "--quiet", "-m", "Unroute")


def _routed(text: str) -> Spoil:
    return lambda stage: route(stage, text)


def _policy(old: str, new: str) -> Spoil:
    return lambda stage: in_policy(stage, old, new)


@pytest.mark.parametrize(
    ("spoil", "exit_code", "code", "words"),
    [
        (lambda stage: stage.story.issue.unlink(), 2, "no-issue", "There is no issue file at"),
        (_issue_folder, 2, "no-issue", "Is a directory"),
        (_issue(b""), 1, "empty-issue", "Write a heading that names the problem"),
        (_issue(b" \n\t\n"), 1, "empty-issue", "Write a heading that names the problem"),
        (_issue(b"# caf\xe9\n"), 1, "issue-not-text", "Save it as UTF-8"),
        (_issue(b"x" * 300_000), 1, "issue-too-long", "put long logs into a file"),
        (_no_routing, 1, "no-routing-file", "plan: claude-opus code: ollama:qwen2.5-coder:14b qa: claude-sonnet"),
        (
            _routed("plan: planner\ncoder: coder\nqa: reviewer\n"),
            1,
            "routing-file",
            '.pointsman.yml:2:1: unknown key "coder" (did you mean "code"?)',
        ),
        (
            _routed("plan: planner\ncode: coder\nqa: reviewer\nbudgets: {run_usd: 1}\n"),
            1,
            "routing-file",
            '.pointsman.yml:4:1: unknown key "budgets" (did you mean "budget"?)',
        ),
        (_routed("plan: [\n"), 1, "routing-file", ".pointsman.yml:2:1: this is not YAML"),
        (
            _routed("plan: planer\ncode: coder\nqa: reviewer\n"),
            1,
            "not-in-catalogue",
            "cannot go to planer: the policy's catalogue has no such model; did you mean planner? Name a model",
        ),
        (
            _policy('"provider": "coder-host"', '"provider": "codr-host"'),
            3,
            "policy-file",
            'provider "codr-host" is not in this policy (did you mean "coder-host"?) Mend the policy file',
        ),
        (_policy('"caps"', '"cap"'), 3, "policy-file", 'unknown key "cap" (did you mean "caps"?)'),
        (lambda stage: stage.policy.unlink(), 2, "no-policy", "one of `pointsman presets`, with --policy"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_to_do_and_no_model_is_asked(
    tmp_path: Path, server: ScriptedServer, spoil: Spoil, exit_code: int, code: str, words: str
) -> None:
    stage = staged(tmp_path, server)
    asked = len(server.seen)
    spoil(stage)
    with undisturbed(stage):
        said = stage.does("run", *stage.about(), with_policy=True)
    assert (said.code, told_once(said)) == (exit_code, code), said
    assert words in said.told
    assert said.out == ""
    assert len(server.seen) == asked


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (not_a_repository, "not-a-repository", "is not a git repository. Give the top folder"),
        (empty, "empty-repository", "Commit something first"),
    ],
)
def test_a_folder_without_a_commit_is_refused(
    tmp_path: Path, server: ScriptedServer, make: Callable[[Path], Story], code: str, words: str
) -> None:
    stage = staged(
        tmp_path, server, story=not_a_repository(tmp_path) if make is not_a_repository else empty(tmp_path)
    )
    with undisturbed(stage):
        said = stage.does("run", *stage.about(), with_policy=True)
    assert (said.code, told_once(said)) == (1, code), said
    assert words in said.told


def test_a_folder_inside_a_repository_is_answered_with_the_repository(tmp_path: Path, server: ScriptedServer) -> None:
    stage = staged(tmp_path, server)
    inside = str(stage.repository / "shop")
    said = stage.does("run", "--repo", inside, "--issue", str(stage.story.issue), with_policy=True)
    assert (said.code, told_once(said)) == (1, "not-a-repository"), said
    assert f"It lies inside the repository '{stage.repository}'" in said.told


def test_a_bare_repository_gets_its_branch_like_any_other(tmp_path: Path, server: ScriptedServer) -> None:
    stage = staged(tmp_path, server, story=bare(tmp_path))
    with undisturbed(stage):
        said = stage.works_on_the_issue()
    assert (said.code, said.run["result"], len(stage.branches())) == (0, "ready", 1), said


@pytest.mark.parametrize("title", ["🚂🚂", "!!! ??? ...", "word " * 2000, "a\0b\x1b[31m"])
def test_a_strange_title_makes_a_plain_branch(tmp_path: Path, server: ScriptedServer, title: str) -> None:
    stage = staged(tmp_path, server)
    stage.story.issue.write_text(f"# {title}\nLabels: bug\n\nIt is wrong.\n", encoding="utf-8")
    with undisturbed(stage):
        said = stage.works_on_the_issue("--routing", str(stage.repository / ".pointsman.yml"), goal="plan")
    assert (said.code, said.run["result"]) == (0, "planned"), said
    assert "\x1b" not in said.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "r-nope"), "no-run"),
        (("show", "../../etc/passwd"), "no-run"),
        (("status", "r-nope"), "no-run"),
        (("cancel", "r-nope"), "no-run"),
        (("resume", "r-nope"), "no-run"),
        (("approve", "r-nope", "abc"), "no-run"),
        (("rerun", "r-nope", "code"), "no-run"),
        (("rerun", "r-nope", "cod"), "phase"),
    ],
)
def test_an_unknown_run_or_phase_is_a_mistake_of_the_call(
    tmp_path: Path, server: ScriptedServer, words: tuple[str, ...], code: str
) -> None:
    stage = staged(tmp_path, server, story=buggy_package(tmp_path))
    said = stage.does(*words)
    assert (said.code, told_once(said)) == (2, code), said
