"""What a forge's CI runs: the steps of the GitHub Action as they stand, and the job for GitLab."""

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import jsonschema
import pytest
import yaml
from tests.unit.audit.verify_world import Shop, changed

ROOT = Path(__file__).resolve().parents[3]
ACTION = ROOT / ".github/actions/audit-verify"
GITLAB = ROOT / "deploy/gitlab/audit-verify.yml"


@dataclass(frozen=True)
class Step:
    """How a step ended: its code, what it printed, the summary of the job and the outputs."""

    code: int
    said: str
    summary: str
    outputs: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop.made(tmp_path_factory.mktemp("made"))
    shop.world.git("config", "user.email", "x@example.org")
    return shop


def step(shop: Shop, where: Path, **given: str) -> Step:
    """The last step of the action, with the little that a runner gives it."""
    (where / "keys.pem").write_bytes(shop.world.signer.public_key())
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(where),
        "RUNNER_TEMP": str(where / "temp"),
        "GITHUB_ACTION_PATH": str(ACTION),
        "GITHUB_STEP_SUMMARY": str(where / "summary.md"),
        "GITHUB_OUTPUT": str(where / "output"),
        "POINTSMAN_PYTHON": sys.executable,
        "POINTSMAN_SOURCE": str(ROOT / "src"),
        "KEYS": str(where / "keys.pem"),
        "RANGE": "",
        "REQUIRE_COVERAGE": "true",
        "HEAD_DIGEST": "",
        "REPOSITORY_ID": "",
        "CHECKOUT": str(shop.world.folder),
        **given,
    }
    for name in ("summary.md", "output"):
        (where / name).write_text("")
    shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
    done = subprocess.run([*shell, _steps()[-1]["run"]], env=env, capture_output=True)
    said = (done.stdout + done.stderr).decode()
    return Step(done.returncode, said, (where / "summary.md").read_text(), (where / "output").read_text())


