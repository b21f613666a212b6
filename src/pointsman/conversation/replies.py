"""Every text that the bot says, as a function of domain values: short, calm, and it pings nobody."""

from dataclasses import replace

from pointsman.conversation.change_page import (
    PageFacts,
    change_page,
    change_title,
    finding_text,
    plan_part,
    review_part,
    unseen_text,
)
from pointsman.conversation.checks import (
    Ender,
    Ground,
    check_cancelled,
    check_fault,
    check_order,
    check_running,
    check_stale,
    check_text,
)
from pointsman.conversation.command_page import help_text
from pointsman.conversation.figures import short, usd
from pointsman.conversation.fitting import Part, fitted, shortened
from pointsman.conversation.outbound import OUTBOUND_CAP, inline_code, is_clean, outbound, outbound_line
from pointsman.conversation.pages import (
    action_required,
    audit_page,
    config_page,
    fix_issue,
    handover_text,
    issue_line,
    onboarding_page,
    onboarding_title,
)
from pointsman.conversation.refusals import (
    Missing,
    already_running,
    in_the_way,
    misread,
    missing_routing_file,
    not_on_fork,
    not_open,
    not_ours,
    nothing_to_do,
    refusal,
    sentence,
    stranger,
    text_changed,
    wrong_hash,
)
from pointsman.conversation.status import approval_commands, reference, status_text
from pointsman.conversation.tables import cost_table, route_table, status_list
from pointsman.domain.forge import Remark, ReviewPost
from pointsman.domain.outcome import Evidence, Finding, Plan, Review

__all__ = [
    "Ender",
    "Ground",
    "Missing",
    "PageFacts",
    "action_required",
    "already_running",
    "answered",
    "approval_commands",
    "approved",
    "audit_page",
    "cancelled",
    "change_page",
    "change_title",
    "check_cancelled",
    "check_fault",
    "check_order",
    "check_running",
    "check_stale",
    "check_text",
    "ci_started",
    "config_page",
    "cost_table",
    "finding_text",
    "fix_issue",
    "fixed_in",
    "for_people",
    "handover_text",
    "help_text",
    "ignored_finding",
    "in_the_way",
    "issue_line",
    "misread",
    "missing_routing_file",
    "not_fixed",
    "not_on_fork",
    "not_open",
    "not_ours",
    "noted_fixed",
    "nothing_to_do",
    "onboarding_page",
    "onboarding_title",
    "out_of_reach",
    "paused",
    "plan_for_approval",
    "plan_part",
    "reference",
    "refusal",
    "resumed",
    "review_post",
    "review_text",
    "route_table",
    "run_failed",
    "status_list",
    "status_text",
    "stranger",
    "text_changed",
    "unseen_text",
    "waits_for",
    "wrong_hash",
]

_ROOM_FOR_STATUS = 50_000
"""Characters that leave room for what a status text says around a plan."""

_NAMED = 5
"""Paths that are named before the rest is counted."""


def plan_for_approval(plan: Plan, why: str) -> str:
    """The plan, and why a person is asked about it; `approval_commands` are what that person can type."""
    waits = (
        f"The run waits for a person with write access to agree to this plan: {why}. Nothing has been changed yet."
    )
    return fitted((Part(plan_part(plan), 1), Part(waits)), _ROOM_FOR_STATUS)


def run_failed(run_id: str, code: str, phase: str = "") -> str:
    """A fault on our side: neutral, since its details may be the operator's alone, and where to find those.

    `phase` is the one to do again once the fault is mended, when somebody here can ask for that.
    """
    again = f" Once that is mended, `/pointsman rerun {phase}` goes on from there." if phase else ""
    return (
        f"A fault of the installation, not of the issue, ended the run (`{code}`). What was finished is kept. "
        f"The operator finds the details with `pointsman show {run_id}`.{again}"
    )


_KINDS = {
    "connection": "no connection",
    "timeout": "no answer in time",
    "rate-limit": "rate limit",
    "server": "a fault there",
    "overloaded": "overloaded",
}


def waits_for(model: str, kind: str, until: str) -> str:
    """The run waits for a model, why and until when; `until` is ISO 8601 in UTC."""
    return f"Waits for {inline_code(model)} until {until[11:19]} UTC ({_KINDS.get(kind, kind)})."


