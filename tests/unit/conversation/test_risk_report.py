"""The report for risk: figures counted from notes and from what landed, and pages that nobody can write into."""

from dataclasses import replace

import pytest

from pointsman.conversation.risk_pages import html_page, markdown_page
from pointsman.conversation.risk_report import Pair, RiskReport, Share, risk_report, share_of
from pointsman.conversation.risk_sections import MOST_ROWS, About, Section, sections
from pointsman.domain.landed import Landed
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.noted import (
    Noted,
    NotedAct,
    NotedCall,
    NotedEdit,
    NotedHop,
    NotedReview,
    Verdict,
    Wanted,
    calls_of,
    chosen,
    edits_of,
    path_fits,
)

ABOUT = About("shop", "c" * 40, "2026-11-01", "", "2026-11-22T10:00:00Z")


def a_call(phase: str = "code", model: str = "coder", perimeter: str = "local", *, cost: int = 1_000) -> NotedCall:
    return NotedCall(
        call_id=f"r:{phase}:0",
        phase=phase,
        model=model,
        family="qwen" if model == "coder" else "llama",
        vendor="",
        provider=f"{perimeter}-host",
        perimeter=perimeter,
        served=model,
        state="answered",
        template="code/1",
        prompt_sha256="a" * 64,
        answer_sha256="b" * 64,
        input_tokens=100,
        output_tokens=10,
        cost_micro_usd=cost,
        milliseconds=5,
        at="2026-11-20T10:00:00Z",
    )


def a_note(
    run: str, *, added: int = 10, verdict: Verdict = "approve", model: str = "coder", day: str = "2026-11-20"
) -> Noted:
    return Noted(
        name=f"{day}-{run}.intoto.jsonl",
        digest=run * 3,
        run=run,
        repository_id="1",
        repository="shop",
        issue="12",
        branch=f"pointsman/{run}",
        commit=f"code-{run}",
        written_at=f"{day}T10:00:00Z",
        goal="build",
        result="ready",
        task="bugfix",
        risk="low",
        sensitivity="internal",
        separation="family",
        policy_digest="p" * 64,
        routing_digest="r" * 64,
        requester_id=7,
        requester="ada",
        authors=(model,),
        evidence="passed",
        calls=(a_call(model=model), a_call("review", "reviewer", "public", cost=2_000)),
        edits=(NotedEdit("shop/prices.py", "changed", added, 1, model, "qwen"),),
        reviews=(NotedReview("reviewer", "llama", verdict, 1, 0, 0),),
        people=(),
        hops=(),
        not_run=(),
    )


def landed(commit: str, added: int, *notes: str, brought: tuple[str, ...] = (), runs: tuple[str, ...] = ()) -> Landed:
    return Landed(commit, "2026-11-20T11:00:00Z", "Ada", runs, added, 0, notes, frozenset((commit, *brought)))


def shares(report: RiskReport) -> dict[str, int]:
    return {share.name: share.amount for share in report.authors}


def test_of_a_landing_the_models_lines_are_its_notes_and_the_rest_are_peoples() -> None:
    note = a_note("one", added=10)
    report = risk_report([note], [landed("m1", 14, note.name), landed("m2", 6)])
    assert shares(report) == {"coder": 10, "people": 10}
    assert report.authors[-1] == Share("people", 10, 2)
    assert report.pairs == (Pair("coder", "reviewer", 10, 1, 1, 0, 0),)
    assert (report.notes, report.landed, report.not_landed, report.lines) == (1, 1, 0, 20)


def test_more_lines_than_landed_are_never_a_models() -> None:
    note = a_note("one", added=50)
    assert shares(risk_report([note], [landed("m1", 4, note.name)])) == {"coder": 4}


def test_a_note_kept_elsewhere_lands_with_the_commit_that_it_speaks_of() -> None:
    report = risk_report([a_note("one", added=3)], [landed("m1", 3, brought=("code-one",))])
    assert shares(report) == {"coder": 3}


