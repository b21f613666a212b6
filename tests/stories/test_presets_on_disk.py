"""Each preset on the local forge: its policy and routing file as they are, and who was asked for what."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import pytest
from tests.worlds.certificates import vouched
from tests.worlds.repositories import FIXED, buggy_package
from tests.worlds.script import Answer, Rule, rule
from tests.worlds.stage import Stage
from tests.worlds.vendors import CASTS, Vendors, hosts, routing_of, surroundings, vendors


@contextmanager
def preset_stage(
    folder: Path,
    preset: str,
    *,
    routing: str = "",
    labels: str = "",
    first: Mapping[str, Rule] = MappingProxyType({}),
) -> Iterator[tuple[Stage, Vendors]]:
    """A repository with the preset's routing file, an issue that nobody has sorted, and the preset's providers."""
    trusted, tls = vouched(folder, *hosts())
    with vendors(preset, tls, first) as served:
        policy = folder / "policy.yml"
        policy.write_text(served.policy, encoding="utf-8")
        story = buggy_package(folder, routing=routing_of(routing or preset))
        if labels:
            heading, _, body = story.issue.read_text(encoding="utf-8").partition("\n")
            story.issue.write_text(f"{heading}\nLabels: {labels}\n{body}", encoding="utf-8")
        first_server = next(iter(served.servers.values()))
        yield Stage(folder, story, first_server, policy, env=surroundings(trusted)), served


def _approved(stage: Stage) -> str:
    """Run to the plan, agree to it, run to the end; the branch."""
    said = stage.works_on_the_issue()
    assert said.run["state"] == "waiting", said
    said = stage.does("approve", said.run_id, str(said.run["plan_hash"])[:12], "--json")
    assert (said.code, said.run["state"], said.run["result"]) == (0, "done", "ready"), said
    return str(said.run["branch"])


@pytest.mark.parametrize("preset", [name for name in CASTS if name != "regulated"])
def test_an_issue_becomes_a_change_by_the_models_that_the_preset_names_and_no_other_provider_hears_of_it(
    tmp_path: Path, preset: str
) -> None:
    with preset_stage(tmp_path, preset) as (stage, served):
        said = stage.works_on_the_issue()
    assert (said.code, said.run["state"], said.run["result"]) == (0, "done", "ready"), said
    assert preset != "local-only" or said.run["cost_usd"] == 0
    _was_done_as_cast(stage, served, str(said.run["branch"]), preset)


def test_under_the_regulated_preset_nothing_is_written_before_a_person_has_read_the_plan(tmp_path: Path) -> None:
    with preset_stage(tmp_path, "regulated") as (stage, served):
        branch = _approved(stage)
    assert {served.perimeters[name] for name in served.reached()} == {"local", "account"}
    assert "approve: `" in stage.note(branch)
    _was_done_as_cast(stage, served, branch, "regulated")


def _was_done_as_cast(stage: Stage, served: Vendors, branch: str, preset: str) -> None:
    assert stage.branches() == [branch]
    assert stage.git("show", f"{branch}:shop/prices.py") == FIXED.strip()
    assert served.asked() == list(CASTS[preset])
    assert served.reached() == {asked.provider for asked in CASTS[preset]}
    note = stage.note(branch)
    for asked in CASTS[preset]:
        assert f"`{asked.model}` | `{asked.provider}` | {served.perimeters[asked.provider]} |" in note, note
    assert "None: each phase was done by the model that it was routed to." in note


@pytest.mark.parametrize("preset", ["regulated", "speed-and-depth"])
def test_a_secret_issue_is_refused_before_any_provider_of_a_preset_hears_of_it(tmp_path: Path, preset: str) -> None:
    with preset_stage(tmp_path, preset, labels="bug, pointsman:secret") as (stage, served):
        said = stage.does("run", *stage.about(), with_policy=True)
    assert said.code == 1, said
    assert "secret text stays local" in said.told
    assert "(perimeter: docs/errors.md#perimeter)" in said.told
    assert (served.reached(), stage.branches()) == (set(), [])


def test_with_the_routing_file_for_closed_repositories_a_secret_issue_is_worked_on_at_home_alone(
    tmp_path: Path,
) -> None:
    preset, labels = "self-hosted-and-premium", "pointsman:secret"
    with preset_stage(tmp_path, preset, routing="local-only", labels=labels) as (stage, served):
        _approved(stage)
    assert [asked.phase for asked in served.asked()] == ["triage", "plan", "code", "review"]
    assert served.reached() == {"ollama", "vllm", "vllm-second"}


def test_when_the_primary_vendor_is_out_the_cheaper_stand_ins_write_and_the_note_says_so(tmp_path: Path) -> None:
    out = rule(Answer(status=529, text="overloaded"), name="out", when=("You are a careful programmer",))
    with preset_stage(tmp_path, "primary-with-budget-fallback", first={"anthropic": out}) as (stage, served):
        said = stage.works_on_the_issue()
    assert (said.code, said.run["result"]) == (0, "ready"), said
    writers = [asked.model for asked in served.asked() if asked.phase in ("code", "out")]
    assert list(dict.fromkeys(writers)) == ["claude-sonnet-5-5", "claude-haiku-5-5", "qwen3-coder:30b"]
    assert served.asked()[-1] == CASTS["primary-with-budget-fallback"][-1]
    note = stage.note(str(said.run["branch"]))
    assert "`code`, fallback from `claude-haiku` to `ollama:qwen3-coder:30b`: `overloaded" in note, note


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_a_misspelt_preset_does_nothing_and_says_which_ones_there_are(tmp_path: Path, command: str) -> None:
    with preset_stage(tmp_path, "local-only") as (stage, served):
        about = stage.about() if command == "run" else ()
        said = stage.does(command, *about, "--policy", "local-olny")
    assert said.code == 2, said
    assert "There is no preset called local-olny. Did you mean local-only?" in said.told
    assert "provider-diversity" in said.told
    assert (served.reached(), stage.branches()) == (set(), [])
