"""Results are read as the claims of hostile code, and output is made inert, stable and short."""

import pytest

from pointsman.workspaces import output
from pointsman.workspaces.orders import Ending
from pointsman.workspaces.results import instrument, read_junit, result

JUNIT = b"""<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest">
<testcase classname="tests.test_a" name="test_one[a-b]" file="tests/test_a.py" line="0" time="0.1"/>
<testcase classname="tests.test_a.TestB" name="test_two" file="tests/test_a.py">
<failure message="x">y</failure></testcase>
<testcase classname="tests.test_a" name="test_three" file="tests/test_a.py"><skipped message="no"/></testcase>
<testcase classname="" name="tests.test_c"><error message="collection failure">z</error></testcase>
</testsuite></testsuites>"""


def _ending(text: bytes = b"", *, code: int = 1, junit: bytes = b"") -> Ending:
    return Ending("exited", code, 0.5, head=text, results=junit)


def test_ids_are_those_that_pytest_prints() -> None:
    tests = read_junit(JUNIT)
    assert tests.named("passed") == ("tests/test_a.py::test_one[a-b]",)
    assert tests.named("failed") == ("tests/test_a.py::TestB::test_two", "tests.test_c")
    assert tests.named("skipped") == ("tests/test_a.py::test_three",)


def test_slow_tests_are_told_with_their_seconds_and_times_that_are_none_are_not() -> None:
    case = '<testcase classname="a" name="%s" file="a.py" time="%s"/>'
    said = ("3.04", "2.9", "inf", "nan", "-5", "1e300", "much", "12")
    data = "".join(case % (f"t{place}", time) for place, time in enumerate(said))
    assert read_junit(f"<s>{data}</s>".encode()).slow == {"a.py::t0": 3.0, "a.py::t7": 12.0}


def test_a_test_that_is_reported_twice_has_its_worse_outcome() -> None:
    case = b'<testcase classname="a" name="t" file="a.py">%s</testcase>'
    data = b"<s>" + case % b"<failure/>" + case % b"" + case % b"<skipped/>" + b"</s>"
    assert read_junit(data).named("failed") == ("a.py::t",)
    assert read_junit(data).named("passed") == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not xml",
        JUNIT[:-20],
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><s><testcase name="&b;"/></s>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><s><testcase name="t"/></s>',
        b"<s>" + b"".join(b'<testcase name="t%d"/>' % number for number in range(50_001)) + b"</s>",
    ],
)
def test_t7_a_result_file_that_pytest_would_not_write_counts_as_absent(data: bytes) -> None:
    assert read_junit(data).outcomes == {}


def test_an_exit_code_that_contradicts_the_result_file_stays_visible() -> None:
    seen = result(("pytest",), "c", _ending(code=0, junit=JUNIT))
    assert seen.exit_code == 0
    assert seen.failed


@pytest.mark.parametrize(
    ("command", "place"),
    [(("pytest", "-q"), 1), (("python", "-m", "pytest", "x"), 3), (("/v/bin/python3.12", "-m", "pytest"), 3)],
)
def test_pytest_is_asked_for_a_result_file_right_behind_its_name(command: tuple[str, ...], place: int) -> None:
    seen = instrument(command)
    assert seen[place] == "--junitxml=/results/junit.xml"
    assert (*seen[:place], *seen[place + 5 :]) == command


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("make", "test"),
        ("python", "-m"),
        ("python", "pytest"),
        ("pytest", "--junitxml=out.xml"),
        ("pytest", "-p", "no:junitxml"),
    ],
)
def test_other_commands_are_run_as_they_are(command: tuple[str, ...]) -> None:
    assert instrument(command) == command


def test_t8_escapes_controls_and_workflow_commands_are_made_inert() -> None:
    raw = (
        b"\x1b[31mred\x1b[0m \x1b]0;title\x07ok\n::set-output name=x::y\n  ::error::z\n##[group]g\n"
        b"a\x00b\xff\xe2\x80\xae\n10%\r100%\r\n"
    )
    assert output.tidy(raw) == "red ok\n: :set-output name=x::y\n  : :error::z\n# #[group]g\nab�\n100%"


