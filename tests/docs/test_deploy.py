"""What `deploy/` brings onto a server: the program with its dependencies as locked, and nothing of its tests."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import yaml

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"^([A-Za-z0-9._-]+)(?===)", re.MULTILINE)


def _runtime() -> str:
    with (ROOT / "requirements.lock").open(encoding="utf-8") as lock:
        done = subprocess.run(
            [sys.executable, ROOT / "deploy/runtime_lock.py"], stdin=lock, capture_output=True, text=True, check=True
        )
    return done.stdout


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in requirements}


def test_the_image_installs_what_the_program_needs_with_hashes_and_nothing_of_its_tests() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    part = _runtime()
    installed = set(NAME.findall(part))
    assert _names(project["project"]["dependencies"]) <= installed
    assert not _names(project["dependency-groups"]["dev"]) & installed
    assert part.count("--hash=sha256:") > len(installed)
    lines = set((ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines())
    assert [line for line in part.splitlines() if line not in lines] == []


def _copied(image: str, to: Path) -> None:
    """What the image's first stage copies from the checkout, links as links."""
    for line in re.findall(r"^COPY (?!--)(.+) \S+$", image.rpartition("\nFROM ")[0], re.MULTILINE):
        for name in line.split():
            there = ROOT / name
            if there.is_dir():
                shutil.copytree(
                    there, to / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
                )
            else:
                shutil.copy(there, to / there.name)


def test_the_package_that_the_image_builds_holds_every_file_that_the_program_reads(tmp_path: Path) -> None:
    _copied((ROOT / "deploy/Dockerfile").read_text(encoding="utf-8"), tmp_path)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", tmp_path / "out", tmp_path],
        check=True,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    with ZipFile(next((tmp_path / "out").glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if name.startswith("pointsman/")}
    package = ROOT / "src" / "pointsman"
    read = {str(path.relative_to(package.parent)) for path in package.rglob("*") if path.is_file()}
    assert {name for name in read if "__pycache__" not in name} - held == set()


def test_the_container_and_the_unit_run_as_nobody_in_particular_with_a_home_that_stays() -> None:
    image = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    last = image.rpartition("\nFROM ")[2]
    assert "USER pointsman" in last
    assert "VOLUME /var/lib/pointsman" in last
    service = yaml.safe_load((ROOT / "deploy/compose.yml").read_text(encoding="utf-8"))["services"]["pointsman"]
    assert service["volumes"] == ["home:/var/lib/pointsman"]
    assert service["cap_drop"] == ["ALL"]
    assert service["ports"] == ["127.0.0.1:8080:8080"]
    unit = (ROOT / "deploy/pointsman.service").read_text(encoding="utf-8").splitlines()
    assert {"User=pointsman", "StateDirectoryMode=0700", "NoNewPrivileges=yes"} <= set(unit)