def test_what_only_a_trailer_claims_is_unknown_and_named() -> None:
    report = risk_report([], [landed("f00d", 9, runs=("r-1",))])
    assert shares(report) == {"unknown": 9}
    assert report.claimed == ("f00d",)
    first = sections(report, (), ABOUT)[0]
    assert first.title == "What does not hold"
    assert first.rows[0][:2] == ("f00d", "no note")


def test_work_that_did_not_land_counts_for_cost_and_perimeters_but_for_no_line() -> None:
    report = risk_report([a_note("one")], [landed("m1", 2)])
    assert shares(report) == {"people": 2}
    assert (report.landed, report.not_landed) == (0, 1)
    assert {share.name: share.amount for share in report.cost} == {"reviewer": 2_000, "coder": 1_000}


@pytest.mark.parametrize(
    ("note", "doubt"),
    [
        (a_note("one", verdict="changes"), "the review asked for changes"),
        (a_note("one", verdict="inconclusive"), "no review approved it"),
        (replace(a_note("one"), reviews=()), "no review approved it"),
        (replace(a_note("one"), evidence="not run"), "the evidence of its tests was: not run"),
        (replace(a_note("one"), result="needs-person"), "the run asked for a person"),
    ],
)
def test_what_landed_although_the_bot_doubted_is_told_as_a_decision_of_people(note: Noted, doubt: str) -> None:
    (one,) = risk_report([note], [landed("m1", 10, note.name)]).overruled
    assert doubt in one.what
    assert risk_report([note], []).overruled == ()


def test_a_later_note_that_clears_the_doubt_is_the_last_word() -> None:
    first, later = a_note("one", verdict="changes"), a_note("two", day="2026-11-21")
    assert risk_report([first, later], [landed("m1", 10, first.name, later.name)]).overruled == ()


def test_an_override_is_told_with_who_and_what() -> None:
    act = NotedAct(8, "grace", "override", "code on bigger", "2026-11-20T09:00:00Z")
    (one,) = risk_report([replace(a_note("one"), people=(act,))], []).overruled
    assert (one.who, one.what) == ("grace", "override: code on bigger")


def test_closed_work_that_went_to_a_public_provider_is_said_in_short_and_stands_first_in_its_table() -> None:
    closed = replace(a_note("one"), sensitivity="restricted")
    report = risk_report([a_note("two"), closed], [])
    assert [(one.sensitivity, one.perimeter) for one in report.left][:2] == [
        ("restricted", "local"),
        ("restricted", "public"),
    ]
    said = " ".join(next(one for one in sections(report, (), ABOUT) if one.title == "In short").said)
    assert "1 call about something restricted or secret went to a public provider." in said
    inside = replace(closed, calls=(a_call(),))
    said = " ".join(sections(risk_report([inside], []), (), ABOUT)[0].said)
    assert "No call about anything restricted or secret went to a public provider." in said


def test_changes_of_model_are_counted_by_their_kind() -> None:
    hop = NotedHop("code", "escalation", "coder", "bigger", "stuck")
    report = risk_report([replace(a_note("one"), hops=(hop, hop))], [])
    assert report.hops == (Share("escalation: coder -> bigger", 2, 2),)


def test_a_share_is_never_rounded_to_nothing_nor_to_all() -> None:
    assert [share_of(*pair) for pair in ((0, 10), (1, 1_000), (999, 1_000), (5, 10), (1, 1), (0, 0))] == [
        "0 %",
        "<1 %",
        ">99 %",
        "50 %",
        "100 %",
        "-",
    ]


HOSTILE = "<img src=x onerror=alert(1)>| @org/team \u202e [a](http://evil.example/)"


def test_no_name_of_others_can_write_into_either_page() -> None:
    note = replace(a_note("one", model=HOSTILE), requester=HOSTILE)
    made = sections(
        risk_report([note], [landed("m1", 10, note.name)]),
        (NoteProblem(HOSTILE, "signature", HOSTILE),),
        replace(ABOUT, name=HOSTILE),
    )
    html, markdown = html_page(made, ABOUT), markdown_page(made, ABOUT)
    assert "<img" not in html
    assert "&lt;img" in html
    assert "\u202e" not in html + markdown
    prose = "\n".join(line for line in markdown.splitlines() if "█" not in line)
    assert " @org/team" not in prose
    assert "](http://evil" not in prose