def out_of_reach(run_id: str, phase: str) -> str:
    """No model answered that may do the phase; what a person here can do, without a word on where providers are."""
    again = f" `/pointsman rerun {phase}` goes on from there," if phase else ""
    other = f" `/pointsman rerun {phase} --model NAME` asks another model, and" if phase else ""
    return (
        f"The run was ended by an outage: no model that may do this{f' (phase {phase})' if phase else ''} could be "
        f"reached, for a while (`outage`). What was finished is kept. Once one answers again,{again}{other} a "
        f"`fallback` in the routing file keeps it from happening. The operator finds the details with "
        f"`pointsman show {run_id}`."
    )


def cancelled(run_id: str, branch: str = "", by: Ender = "person") -> str:
    """The run was ended; by what, unless somebody cancelled it, and what was kept."""
    kept = f"The branch `{branch}` is kept." if branch else "Nothing had been pushed."
    why = {"person": "", "newer": ", since the change moved on", "closed": ", since the change was closed"}[by]
    return f"The run `{run_id}` was cancelled{why}. {kept}"


def approved(plan_hash: str, login: str = "") -> str:
    """Somebody agreed to the plan; the run goes on."""
    by = f" by {inline_code(login)}" if login else ""
    return f"The plan `{short(plan_hash)}` was approved{by}; the run goes on with exactly that plan."


def paused(login: str = "", run_id: str = "") -> str:
    """Somebody told the bot to do nothing here."""
    by = f" by {inline_code(login)}" if login else ""
    held = f" The run `{run_id}` is held before its next phase." if run_id else ""
    return f"Paused{by}: nothing is done here until somebody comments `/pointsman resume`.{held}"


def resumed(login: str = "", run_id: str = "") -> str:
    """Somebody told the bot to go on."""
    by = f" by {inline_code(login)}" if login else ""
    on = f" The run `{run_id}` goes on." if run_id else ""
    return f"Resumed{by}.{on}"


def ignored_finding(finding: str) -> str:
    """A finding is settled by a person and is not raised again."""
    return f"The finding `{finding}` will not be raised again here."


def noted_fixed(finding: str = "") -> str:
    """Somebody says that a finding is fixed; the next review looks for itself."""
    named = f"finding `{finding}`" if finding else "finding"
    return f"Noted: the {named} is said to be fixed. The next review looks at it."


def fixed_in(commit: str) -> str:
    """The finding was mended by a commit of ours."""
    return f"Fixed in {short(commit, 40)}."


def not_fixed(why: str) -> str:
    """A `fix` did not mend the finding, and why."""
    reason = outbound_line(why, limit=600)
    return f"Not fixed: {sentence(reason)}" if reason else "Not fixed: the finding still holds."


def ci_started(commit: str) -> str:
    """The repository's own CI runs from here on."""
    return f"An empty commit, {short(commit, 40)}, lets the repository's own CI run. The code is unchanged."


def answered(text: str, model: str = "", cost_usd: float = 0.0) -> str:
    """A model's answer to a question; who gave it, and what it cost."""
    by = f"\n\nAnswered by {inline_code(model)} for {usd(cost_usd)}." if model else ""
    return shortened(outbound(text), OUTBOUND_CAP - len(by)) + by


def review_text(review: Review, evidence: Evidence | None) -> str:
    """The review as it is posted on its own, with what the tests said."""
    tests = f"\n\nTests: {evidence.verdict.value}. {outbound_line(evidence.why)}" if evidence is not None else ""
    return shortened(review_part(review), OUTBOUND_CAP - len(tests)) + tests


def review_post(run_id: str, review: Review, evidence: Evidence | None) -> ReviewPost:
    """The review as it goes onto a change: an opening, and a remark for each finding that is still open."""
    bare = replace(review, findings=())
    open_ones = tuple(finding for finding in review.findings if finding.fate != "fixed")
    whole = review_text(bare, evidence)
    body = whole.replace("\n\nNo findings.", "") if open_ones else whole
    remarks = tuple(_remark(finding) for finding in open_ones)
    return ReviewPost(run_id, review, body, remarks, unplaced="**On lines outside the diff**")


def for_people(paths: tuple[str, ...]) -> str:
    """That a change touches what decides how the bot, CI or other agents work; empty when it does not."""
    if not paths:
        return ""
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    named = ", ".join(inline_code(path) for path in paths[:_NAMED]) + more
    return (
        f"This change touches what decides how the repository is worked on, built or reviewed: {named}. "
        "Look at that yourself; this review went by what stands on the default branch."
    )


def _remark(finding: Finding) -> Remark:
    """A suggestion can be applied by a click, so it is offered only when people see all of it."""
    if not is_clean(finding.suggestion):
        return Remark(finding, finding_text(finding))
    return Remark(finding, finding_text(replace(finding, suggestion="")), finding.suggestion)