def test_t8_what_looks_like_a_secret_is_masked() -> None:
    raw = (
        b"AKIAABCDEFGHIJKLMNOP ghp_abcdefghijklmnopqrstuvwxyz012345 https://me:pw@host/x\n"
        b"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nsk-ant-abcdefghijklmnopqrstuvwx end"
    )
    assert output.tidy(raw) == "[masked] [masked] https://[masked]@host/x\n[masked]\n[masked] end"


def test_t8_a_line_of_a_megabyte_is_cut_in_the_middle() -> None:
    text = output.tidy(b"a" * 500_000 + b"b" * 500_000)
    assert text.startswith("aaa")
    assert text.endswith("bbb")
    assert len(text) < 500


def test_the_text_of_two_equal_runs_is_equal() -> None:
    one = b'rootdir: /tree\nFile "/tree/a.py", line 1 <X at 0x7f12ab34cd56>\n1 failed in 0.12s\n'
    two = b'rootdir: /r/tree\nFile "/r/tree/a.py", line 1 <X at 0x7f0000000001>\n1 failed in 61.20s (0:01:01)\n'
    assert output.tidy(one, ("/tree",)) == output.tidy(two, ("/r/tree",))


def test_a_long_report_keeps_the_first_failure_and_the_end() -> None:
    blocks = "\n".join(f"____ test_{n} ____\na.py:{n}: in test_{n}\n" + "E   detail\n" * 40 for n in range(30))
    raw = (
        "start\n" * 500
        + "==== FAILURES ====\n"
        + blocks
        + "\n==== short test summary info ====\nFAILED a.py::test_0\n30 failed"
    )
    text = result(("pytest",), "c", _ending(raw.encode())).tail
    assert len(text) <= 4_000
    assert "a.py:0: in test_0" in text
    assert text.endswith("30 failed")
    assert "start" not in text


def test_long_output_without_a_failure_keeps_both_ends() -> None:
    text = result(("make",), "c", _ending(b"\n".join(b"line %d" % n for n in range(5_000)))).tail
    assert len(text) <= 4_000
    assert text.startswith("line 0\n")
    assert text.endswith("line 4999")


def test_t10_a_command_that_wants_the_network_gets_a_hint() -> None:
    assert result(("x",), "c", _ending(b"OSError: [Errno 101] Network is unreachable")).tail.endswith(
        output.NETWORK_HINT
    )
    assert output.NETWORK_HINT not in result(("x",), "c", _ending(b"AssertionError")).tail


def test_why_a_command_was_stopped_stands_at_the_end_of_its_text() -> None:
    seen = result(("x",), "c", Ending("timeout", None, 2.0, head=b"a\n" * 9_000, why="stopped after 2 seconds"))
    assert seen.status == "timeout"
    assert seen.tail.endswith("(Stopped after 2 seconds.)")
    assert len(seen.tail) <= 4_000


def test_how_tests_failed_is_told_by_the_report_and_by_unittest_and_not_invented() -> None:
    (one, two) = result(("pytest",), "c", _ending(junit=JUNIT)).failures
    assert (one.stage, two.stage, two.test) == ("call", "collection", "tests.test_c")
    said = (
        b"E\n======\nERROR: test_a (tests.test_a.A.test_a)\n------\nTraceback (most recent call last):\n"
        b'  File "/tree/tests/test_a.py", line 3, in test_a\n    f()\n  File "/tree/a.py", line 1, in f\n'
        b'  File "/usr/lib/python3/json.py", line 1, in loads\nValueError: no\n\n------\nRan 1 test\n'
    )
    (found,) = result(("python3", "-m", "unittest"), "c", _ending(said)).failures
    assert (found.stage, found.error, found.places) == ("call", "ValueError", ("tests/test_a.py", "a.py"))
    assert result(("python3", "-m", "unittest"), "c", _ending(b"no such module\n")).failures == ()


def test_what_is_expected_to_fail_is_told_apart_from_what_is_skipped() -> None:
    case = (
        b'<s><testcase classname="a" name="t" file="a.py"><skipped type="pytest.xfail" message="x"/></testcase></s>'
    )
    seen = result(("pytest",), "c", _ending(junit=case))
    assert (seen.skipped, seen.xfailed) == (("a.py::t",), ("a.py::t",))
