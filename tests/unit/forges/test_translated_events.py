import hashlib
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.forges.payloads import (
    ANNA,
    BEFORE,
    DIGEST,
    HEAD,
    KINDS,
    ME,
    SAMPLES,
    TITLE,
    encoded,
    paths,
    sample,
    spoilt,
    told,
    without,
)
from tests.unit.forges.test_webhook_bytes import JSON

from pointsman.domain.events import (
    ChangeClosed,
    ChangeLabelled,
    ChangeOpened,
    ChangePushed,
    CheckAsked,
    Commented,
    Delivery,
    Event,
    Ignored,
    IssueLabelled,
    Origin,
    RepositoriesAdded,
    ReviewAsked,
    ThreadReplied,
    TrunkPushed,
)
from pointsman.domain.run import Actor
from pointsman.forges.github.translate import translate

HERE = Origin("github", "31", "acme/tool", "41")
LABELS = ("bug", "pointsman: review")
BRANCH = "pointsman/5-cut"
OPENED = ChangeOpened(HERE, "6", HEAD, LABELS, ANNA)
MERGED = ChangeClosed(HERE, "6", BRANCH, True, ANNA)
BECOMES: dict[tuple[str, str], Event] = {
    ("issues", "labeled"): IssueLabelled(HERE, "5", "pointsman", ANNA, DIGEST),
    ("issue_comment", "created"): Commented(HERE, "5", False, "c501", "/pointsman plan", ANNA, False, DIGEST),
    ("pull_request", "labeled"): ChangeLabelled(HERE, "6", "pointsman: review", HEAD, ANNA),
    ("pull_request", "opened"): OPENED,
    ("pull_request", "reopened"): OPENED,
    ("pull_request", "ready_for_review"): OPENED,
    ("pull_request", "synchronize"): ChangePushed(HERE, "6", BEFORE, HEAD, BRANCH, LABELS, ANNA),
    ("pull_request", "edited"): ChangePushed(HERE, "6", HEAD, HEAD, BRANCH, LABELS, ANNA),
    ("pull_request", "review_requested"): ReviewAsked(HERE, "6", HEAD, ME, ANNA),
    ("pull_request", "closed"): MERGED,
    ("pull_request_review", "submitted"): Commented(HERE, "6", True, "r701", "@pointsman fix", ANNA, False, DIGEST),
    ("pull_request_review_comment", "created"): ThreadReplied(
        HERE, "6", "t601", "t600", "Why not a set?", ANNA, False
    ),
    ("check_run", "rerequested"): CheckAsked(HERE, HEAD, "r-12345678", "rerun", ANNA),
    ("check_run", "requested_action"): CheckAsked(HERE, HEAD, "r-12345678", "fix", ANNA),
    ("check_suite", "rerequested"): CheckAsked(HERE, HEAD, "", "rerun", ANNA),
    ("push", ""): TrunkPushed(HERE, HEAD, ANNA),
    ("installation", "created"): RepositoriesAdded((HERE, Origin("github", "32", "acme/.github", "41")), ANNA),
    ("installation_repositories", "added"): RepositoriesAdded(
        (HERE, Origin("github", "32", "acme/.github", "41")), ANNA
    ),
}


def test_every_wanted_kind_has_a_sample_and_becomes_an_event() -> None:
    assert set(KINDS) == set(SAMPLES) == set(BECOMES)
    assert {kind: told(kind[0], sample(*kind)) for kind in KINDS} == BECOMES


def test_a_title_that_was_edited_is_no_event() -> None:
    payload = spoilt(sample("pull_request", "edited"), "changes", {"title": {"from": "Old"}})
    assert told("pull_request", payload) == Ignored("another text")


def test_a_comment_on_a_change_says_so() -> None:
    payload = spoilt(sample("issue_comment", "created"), "issue.pull_request", {"url": "https://evil.example"})
    found = told("issue_comment", payload)
    assert isinstance(found, Commented) and found.on_change


