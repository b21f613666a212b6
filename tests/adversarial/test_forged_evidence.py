"""T6: each forgery of a passed test run, by a real pytest in the real sandbox; none of them counts as passed."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pytest
from tests.adversarial import sandbox_world as world
from tests.unit.phases.phase_world import BUGGY, FIXED, TEST
from tests.unit.phases.phase_world import World as Phases

from pointsman.domain.outcome import Earlier, Evidence, Reproduction, Verdict
from pointsman.domain.run import Repository, VerifyOrder
from pointsman.phases.verify import verify
from pointsman.workspaces.sandbox import LinuxSandbox
from pointsman.workspaces.workspace import GitWorkspace

BASE = {"bounds.py": BUGGY, "test_bounds.py": TEST, "pytest.ini": "[pytest]\n"}
FAILING = "test_bounds.py::test_clamp"
PATCHED = (
    "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
    "    seen = yield\n    seen.get_result().outcome = 'passed'\n"
)
FORGERIES = {
    "the process ends with 0 before a test": ({"conftest.py": "import os; os._exit(0)\n"}, ()),
    "the report is patched to passed": ({"conftest.py": PATCHED}, (FAILING,)),
    "tests are only collected": ({"pytest.ini": "[pytest]\naddopts = --co\n"}, ()),
    "the failing test is deleted": (
        {"conftest.py": "def pytest_collection_modifyitems(items):\n    items.clear()\n"},
        (),
    ),
    "the process ends with 0 after a made-up line": (
        {"conftest.py": "import atexit, os\natexit.register(lambda: (print('1 passed'), os._exit(0)))\n"},
        (),
    ),
}
FROM_THE_CODE = {
    "the code ends the process with 0": f"import os; os._exit(0)\n{BUGGY}",
    "the code ends the process with 0 at its end": f"import atexit, os\natexit.register(os._exit, 0)\n{BUGGY}",
    "the code makes every report one of success": (
        "import _pytest.reports as r\n_was = r.TestReport.from_item_and_call\n\n\n"
        "def _lie(item, call):\n    told = _was(item, call)\n    told.outcome, told.longrepr = 'passed', None\n"
        f"    return told\n\n\nr.TestReport.from_item_and_call = staticmethod(_lie)\n{BUGGY}"
    ),
    "the code takes the failing test away": (
        "import sys\nfor name, module in list(sys.modules.items()):\n"
        f"    if name == 'test_bounds': module.__test__ = False\n{BUGGY}"
    ),
}


@dataclass
class Bench:
    """A repository, the real sandbox of its commits, and the evidence that verify finds."""

    made: world.Repository
    sandbox: LinuxSandbox
    base: str
    known: Evidence | None = None

    def verified(self, changed: Mapping[str, str], shown: Reproduction | None = None) -> Evidence:
        """The evidence for a candidate with some files changed; base is run once for all."""
        candidate = self.made.commit({**BASE, **changed})
        return asyncio.run(self._verified(candidate, shown))

    async def _verified(self, candidate: str, shown: Reproduction | None) -> Evidence:
        home = Repository("local", "1", "bounds", str(self.made.root), "HEAD")
        workspace = GitWorkspace.open(self.made.root.parent / "home", home)
        for commit in (self.base, candidate):
            await workspace.fetch(home, commit)
        phases = Phases()
        order = VerifyOrder((("python", "-m", "pytest"),), 60.0, 512, ("python -m pytest",))
        spec = replace(phases.spec(), repository=home, base_commit=self.base, verify=order)
        ports = replace(phases.ports, workspace=workspace, sandbox=self.sandbox)
        found = await verify(spec, Earlier(evidence=self.known, reproduction=shown), ports, commit=candidate)
        self.known = found
        return found


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = world.repository(tmp_path_factory.mktemp("forged"))
    yield Bench(made, world.sandbox(made, "bubblewrap"), made.commit(BASE))


def test_t6_an_honest_candidate_is_passed_so_that_the_others_prove_something(bench: Bench) -> None:
    assert bench.verified({"bounds.py": FIXED}).verdict is Verdict.PASSED


@pytest.mark.parametrize("forgery", FORGERIES)
def test_t6_forged_success_is_never_passed_and_what_was_changed_is_said(bench: Bench, forgery: str) -> None:
    files, passed = FORGERIES[forgery]
    found = bench.verified(files)
    assert found.verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE), found.why
    assert set(found.changed_tests) == set(files)
    assert found.candidate[0].passed == passed
    if not passed:
        assert found.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("forgery", FROM_THE_CODE)
def test_t6_a_forgery_from_the_code_under_test_is_never_passed_either(bench: Bench, forgery: str) -> None:
    found = bench.verified({"bounds.py": FROM_THE_CODE[forgery]})
    assert found.verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE), found.why
    if found.candidate[0].passed:
        assert found.verdict is Verdict.INCONCLUSIVE


def test_t6_a_test_that_a_model_wrote_to_show_the_bug_cannot_mend_the_code_for_the_others(bench: Bench) -> None:
    """It is loaded beside all other tests, and whatever it does to the code while it is loaded they would be told."""
    mends = "bounds.clamp.__code__ = (lambda value, low, high: max(low, min(value, high))).__code__"
    text = f"import bounds\n\n{mends}\n\n\ndef test_shown():\n    assert bounds.TRIED == bounds.clamp(1, 0, 3)\n"
    shown = Reproduction("test_a_shown.py", text, "", "", "coder", "exception", "")
    found = bench.verified({"bounds.py": f"TRIED = 1\n{BUGGY}", "test_a_shown.py": text}, shown)
    assert not found.candidate[0].failed, "with it all tests pass"
    assert found.verdict is Verdict.FAILED and FAILING in found.why + found.feedback
