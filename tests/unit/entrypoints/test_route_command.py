"""`pointsman route`: who would do what and why, and what an edit would move; no model is asked, nothing written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.policy.policy_world import POLICY
from tests.worlds.repositories import commit, git, write
from typer.testing import CliRunner, Result

from pointsman.entrypoints.cli.app import app

RIGHT = "plan: oss\ncode: {model: qwen-m, fallback: [llama-s], escalate: [llama-m]}\nqa: oss\n"
OTHER = RIGHT.replace("qwen-m", "llama-m").replace(", escalate: [llama-m]", "")
ISSUE = "# It fails\n\nLabels: security, pointsman:restricted\n\nAlways.\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "policy.yml").write_text(POLICY, encoding="utf-8")
    repo = tmp_path / "shop"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    write(repo, ".pointsman.yml", RIGHT)
    commit(repo, "Say who does what")
    return tmp_path


def typed(place: Path, *words: str, columns: int = 240) -> Result:
    about = ["--repo", str(place / "shop"), "--name", "acme/shop", "--home", str(place / "home")]
    policy = [] if "--policy" in words else ["--policy", str(place / "policy.yml")]
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(app, ["route", *about, *policy, *words])


def test_the_limits_of_a_phase_stand_on_one_line_of_a_terminal_of_eighty_columns(place: Path) -> None:
    said = typed(place, columns=80)
    told = lines(said)
    assert "code 4,096 tokens an answer, $2.00, 60 calls, 2 h" in told
    assert max(map(len, said.output.splitlines())) <= 80


def lines(result: Result) -> list[str]:
    return [" ".join(line.split()) for line in result.output.splitlines()]


def test_each_phase_is_told_with_its_models_limits_and_the_reason_for_every_candidate(place: Path) -> None:
    said = typed(place)
    assert said.exit_code == 0, said.output
    told = lines(said)
    assert told[0] == "Sensitivity: internal. The reviewer never shares a family with an author."
    assert "code qwen-m qwen local llama-s llama-m" in told
    assert "code 4,096 tokens an answer, $2.00, 60 calls, 2 h" in told
    assert "code qwen-m kept named in the routing file named" in told
    assert any(line.startswith("code llama-m kept takes over") for line in told)


def test_the_committed_file_is_asked_unless_another_is_tried(place: Path) -> None:
    write(place / "shop", ".pointsman.yml", OTHER)
    assert any(line.startswith("code qwen-m") for line in lines(typed(place)))
    tried = typed(place, "--routing", str(place / "shop" / ".pointsman.yml"))
    assert any(line.startswith("code llama-m") for line in lines(tried))


def test_an_issue_is_read_for_the_hints_that_a_run_would_take(place: Path) -> None:
    (place / "issue.md").write_text(ISSUE, encoding="utf-8")
    said = typed(place, "--issue", str(place / "issue.md"))
    assert lines(said)[0].startswith("Sensitivity: restricted.")
    assert "Security (a label says security)" in lines(said)
    assert any("A person approves the plan." in line for line in lines(said))


def test_a_path_is_told_with_what_its_rules_ask_and_routes_are_those_of_its_level(place: Path) -> None:
    said = typed(place, "--path", "src/auth/login.py", "--path", "migrations/1.sql", "--path", "infra/main.tf")
    told = lines(said)
    assert told[0].startswith("Sensitivity: restricted.")
    assert "src/auth/login.py: restricted" in told
    assert "migrations/1.sql: internal, a person approves a plan that touches it (migrations/)" in told
    assert "infra/main.tf: internal, no model edits it (infra/)" in told


def test_every_class_and_every_level_are_shown_and_those_that_go_alike_together(place: Path) -> None:
    told = lines(typed(place, "--all", "--sensitivity", "all"))
    assert [line.split(".")[0] for line in told if line.startswith("Sensitivity")] == [
        "Sensitivity: internal",
        "Sensitivity: restricted",
        "Sensitivity: secret",
    ]
    assert "All classes but security, question" in told


def test_a_refused_phase_is_exit_code_1_and_its_rule_is_told(place: Path) -> None:
    write(place / "shop", ".pointsman.yml", "plan: opus\ncode: qwen-m\nqa: oss\n")
    said = typed(place, "--routing", str(place / "shop" / ".pointsman.yml"), "--sensitivity", "secret")
    assert said.exit_code == 1
    assert "plan nobody plan cannot go to opus: far is public; secret text stays local perimeter" in lines(said)


def test_a_script_reads_the_same(place: Path) -> None:
    (level,) = json.loads(typed(place, "--task", "docs", "--path", "src/auth/x", "--json").output)["levels"]
    assert (level["sensitivity"], level["paths"][0]["sensitivity"]) == ("restricted", "restricted")
    (task,) = level["tasks"]
    assert (task["task"], task["plan"], task["evidence_required"]) == ("docs", "do", True)
    code = next(phase for phase in task["phases"] if phase["phase"] == "code")
    assert (code["model"], code["fallback"], code["escalate"]) == ("qwen-m", ["llama-s"], ["llama-m"])
    assert code["reasons"][0] == {
        "model": "qwen-m",
        "kept": True,
        "rule": "named",
        "why": "named in the routing file",
    }


def test_a_diff_says_what_moves_and_first_what_goes_further_out(place: Path) -> None:
    write(place / "shop", ".pointsman.yml", OTHER)
    file = str(place / "shop" / ".pointsman.yml")
    said = typed(place, "--diff", "main", file)
    assert said.exit_code == 1
    told = lines(said)
    assert told[0] == "Routing: 1 phase moves, 1 crosses a perimeter, 1 finds nobody"
    assert told[2].startswith("code: text goes further out, to llama-m local account every class of task")
    assert typed(place, "--diff", "main", "main:.pointsman.yml").exit_code == 0
    (first, *_) = json.loads(typed(place, "--diff", "HEAD", file, "--json").output)["moves"]
    assert (first["kind"], first["grave"], first["phase"], first["about"]) == ("crossing", True, "code", "llama-m")


def test_two_policies_are_compared_over_the_routing_file_that_holds(place: Path) -> None:
    looser = place / "looser.yml"
    looser.write_text(POLICY.replace('"acme/vault*", sensitivity: secret', '"acme/vault*", sensitivity: internal'))
    said = typed(place, "--diff", str(place / "policy.yml"), str(looser), "--name", "acme/vault1")
    assert said.exit_code == 1
    assert any(line.startswith("less closed secret internal acme/vault1") for line in lines(said))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--diff", "main", "nowhere"), 1, "unknown-revision"),
        (("--diff", "main", "main:other.yml"), 2, "no-file"),
        (("--diff", "main", "policy.yml"), 2, "two-kinds"),
        (("--routing", "nowhere.yml"), 2, "no-file"),
        (("--task", "cooking"), 2, "cooking"),
    ],
)
def test_a_call_that_cannot_be_answered_says_why(
    place: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(place)
    result = typed(place, *words)
    assert result.exit_code == code, result.output
    assert said in result.output


def test_nothing_is_written_and_neither_engine_nor_clients_are_loaded(place: Path) -> None:
    slow = ("dbos", "sqlalchemy", "github", "httpx", "fastapi")
    words = ["route", "--repo", str(place / "shop"), "--policy", str(place / "policy.yml"), "--name", "acme/shop"]
    told = f"import sys\nfrom pointsman.entrypoints.cli.app import app\ntry:\n app({words!r})\n"
    told += f"except SystemExit as end:\n print(end.code, [name for name in {slow!r} if name in sys.modules])\n"
    before = sorted(path.name for path in place.iterdir())
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, cwd=place)
    assert done.stdout.splitlines()[-1] == "0 []", done.stdout
    assert sorted(path.name for path in place.iterdir()) == before


def test_a_committed_link_is_not_followed(place: Path) -> None:
    repo = place / "shop"
    (repo / ".pointsman.yml").rename(repo / "real.yml")
    (repo / ".pointsman.yml").symlink_to("real.yml")
    commit(repo, "Link it")
    said = typed(place)
    assert said.exit_code == 1
    assert "this is a symbolic link" in said.output
    assert typed(place, "--diff", "main:real.yml", "HEAD~1").exit_code == 0