@pytest.mark.parametrize("body", [None, "", "short", "ü" * 65_536, "x" * 65_000 + "🙂" * 500])
def test_the_digest_is_over_the_text_as_it_came(body: str | None) -> None:
    found = told("issues", spoilt(sample("issues", "labeled"), "issue.body", body))
    wanted = hashlib.sha256(f"{TITLE}\0{body or ''}".encode()).hexdigest()
    assert isinstance(found, IssueLabelled) and found.digest == wanted


def test_a_missing_body_counts_as_an_empty_one() -> None:
    empty = told("issues", spoilt(sample("issues", "labeled"), "issue.body", ""))
    assert told("issues", without(sample("issues", "labeled"), "issue.body")) == empty


def test_a_long_comment_comes_whole() -> None:
    body = "/pointsman ask " + "ж" * 65_000
    found = told("issue_comment", spoilt(sample("issue_comment", "created"), "comment.body", body))
    assert isinstance(found, Commented) and found.body == body


def test_bots_and_apps_are_actors_that_are_bots() -> None:
    for user in ({"id": 12, "login": "dependabot[bot]"}, {"id": 12, "login": "carl", "type": "Bot"}):
        found = told("issues", spoilt(sample("issues", "labeled"), "sender", user))
        assert isinstance(found, IssueLabelled) and found.actor == Actor(12, str(user["login"]), is_bot=True)
    lookalike = {"id": 13, "login": "dependabot-bot", "type": "User"}
    found = told("issues", spoilt(sample("issues", "labeled"), "sender", lookalike))
    assert isinstance(found, IssueLabelled) and not found.actor.is_bot


def test_a_label_on_a_pull_request_told_as_one_on_an_issue_is_not_heard_twice() -> None:
    payload = spoilt(sample("issues", "labeled"), "issue.pull_request", {})
    assert told("issues", payload) == Ignored("told as an event of the change")


def test_a_deleted_fork_is_no_hindrance() -> None:
    payload = spoilt(sample("pull_request", "synchronize"), "pull_request.head.repo", None)
    assert (
        told("pull_request", spoilt(payload, "pull_request.head.user", None))
        == BECOMES["pull_request", "synchronize"]
    )


def test_a_first_remark_on_a_line_counts_when_it_begins_like_a_command() -> None:
    first = without(sample("pull_request_review_comment", "created"), "comment.in_reply_to_id")
    kind = "pull_request_review_comment"
    assert told(kind, first) == Ignored("a remark of somebody's own review")
    for body in ("/pointsman review\nand more", "@Pointsman fix", " @pointsman[bot] help"):
        found = told(kind, spoilt(first, "comment.body", body))
        assert found == Commented(HERE, "6", True, "t601", body, ANNA, False, DIGEST)


def test_a_reply_may_have_been_drafted_before_its_review_was_submitted() -> None:
    later = spoilt(sample("pull_request_review_comment", "created"), "comment.updated_at", "2026-11-21T11:00:00Z")
    assert isinstance(told("pull_request_review_comment", later), ThreadReplied)


@pytest.mark.parametrize("body", [None, "", " \r\n "])
def test_a_review_without_words_is_no_comment(body: str | None) -> None:
    payload = spoilt(sample("pull_request_review", "submitted"), "review.body", body)
    assert told("pull_request_review", payload) == Ignored("without a text")


def test_a_review_asked_of_a_team_is_not_ours() -> None:
    payload = without(sample("pull_request", "review_requested"), "requested_reviewer")
    assert told("pull_request", payload | {"requested_team": {"id": 3, "name": "core"}}) == Ignored(
        "a review asked of a team"
    )


@pytest.mark.parametrize("button", ["review", "fix", "ci"])
def test_each_button_of_the_check_is_known(button: str) -> None:
    found = told("check_run", spoilt(sample("check_run", "requested_action"), "requested_action.identifier", button))
    assert isinstance(found, CheckAsked) and found.action == button