def _action() -> dict[str, object]:
    loaded = yaml.safe_load((ACTION / "action.yml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def _steps() -> list[dict[str, str]]:
    runs = _action()["runs"]
    assert isinstance(runs, dict)
    assert runs["using"] == "composite"
    steps: list[dict[str, str]] = runs["steps"]
    return steps


def test_the_step_of_the_action_passes_an_honest_change_and_writes_the_summary(made: Shop, tmp_path: Path) -> None:
    told = step(made, tmp_path, RANGE=f"{made.start}...{made.tip}", REPOSITORY_ID="local:1")
    assert (told.code, told.outputs) == (0, "verdict=holds\n"), told.said
    assert "## Notes: It holds: 1 note, 2 commits." in told.summary
    assert f"`{made.code[:12]}` a note covers it" in told.summary
    # The origin of this copy does not answer, and that is told.
    assert "::warning::refs/pointsman/audit could not be asked for" in told.said
    pause = re.search(r"::stop-commands::([0-9a-f]{32})\n", told.said)
    assert pause is not None
    assert f"::{pause[1]}::" in told.said


def test_the_step_fails_a_commit_of_the_bots_without_its_note_and_asks_the_ref(made: Shop, tmp_path: Path) -> None:
    shop = made.copied(tmp_path)
    world = shop.world
    world.git("checkout", "--quiet", "-b", "cut", shop.code)
    world.git("commit", "--quiet", "--allow-empty", "-m", "::error::not ours | <b>")
    world.git("remote", "add", "origin", str(world.folder))
    told = step(shop, tmp_path, RANGE=f"{shop.start}...cut")
    assert (told.code, told.outputs) == (1, "verdict=broken\n"), told.said
    assert "`uncovered`" in told.summary
    assert "::warning::" not in told.said
    world.git("update-ref", "refs/pointsman/audit", shop.tip)
    again = step(shop, tmp_path, RANGE=f"{shop.start}...cut")
    assert "`removed`" in again.summary
    assert "refs/pointsman/audit" in again.summary


def test_the_step_takes_no_key_over_plain_http_and_a_range_from_nothing_as_its_head(
    made: Shop, tmp_path: Path
) -> None:
    plain = step(made, tmp_path, KEYS="http://bot.example.org/keys.json")
    assert (plain.code, plain.summary) == (2, "")
    first = step(made, tmp_path, RANGE=f"{'0' * 40}..{made.tip}")
    assert first.code == 0, first.said


def test_the_action_has_the_form_of_a_composite_action_with_everything_pinned() -> None:
    """GitHub documentation, Metadata syntax for GitHub Actions: composite actions."""
    action = _action()
    assert set(action) == {"name", "description", "inputs", "outputs", "runs"}
    steps = _steps()
    for one in steps:
        assert set(one) <= {"id", "uses", "with", "run", "shell", "env", "name", "if"}
        assert ("uses" in one) != ("run" in one)
        if "uses" in one:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", one["uses"])
        else:
            # What others write comes as environment and is never part of the script's text.
            assert one["shell"] == "bash"
            assert "${{" not in one["run"]
            script = ACTION / re.findall(r"[\w-]+\.sh", one["run"])[0]
            assert os.access(script, os.X_OK)
            subprocess.run(["bash", "-n", str(script)], check=True)
    used = set(re.findall(r"inputs\.([\w-]+)", (ACTION / "action.yml").read_text()))
    assert isinstance(action["inputs"], dict)
    assert used == set(action["inputs"])
    scripts = "".join(path.read_text() for path in ACTION.glob("*.sh"))
    given = {name for one in steps for name in one.get("env", {})}
    assert {name for name in given if f"${name}" not in scripts and f"${{{name}" not in scripts} == set()


def test_the_install_step_takes_the_locked_versions_from_its_own_source(tmp_path: Path) -> None:
    """With a Python that only writes down what it is asked, as nothing is downloaded here."""
    asked = tmp_path / "asked"
    fake = tmp_path / "python"
    fake.write_text(
        f'#!/bin/bash\necho "$@" >> {asked}\n'
        'if [ "$1" = -m ] && [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi\n'
    )
    fake.chmod(0o755)
    output = tmp_path / "output"
    env = {
        "PATH": os.environ["PATH"],
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ACTION_PATH": str(ACTION),
        "GITHUB_OUTPUT": str(output),
        "PYTHON": str(fake),
        "SOURCE": "",
    }
    subprocess.run([str(ACTION / "install.sh")], env=env, check=True)
    lines = asked.read_text().splitlines()
    assert lines[1] == str(ROOT / "deploy/runtime_lock.py")
    assert "--no-deps --require-hashes -r" in lines[2]
    assert output.read_text() == f"python={tmp_path}/pointsman/bin/python\nsource={ROOT}/src\n"


def test_the_job_for_gitlab_verifies_a_merge_request_and_leaves_a_report(made: Shop, tmp_path: Path) -> None:
    """GitLab documentation, CI/CD components: a header with `spec`, and jobs with `$[[ inputs.name ]]` in them."""
    header, body = yaml.safe_load_all(GITLAB.read_text(encoding="utf-8"))
    text = GITLAB.read_text(encoding="utf-8").partition("\n---\n")[2]
    assert set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", text)) == set(header["spec"]["inputs"])
    (job,) = body.values()
    assert set(job) <= {"stage", "image", "variables", "rules", "script", "artifacts"}
    assert job["variables"]["GIT_DEPTH"] == "0"
    shop = made.copied(tmp_path)
    world = shop.world
    world.git("remote", "add", "origin", str(world.folder))
    world.git("checkout", "--quiet", "work")
    (tmp_path / "keys.pem").write_bytes(world.signer.public_key())
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program = bin_folder / "pointsman"
    start = "from pointsman.entrypoints.cli import main; main()"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT}/src exec {sys.executable} -c "{start}" "$@"\n')
    program.chmod(0o755)
    env = {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "CI_PROJECT_DIR": str(world.folder),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": shop.start,
        "CI_COMMIT_SHA": shop.tip,
        "REQUIRE_COVERAGE": "true",
        "POINTSMAN_TRUSTED": str(tmp_path / "keys.pem"),
    }
    (script,) = job["script"]
    done = subprocess.run(["sh", "-c", script], cwd=world.folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "It holds" in (world.folder / "notes.md").read_text()


def test_the_json_of_a_report_fits_its_published_schema(made: Shop, tmp_path: Path) -> None:
    schema = json.loads((ROOT / "docs/audit-verify.schema.json").read_text(encoding="utf-8"))
    shop = made.copied(tmp_path)
    shop.world.commit({"a.py": changed(5, to="settled"), "b.py": changed(5)}, "By hand")
    shop.world.git("cherry-pick", shop.tip)
    for report in (made.verify(head="work"), made.verify(head=made.code, must_cover=True), shop.verify()):
        told = json.loads(json.dumps({"verdict": report.verdict, **asdict(report)}))
        jsonschema.Draft202012Validator(schema).validate(told)
