"""What people see of runs on a terminal, in a log, and in a picture."""

import io
from dataclasses import replace
from xml.etree import ElementTree

from rich.console import Console
from tests.unit.conversation import told_run as told

from pointsman.conversation.replies import plan_for_approval
from pointsman.domain.ledger import RunView
from pointsman.domain.levels import Phase
from pointsman.entrypoints.cli.as_json import run_json, view_json
from pointsman.entrypoints.cli.before import Before
from pointsman.entrypoints.cli.picture import picture_console, picture_of, steady
from pointsman.entrypoints.cli.progress import LiveProgress
from pointsman.entrypoints.cli.render import BranchInfo, Report, final_report, run_page, runs_table

_DIFF = "--- a/timetable/line.py\n+++ b/timetable/line.py\n@@ -1 +1 @@\n-old\n+new\n"
_BRANCH = BranchInfo(
    "pointsman/12-board", ((told.FIRST, "First try"), (told.SECOND, "Find the bus"), (told.NOTED, "Note")), _DIFF
)


def _report(run_id: str = told.RUN_ID) -> Report:
    typed = (f"pointsman show {run_id}",)
    return Report(run_id, told.spec(), told.earlier(), told.calls(), _BRANCH, told.NOTE, typed)


def _console(width: int = 120) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)


