"""E12: what a change brings in from elsewhere is said with its line, and no verdict of tests passes it."""

import asyncio

import pytest
from tests.unit.phases.phase_world import FIXED, TREE, World

from pointsman.domain.outcome import Earlier, Verdict
from pointsman.phases.paths import is_guarded
from pointsman.phases.proof.weakening import in_words, weakenings
from pointsman.phases.verify import verify

PACKAGE = '{"name": "x", "dependencies": {"left": "1.0"}, "scripts": {"build": "tsc"}}'
PROJECT = '[project]\nname = "x"\nversion = "1"\ndependencies = ["httpx>=1"]\n'
CARGO = '[package]\nname = "x"\n[dependencies]\nserde = "1"\n'
BROUGHT = {
    "a package of pip": ("requirements.txt", "httpx==1\n", "httpx==1\nevil==2  # new\n", "evil==2"),
    "another index": ("requirements-dev.txt", "a\n", "a\n--extra-index-url https://evil\n", "extra-index"),
    "an address in place of a package": ("requirements.txt", "a==1\n", "git+https://evil.example/a\n", "git+https"),
    "a package of a project": ("pyproject.toml", PROJECT, PROJECT.replace('>=1"', '>=1", "evil"'), "evil"),
    "a build backend": ("pyproject.toml", PROJECT, f'{PROJECT}[build-system]\nrequires = ["evil"]\n', "evil"),
    "a package of npm": ("web/package.json", PACKAGE, PACKAGE.replace('"1.0"', '"1.0", "evil": "2"'), "evil 2"),
    "a version elsewhere": ("package.json", PACKAGE, PACKAGE.replace('"1.0"', '"https://evil"'), "https://evil"),
    "a script": ("package.json", PACKAGE, PACKAGE.replace('"tsc"', '"tsc", "postinstall": "sh x"'), "sh x"),
    "a package file that cannot be read": ("package.json", PACKAGE, "{", "cannot be read"),
    "a crate": ("Cargo.toml", CARGO, f'{CARGO}evil = {{git = "https://evil.example"}}\n', "evil.example"),
    "a module of Go": ("go.mod", "module x\n", "module x\nrequire evil.example/x v1.0.0\n", "evil.example/x"),
    "another module": ("go.mod", "module x\n", "module x\nreplace a.example/b => ../evil\n", "=> ../evil"),
    "a gem": ("Gemfile", "source 'a'\n", "source 'a'\ngem 'evil'\n", "gem 'evil'"),
    "an artefact": ("pom.xml", "<a/>", "<artifactId>evil</artifactId>", "evil"),
    "a line of Gradle": ("app/build.gradle", "x\n", "x\n  implementation 'evil:evil:1'\n", "evil:evil"),
    "a package of .NET": ("a/x.csproj", "<P/>", '<P><PackageReference Include="Evil" /></P>', "Evil"),
    "a requirement of setup": ("setup.py", "setup()\n", "setup(install_requires=['evil'])\n", "evil"),
    "a package of PHP": ("composer.json", "{}", '{"require": {"evil/x": "1"}}', "evil/x 1"),
    "an image": ("Dockerfile", "FROM a\n", "FROM evil\n", "FROM evil"),
    "a lock file": ("package-lock.json", "{}", '{"a": 1}', "locked"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROUGHT)
def test_e12_what_a_change_brings_in_from_elsewhere_is_said(kind: str) -> None:
    path, before, after, expected = BROUGHT[kind]
    said = [in_words(one) for one in weakenings({path: (before, after)}) if one.kind == "check"]
    assert any(expected in line and line.startswith(path) for line in said), said
    assert weakenings({path: (after, after)}) == ()


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("requirements.txt", "a==1\nb==2\n", "# sorted\nb==2\na==1\n"),
        ("package.json", PACKAGE, PACKAGE.replace("tsc", "tsc -p .").replace('"x"', '"y"')),
        ("pyproject.toml", PROJECT, PROJECT.replace('"1"', '"2"')),
        ("requirements.txt", "a==1\nb==2\n", "a==1\n"),
        ("notes.txt", "", "evil==1\n"),
    ],
)
def test_e12_what_brings_in_nothing_is_no_remark(path: str, before: str, after: str) -> None:
    assert [one for one in weakenings({path: (before, after)}) if one.kind == "check"] == []


def test_e12_no_passed_tests_pass_a_new_package_and_its_lock_needs_the_plans_word() -> None:
    world = World(tree={**TREE, "requirements.txt": "httpx==1\n"})
    candidate = world.workspace.keep({**world.tree, "bounds.py": FIXED, "requirements.txt": "httpx==1\nevil==2\n"})
    found = asyncio.run(verify(world.spec(), Earlier(), world.ports, commit=candidate))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "requirements.txt:2" in found.why and "evil==2" in found.why
    honest = world.workspace.keep({**world.tree, "bounds.py": FIXED})
    assert asyncio.run(verify(world.spec(), Earlier(), world.ports, commit=honest)).verdict is Verdict.PASSED
    assert is_guarded("package-lock.json") and is_guarded("poetry.lock") and is_guarded("go.sum")
