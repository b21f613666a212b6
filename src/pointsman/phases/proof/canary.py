"""A test that must fail, run beside the new code: where it is told as a success, no success there means anything."""

from hashlib import sha256
from pathlib import PurePosixPath

from pointsman.domain.outcome import CheckResult
from pointsman.domain.run import RunSpec
from pointsman.domain.work import SandboxJob
from pointsman.phases.paths import is_code, is_test, is_test_config
from pointsman.phases.proof.commands import Command, is_pytest, is_unittest, one_test
from pointsman.phases.proof.jobs import job_of

_MOST_MODULES = 20
_SECONDS = 60.0
_SCRIPTS = frozenset({"setup.py", "manage.py", "__main__.py", "conf.py", "wsgi.py", "asgi.py"})
_ROOTS = frozenset({"src", "lib", "python"})
_TEXT = """import importlib
import unittest

for _name in {modules!r}:
    try:
        importlib.import_module(_name)
    except BaseException:
        pass


class Canary(unittest.TestCase):
    def test_{nonce}(self):
        self.fail({nonce!r})
"""


def canary_job(
    spec: RunSpec, commands: tuple[Command, ...], commit: str, *, touched: tuple[str, ...], paths: tuple[str, ...]
) -> SandboxJob | None:
    """The job that loads the touched modules and then fails; None where no Python code of the change is run by tests.

    Its name is a digest of the commit, which the code in that commit cannot hold.
    """
    runners = tuple(command for command in commands if is_pytest(command) or is_unittest(command))
    modules = _modules(touched, frozenset(paths))
    if not runners or not modules:
        return None
    nonce = sha256(f"canary\0{spec.admitted_at}\0{commit}".encode()).hexdigest()[:12]
    path = str(PurePosixPath(_folder(paths)) / f"proof_{nonce}.py")
    command = one_test(runners, path)
    if command is None:
        return None
    text = _TEXT.format(modules=modules, nonce=nonce)
    return job_of(spec, commit, (command,), files=((path, text),), seconds=_SECONDS)


def is_forged(results: tuple[CheckResult, ...]) -> bool:
    """Whether the test that fails was told as a success. What else may keep it from running proves nothing."""
    return any(result.status == "exited" and result.exit_code == 0 for result in results)


def _modules(touched: tuple[str, ...], present: frozenset[str]) -> tuple[str, ...]:
    """The names by which the touched modules may be loaded; programs are left out, since loading one runs it."""
    found: dict[str, None] = {}
    for path in touched:
        place = PurePosixPath(path)
        is_ours = is_code(path) and not is_test(path) and not is_test_config(path) and path in present
        if place.suffix != ".py" or place.name in _SCRIPTS or not is_ours:
            continue
        parts = place.with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        parts = parts[1:] if parts and parts[0] in _ROOTS else parts
        if parts and all(part.isidentifier() for part in parts):
            found[".".join(parts)] = None
    return tuple(found)[:_MOST_MODULES]


def _folder(paths: tuple[str, ...]) -> str:
    """Where tests lie, so that what is set up for them is set up for this one."""
    tests = (path for path in sorted(paths) if path.endswith(".py") and is_test(path) and "conftest" not in path)
    named = (path for path in tests if PurePosixPath(path).name.startswith("test"))
    return str(PurePosixPath(next(named, "x")).parent)