def _shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class Seconds:
    """A clock that goes on by half a second each time somebody looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.5
        return self.now


def test_the_report_shows_everything_that_the_run_left() -> None:
    console = _console()
    final_report(console, _report())
    shown = _shown(console)
    for part in (
        "pointsman/12-board",
        told.SECOND[:12],
        "+new",
        "next_departure",
        "1 failed, 7 passed",
        "8 passed",
        "two tests fail",
        "timetable/line.py:18",
        "left out: the repository is internal",
        "gamma",
        told.NOTE.page_path,
        told.NOTE.digest,
        told.NOTE.key_id,
        f"$ pointsman show {told.RUN_ID}",
        "The tests pass and the reviewer found nothing in the way.",
    ):
        assert part in shown


def test_a_long_diff_is_shortened_and_says_by_how_much() -> None:
    console = _console()
    long = replace(_BRANCH, diff="\n".join(f"+line {number}" for number in range(100)))
    final_report(console, replace(_report(), branch=long))
    assert "+line 59" in _shown(console) and "+line 60" not in _shown(console)
    assert "and 40 more lines" in _shown(console)


def test_a_model_cannot_steer_the_terminal_nor_show_a_token() -> None:
    console = _console()
    finding = replace(told.FINDING, message="\x1b]0;owned\x07[bold]x[/bold] ghs_" + "a1" * 20)
    earlier = replace(told.earlier(), reviews=(replace(told.REVIEW, findings=(finding,)),))
    final_report(console, replace(_report(), earlier=earlier))
    shown = _shown(console)
    assert "\x1b" not in shown and "\x07" not in shown
    assert "[bold]x[/bold]" in shown
    assert "a1a1" not in shown


def test_the_list_of_runs_has_a_line_for_each_and_says_when_there_is_none() -> None:
    console = _console()
    runs_table(console, (told.RUNNING, replace(told.RUNNING, run_id="other", state="done", result="ready")))
    assert told.RUN_ID in _shown(console) and "ready" in _shown(console)
    empty = _console()
    runs_table(empty, ())
    assert "No runs yet." in _shown(empty)


def test_one_run_is_shown_with_its_message() -> None:
    console = _console()
    run_page(console, replace(told.RUNNING, state="waiting", message="The plan wants approval."))
    assert "waiting" in _shown(console) and "The plan wants approval." in _shown(console)


def test_what_is_to_be_copied_is_never_broken_at_the_width_of_the_terminal() -> None:
    console = _console(40)
    command = "pointsman audit verify --repo /srv/a-rather-long-place pointsman/12-board --home /srv/pointsman"
    final_report(console, replace(_report(), next_commands=(command,)))
    lines = [line.strip() for line in _shown(console).splitlines()]
    assert f"$ {command}" in lines
    assert f"statement {told.NOTE.statement_path}" in lines


def test_a_waiting_run_shows_the_whole_plan_and_the_command_that_agrees_to_it() -> None:
    console = _console(40)
    asked = plan_for_approval(told.PLAN, "its risk is high")
    waiting = replace(told.RUNNING, state="waiting", message=asked, plan_hash=told.PLAN.digest)
    run_page(console, waiting, home_option=" --home /srv/pointsman")
    shown = " ".join(_shown(console).split())
    assert "At 07:30 the next departure is 07:30." in shown and "its risk is high" in shown
    assert f"$ pointsman approve {told.RUN_ID} {told.PLAN.digest[:12]} --home /srv/pointsman" in shown


def _play(progress: LiveProgress) -> None:
    calls = told.calls()
    with progress:
        for phase, model, count in (("triage", "planner", 0), ("plan", "planner", 1), ("code", "coder", 2)):
            progress.update(replace(told.RUNNING, phase=phase, model=model), calls[:count])
        progress.update(replace(told.RUNNING, phase="verify", model=""), calls[:3])
        progress.update(replace(told.RUNNING, phase="code"), calls[:3])
        progress.update(replace(told.RUNNING, phase="code"), calls[:4])
        progress.update(replace(told.RUNNING, state="done", phase=""), calls)


def test_without_a_terminal_each_change_is_one_plain_line() -> None:
    console = _console()
    _play(LiveProgress(console, monotonic=Seconds()))
    lines = _shown(console).splitlines()
    assert lines[0] == "triage   started with planner"
    assert lines[1] == "triage   call 1: planner, 1,200 in, 100 out, $0.0017, 0.5 s"
    assert lines[2].startswith("triage   ended: planner, 1 call, 1,200 in, 100 out, $0.0017")
    code = [line.split(maxsplit=1)[1] for line in lines if line.startswith("code")]
    assert [words.split(",")[0] for words in code] == [
        "started with coder",
        "call 1: coder",
        "ended: coder",
        "started again with coder",
        "call 2: coder",
        "ended: coder",
    ]
    assert "2 calls" in code[-1]
    assert next(line for line in lines if line.startswith("verify   ended")).startswith(
        "verify   ended: not passed, "
    )
    assert lines[-1].startswith("review   ended: ")
    assert "\x1b" not in _shown(console)


def test_a_phase_that_begins_and_ends_between_two_looks_is_told_all_the_same() -> None:
    console = _console()
    calls = told.calls()
    with LiveProgress(console, monotonic=Seconds()) as progress:
        progress.update(replace(told.RUNNING, phase="triage", model="planner"), calls[:0])
        progress.update(replace(told.RUNNING, phase="verify", model=""), calls[:3])
        progress.update(replace(told.RUNNING, state="done", phase=""), calls)
    lines = [line.split(",")[0] for line in _shown(console).splitlines()]
    ended = [line.split()[0] for line in lines if " ended" in line]
    assert ended == ["triage", "plan", "code", "verify", "code", "review"]


def test_a_call_that_takes_long_is_told_as_soon_as_it_has_ended_while_its_phase_goes_on() -> None:
    console = _console()
    first = replace(told.calls()[2], seconds=440.0)
    second = replace(told.calls()[3], state="sent", input_tokens=0, output_tokens=0, cost_usd=0.0, seconds=0.0)
    late = replace(second, state="outage", seconds=600.0)
    progress = LiveProgress(console, monotonic=Seconds())
    progress.update(told.RUNNING, (replace(first, state="sent"),))
    assert _shown(console).splitlines() == ["code     started with coder"]
    progress.update(told.RUNNING, (first, second))
    assert _shown(console).splitlines()[1:] == ["code     call 1: coder, 1,202 in, 100 out, $0.0017, 7 min 20 s"]
    progress.update(told.RUNNING, (first, late))
    assert _shown(console).splitlines()[2:] == ["code     call 2: coder, no answer, 0 in, 0 out, $0, 10 min"]


def test_a_resume_does_not_tell_what_was_there_before_as_if_it_were_new() -> None:
    console = _console()
    calls = told.calls()
    with LiveProgress(console, monotonic=Seconds(), before=Before(calls[:3])) as progress:
        for phase in ("triage", "plan", "code"):
            progress.update(replace(told.RUNNING, phase=phase), calls[:3])
        progress.update(told.RUNNING, calls[:4])
        progress.update(replace(told.RUNNING, phase="review", model="reviewer"), calls[:4])
    lines = [line.split(",")[0] for line in _shown(console).splitlines()]
    assert lines == [
        "code     started with coder",
        "code     call 2: coder",
        "code     ended: coder",
        "review   started with reviewer",
        "review   ended: reviewer",
    ]


def test_a_rerun_tells_only_its_own_calls() -> None:
    console = _console()
    mine = replace(told.calls()[4], call_id="other/0", run_id="other")
    view = replace(told.RUNNING, run_id="other", parent=told.RUN_ID, model="reviewer")
    with LiveProgress(console, monotonic=Seconds(), before=Before()) as progress:
        progress.update(replace(view, phase="triage"), told.calls())
        progress.update(replace(view, phase="review"), told.calls()[:4])
        progress.update(replace(view, phase="review"), (*told.calls()[:4], mine))
        progress.update(replace(view, state="done", phase=""), (*told.calls()[:4], mine))
    lines = [line.split(",")[0] for line in _shown(console).splitlines()]
    assert lines == ["review   started with reviewer", "review   call 1: reviewer", "review   ended: reviewer"]


def test_a_resumed_phase_that_asks_no_model_is_told_once_the_run_stays_in_it() -> None:
    console = _console()
    calls = told.calls()
    with LiveProgress(console, monotonic=Seconds(), before=Before(calls[:3])) as progress:
        for phase in ("verify", "triage", "plan", "code"):
            progress.update(replace(told.RUNNING, phase=phase), calls[:3])
        for _ in range(8):
            progress.update(replace(told.RUNNING, phase="verify", model=""), calls[:3])
        progress.update(replace(told.RUNNING, phase="code"), calls[:3])
    assert [line.split(",")[0] for line in _shown(console).splitlines()] == [
        "verify   started",
        "verify   ended: not passed",
        "code     started with coder",
        "code     ended: coder",
    ]


def test_nothing_is_printed_when_nothing_changed() -> None:
    console = _console()
    with LiveProgress(console, monotonic=Seconds()) as progress:
        progress.update(told.RUNNING, told.calls()[:3])
        first = _shown(console)
        for _ in range(5):
            progress.update(told.RUNNING, told.calls()[:3])
        assert _shown(console) == first


def test_on_a_terminal_there_is_one_row_per_phase() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    _play(LiveProgress(console, monotonic=Seconds(), plain=False))
    last = _shown(console).split("phase")[-1]
    for phase in Phase:
        assert phase.value in last
    assert "2,405" in last


def _picture(report: Report) -> str:
    console = picture_console()
    final_report(console, steady(report))
    return picture_of(console, "pointsman demo")


def test_the_picture_is_the_same_for_runs_that_differ_in_ids_and_times_only() -> None:
    other = replace(
        _report("20270101-0000"),
        calls=tuple(replace(call, seconds=0.4 + number / 100) for number, call in enumerate(told.calls())),
        branch=replace(_BRANCH, commits=tuple((subject[0] * 40, subject) for _, subject in _BRANCH.commits)),
        note=replace(
            told.NOTE,
            page_path=told.NOTE.page_path.replace(told.RUN_ID, "20270101-0000"),
            statement_path=told.NOTE.statement_path.replace(told.RUN_ID, "20270101-0000"),
            digest="0" * 64,
        ),
    )
    assert _picture(other) == _picture(
        replace(_report(), calls=tuple(replace(c, seconds=0.41) for c in told.calls()))
    )


def test_the_picture_names_no_folder_of_the_machine_that_made_it() -> None:
    report = replace(_report(), next_commands=("git -C /tmp/pointsman-demo-x1_y/timetable show",))
    assert steady(report).next_commands == ("git -C demo/timetable show",)


def test_the_picture_is_xml_that_fetches_nothing() -> None:
    picture = _picture(_report())
    ElementTree.fromstring(picture)
    assert "url(http" not in picture and 'url("http' not in picture and "@font-face" not in picture
    assert "href" not in picture


def test_json_of_a_run_has_plain_values_and_stable_keys() -> None:
    assert set(view_json(told.RUNNING)) == set(RunView.__dataclass_fields__)
    whole = run_json(told.RUNNING, told.spec(), told.earlier(), told.calls(), told.NOTE)
    assert whole["evidence"] == "passed"
    assert whole["task"] == "bugfix"