def test_buttons_and_checks_of_others_are_let_be() -> None:
    pressed, again = sample("check_run", "requested_action"), sample("check_run", "rerequested")
    suite = sample("check_suite", "rerequested")
    assert told("check_run", spoilt(pressed, "requested_action.identifier", "merge")) == Ignored(
        "a button that we do not have"
    )
    for event, payload, path in (("check_run", again, "check_run.app"), ("check_suite", suite, "check_suite.app")):
        for app in ({"id": 78}, None):
            assert told(event, spoilt(payload, path, app)) == Ignored("the check of another app")


def test_a_check_without_a_run_is_asked_for_by_its_head() -> None:
    found = told("check_run", spoilt(sample("check_run", "rerequested"), "check_run.external_id", None))
    assert isinstance(found, CheckAsked) and found.run_id == "" and found.head == HEAD


def test_a_push_counts_when_the_default_branch_is_still_there() -> None:
    push = sample("push", "")
    assert told("push", {**push, "ref": "refs/heads/other"}) == Ignored("a push to another branch")
    assert told("push", {**push, "deleted": True}) == Ignored("the branch was deleted")
    assert told("push", {**push, "sender": None}) == TrunkPushed(HERE, HEAD, Actor(0, ""))


def test_a_merge_names_the_commit_that_it_became_and_what_it_takes_back() -> None:
    closed = sample("pull_request", "closed")
    said = f"Reverts acme/tool#5\r\n\nThis reverts commit {BEFORE}.\nReverts acme/other#9, not here."
    merged = spoilt(spoilt(closed, "pull_request.merge_commit_sha", HEAD), "pull_request.body", said)
    assert told("pull_request", merged) == replace(MERGED, landed=HEAD, reverts=("5", BEFORE))
    unmerged = spoilt(merged, "pull_request.merged", False)
    assert told("pull_request", unmerged) == replace(MERGED, merged=False)


def test_a_push_names_the_commits_that_it_takes_back() -> None:
    commits = [{"message": "Mend it"}, {"message": f'Revert "Mend it"\n\nThis reverts commit {BEFORE}.'}, {}]
    found = told("push", {**sample("push", ""), "commits": commits})
    assert found == TrunkPushed(HERE, HEAD, ANNA, reverts=(BEFORE,))


def test_an_installation_without_repositories_adds_nothing() -> None:
    none: list[object] = []
    for listed in (none, None):
        payload = {**sample("installation", "created"), "repositories": listed}
        assert told("installation", payload) == Ignored("no repository was added")


@pytest.mark.parametrize(
    ("event", "action", "reason"),
    [
        ("installation", "deleted", "the app was removed"),
        ("installation", "suspend", "the app was suspended"),
        ("installation_repositories", "removed", "repositories were taken away"),
        ("issues", "opened", "nobody wants this event"),
        ("nonsense", "created", "nobody wants this event"),
    ],
)
def test_what_is_not_wanted_is_let_be_with_a_reason(event: str, action: str, reason: str) -> None:
    assert told(event, {"action": action}) == Ignored(reason)


def test_a_webhook_of_a_repository_has_no_installation() -> None:
    found = told("issues", without(sample("issues", "labeled"), "installation"))
    assert isinstance(found, IssueLabelled) and found.origin == Origin("github", "31", "acme/tool", "")


PLACES = tuple((kind, path) for kind in KINDS for path in paths(sample(*kind)))


@given(st.sampled_from(PLACES), JSON)
def test_a_payload_that_is_spoilt_anywhere_is_still_no_exception(
    place: tuple[tuple[str, str], tuple[str | int, ...]], value: object
) -> None:
    (event, action), path = place
    assert isinstance(told(event, spoilt(sample(event, action), path, value)), Ignored | Event)


@given(st.sampled_from(KINDS), st.one_of(JSON.map(encoded), st.binary(max_size=100)))
def test_no_body_at_all_is_an_exception(kind: tuple[str, str], body: bytes) -> None:
    found = translate(Delivery("github", "x", kind[0], body, ""), ME, 77)
    assert isinstance(found, (Ignored, *get_args(Event)))