def test_a_page_says_how_many_rows_it_leaves_out() -> None:
    notes = [a_note(f"r{place}", verdict="changes") for place in range(MOST_ROWS + 5)]
    report = risk_report(notes, [landed(f"m{note.run}", 10, note.name) for note in notes])
    told = next(one for one in sections(report, (), ABOUT) if one.title == "What people decided otherwise")
    assert len(told.rows) == MOST_ROWS
    assert "5 more are not" in told.said[-1]


def test_the_page_for_a_browser_holds_its_plots_and_forbids_itself_everything_else() -> None:
    note = a_note("one")
    html = html_page(sections(risk_report([note], [landed("m1", 14, note.name)]), (), ABOUT), ABOUT)
    assert "default-src 'none'" in html
    assert '<rect class="p"' in html
    assert "written by: coder 71 %" not in html
    assert "coder 71 %; people 29 %" in html
    for forbidden in ("<script", "src=", "url(", "@import"):
        assert forbidden not in html


def test_a_section_without_figures_has_no_plot() -> None:
    empty = Section("Nothing", ("Said.",))
    assert "<svg" not in html_page((empty,), ABOUT)
    assert "```" not in markdown_page((empty,), ABOUT)


def test_what_is_asked_of_calls_must_hold_of_one_and_the_same_call() -> None:
    note = a_note("one")
    assert chosen([note], Wanted(model="coder", phase="code")) == (note,)
    assert chosen([note], Wanted(model="coder", phase="review")) == ()
    assert [call.model for call in calls_of(note, Wanted(perimeter="public"))] == ["reviewer"]


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(family="qwen"), True),
        (Wanted(provider="local-host"), True),
        (Wanted(perimeter="account"), False),
        (Wanted(person="ADA"), True),
        (Wanted(person="@ada"), True),
        (Wanted(person="7"), True),
        (Wanted(person="8"), False),
        (Wanted(verdict="approve"), True),
        (Wanted(verdict="none"), False),
        (Wanted(path="shop"), True),
        (Wanted(path="**/prices.py"), True),
        (Wanted(path="*.py"), False),
        (Wanted(since="2026-11-20", until="2026-11-20"), True),
        (Wanted(since="2026-11-21"), False),
        (Wanted(until="2026-11-19"), False),
        (Wanted(cost_from=3_000, cost_to=3_000), True),
        (Wanted(cost_from=3_001), False),
        (Wanted(cost_to=2_999), False),
        (Wanted(escalated=True), False),
        (Wanted(escalated=False), True),
        (Wanted(policy="ppp"), True),
        (Wanted(policy="q"), False),
        (Wanted(sensitivity="internal", task="bugfix", result="ready", evidence="passed", run="one"), True),
        (Wanted(run="two"), False),
    ],
)
def test_every_question_chooses(wanted: Wanted, fits: bool) -> None:
    assert bool(chosen([a_note("one")], wanted)) is fits


def test_edits_are_chosen_by_path_and_by_who_wrote_them() -> None:
    note = a_note("one")
    assert edits_of(note, Wanted(path="shop/*.py")) == note.edits
    assert edits_of(note, Wanted(path="docs")) == ()
    assert edits_of(note, Wanted(model="reviewer")) == ()


def test_a_star_stays_in_one_folder_and_a_pattern_is_no_regular_expression() -> None:
    assert path_fits("a/b/c.py", "a/**/c.py")
    assert path_fits("a/c.py", "a/**/c.py")
    assert not path_fits("a/b/c.py", "a/*.py")
    assert not path_fits("axc.py", "a.c.py")
    assert not path_fits("ab", "a")
    assert path_fits("a(b", "a(b")
