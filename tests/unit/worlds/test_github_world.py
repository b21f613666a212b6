from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from tests.worlds.github import GitHubWorld
from tests.worlds.github.scene import CHANGED, LINES, Client, Story, change, jwt, own_change


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    with GitHubWorld(tmp_path) as world:
        yield Story(world)


# Credentials


def test_a_jwt_is_verified_and_lives_ten_minutes_at_most(story: Story) -> None:
    world, stranger = story.world, generate_private_key(public_exponent=65537, key_size=2048)
    assert Client(world, jwt(world))("GET", "/app")[1]["slug"] == "pointsman"
    wrong = {
        jwt(world, key=stranger): "could not be decoded",
        jwt(world, algorithm="none"): "could not be decoded",
        jwt(world, lives=-1): "future time",
        jwt(world, lives=700): "too far in the future",
        "x": "Bad credentials",
        "": "could not be decoded",
    }
    for token, message in wrong.items():
        assert message in Client(world, token).refused("GET", "/app", None, 401)


def test_a_token_is_long_narrow_and_short_lived(story: Story) -> None:
    other = story.world.repository("acme/other")
    story.world.install(other)
    ask = story.client(repository_ids=[story.shop.id], permissions={"issues": "read"})
    number = story.shop.issue(by=story.ada)
    assert len(ask.token) > 200 and ask.token.startswith(f"ghs_{story.world.app.id}_")
    assert ask("GET", f"/repos/acme/shop/issues/{number}")[0] == 200
    assert ask("GET", "/repos/acme/other")[0] == 404
    note = {"body": "Hello"}
    refusal = ask.refused("POST", f"/repos/acme/shop/issues/{number}/comments", note, 403)
    assert refusal == "Resource not accessible by integration"
    call = story.world.calls[-1]
    assert (call.token, call.permissions["issues"], call.repositories) == (
        "installation",
        "read",
        frozenset({story.shop.id}),
    )
    story.world.advance(3601)
    assert ask.refused("GET", "/repos/acme/shop", None, 401) == "Bad credentials"


def test_a_token_cannot_be_wider_than_its_installation(story: Story) -> None:
    path = f"/app/installations/{story.installation.id}/access_tokens"
    app = Client(story.world, jwt(story.world))
    assert "not granted" in app.refused("POST", path, {"permissions": {"workflows": "write"}}, 422)
    assert "does not exist" in app.refused("POST", path, {"repository_ids": [1]}, 422)
    story.world.suspend(story.installation)
    assert "suspended" in app.refused("POST", path, {}, 403)


def test_permission_is_told_by_role_and_bots_have_none(story: Story) -> None:
    ask, who = story.client(), "/repos/acme/shop/collaborators/{}/permission"
    story.shop.collaborator(story.world.person("max"), "maintain")
    story.world.person("eve")
    told = {name: ask("GET", who.format(name))[1] for name in ("ada", "max", "eve", "pointsman[bot]")}
    assert {name: one["permission"] for name, one in told.items()} == {
        "ada": "write",
        "max": "write",
        "eve": "none",
        "pointsman[bot]": "none",
    }
    assert (told["max"]["role_name"], told["ada"]["user"]["id"]) == ("maintain", story.ada.id)
    assert ask("GET", who.format("nobody"))[0] == 404


def test_a_renamed_repository_leads_on_and_an_archived_one_is_read_only(story: Story) -> None:
    ask, number = story.client(), story.shop.issue(by=story.ada)
    story.shop.rename("store")
    assert ask("GET", "/repos/acme/shop")[0] == 301
    assert ask("GET", f"/repositories/{story.shop.id}")[1]["full_name"] == "acme/store"
    story.shop.archive()
    assert "archived" in ask.refused("POST", f"/repos/acme/store/issues/{number}/comments", {"body": "x"}, 403)


# Issues


def test_an_issue_is_talked_about_and_a_missing_label_is_404(story: Story) -> None:
    ask, number = story.client(), story.shop.issue(by=story.ada, labels=("pointsman",))
    path = f"/repos/acme/shop/issues/{number}"
    status, made = ask("POST", f"{path}/comments", {"body": "Hello"})
    assert status == 201
    assert ask("PATCH", f"/repos/acme/shop/issues/comments/{made['id']}", {"body": "Hello again"})[0] == 200
    assert [ask("POST", f"{path}/reactions", {"content": "eyes"})[0] for _ in range(2)] == [201, 200]
    assert ask("DELETE", f"{path}/labels/pointsman")[0] == 200
    assert ask.refused("DELETE", f"{path}/labels/pointsman", None, 404) == "Label does not exist"
    assert "too long" in ask.refused("POST", f"{path}/comments", {"body": "x" * 65_537}, 422)
    assert [comment.body for comment in story.shop.comments(number)] == ["Hello again"]
    assert [effect.what for effect in story.world.effects] == [
        "comment created",
        "comment edited",
        "reaction added",
        "label removed",
    ]


def test_pull_requests_answer_as_issues_and_lists_have_pages(story: Story) -> None:
    ask, number = story.client(), change(story)
    for place in range(3):
        story.shop.issue(by=story.ada, title=f"Bug {place}")
    status, page = ask("GET", "/repos/acme/shop/issues?per_page=2&page=2")
    assert (status, [one["number"] for one in page]) == (200, [2, 1])
    assert "pull_request" in page[1] and "pull_request" not in page[0] and page[1]["number"] == number
    assert 'page=1>; rel="prev"' in ask.headers["link"] and 'rel="next"' not in ask.headers["link"]


# Pull requests and reviews


def test_a_second_pull_request_for_a_head_is_refused(story: Story) -> None:
    own_change(story)
    ask, path = story.client(), "/repos/acme/shop/pulls"
    order = {"title": "Again", "head": "own", "base": "main"}
    assert "A pull request already exists for acme:own." in ask.refused("POST", path, order, 422)
    story.shop.commit("empty", {}, by=story.ada)
    story.shop.git.run("update-ref", "refs/heads/empty", "refs/heads/main")
    assert "No commits between main and empty" in ask.refused("POST", path, {**order, "head": "empty"}, 422)
    assert "invalid" in ask.refused("POST", path, {**order, "head": "nowhere"}, 422)
    story.shop.without_drafts()
    story.shop.commit("second", {"b.txt": "2\n"}, by=story.ada)
    refusal = ask.refused("POST", path, {**order, "head": "second", "draft": True}, 422)
    assert "Draft pull requests are not supported" in refusal


def test_nobody_approves_their_own_pull_request(story: Story) -> None:
    ask, path = story.client(), f"/repos/acme/shop/pulls/{own_change(story)}/reviews"
    approve = {"event": "APPROVE", "body": "Fine"}
    assert "Can not approve your own pull request" in ask.refused("POST", path, approve, 422)
    refuse = {"event": "REQUEST_CHANGES", "body": "No"}
    assert "Can not request changes on your own pull request" in ask.refused("POST", path, refuse, 422)
    assert ask("POST", path, {"event": "COMMENT", "body": "Hm"})[0] == 200


@pytest.mark.parametrize(
    ("anchor", "message"),
    [
        ({"path": "a.txt", "line": 5, "side": "RIGHT"}, "line must be part of the diff and"),
        ({"path": "a.txt", "line": 28, "side": "RIGHT", "start_line": 2}, "same hunk as the line"),
        ({"path": "a.txt", "line": 28, "side": "RIGHT", "start_line": 28}, "must precede the end line"),
        ({"path": "a.txt", "line": 49, "side": "RIGHT", "start_line": 30}, "same hunk as the line"),
        ({"path": "b.txt", "line": 1, "side": "RIGHT"}, "Path could not be resolved"),
        ({"path": "a.txt", "side": "RIGHT"}, "line must be part of the diff"),
        ({"path": "a.txt", "start_line": 29, "side": "RIGHT"}, "line must be part of the diff"),
    ],
)
def test_one_anchor_off_the_diff_refuses_the_whole_review(
    story: Story, anchor: dict[str, object], message: str
) -> None:
    ask, number = story.client(), change(story)
    good = {"path": "a.txt", "line": 30, "side": "RIGHT", "body": "Good"}
    review = {"event": "COMMENT", "body": "All", "comments": [good, {**anchor, "body": "Bad"}]}
    assert message in ask.refused("POST", f"/repos/acme/shop/pulls/{number}/reviews", review, 422)
    assert (story.shop.reviews(number), story.shop.review_comments(number)) == ([], [])


def test_a_review_stands_on_new_deleted_and_context_lines(story: Story) -> None:
    ask, number = story.client(), change(story)
    marks = [
        {"path": "a.txt", "line": 30, "side": "RIGHT", "body": "New"},
        {"path": "a.txt", "line": 50, "side": "LEFT", "body": "Deleted"},
        {"path": "a.txt", "line": 49, "side": "RIGHT", "start_line": 48, "start_side": "RIGHT", "body": "Context"},
    ]
    path = f"/repos/acme/shop/pulls/{number}"
    assert ask("POST", f"{path}/reviews", {"event": "COMMENT", "body": "All", "comments": marks})[0] == 200
    assert [(thread.line, len(thread.comments)) for thread in story.shop.threads(number)] == [
        (30, 1),
        (50, 1),
        (49, 1),
    ]
    first = story.shop.review_comments(number)[0]
    answered = story.shop.reply(first.id, "Why?", by=story.ada)
    assert ask("POST", f"{path}/comments/{first.id}/replies", {"body": "Because"})[0] == 201
    assert "Replies to replies" in ask.refused("POST", f"{path}/comments/{answered}/replies", {"body": "x"}, 422)
    assert story.world.made("review posted") == ["3 comments"]


def test_a_remark_loses_its_line_when_a_push_changes_it(story: Story) -> None:
    ask, number = story.client(), change(story)
    mark = {"path": "a.txt", "line": 30, "side": "RIGHT", "body": "New"}
    review = {"event": "COMMENT", "comments": [mark]}
    assert ask("POST", f"/repos/acme/shop/pulls/{number}/reviews", review)[0] == 200
    story.shop.commit("change", {"a.txt": CHANGED.replace("LINE 30", "Line 30")}, by=story.ada)
    assert [thread.line for thread in story.shop.threads(number)] == [None]


def test_files_have_patches_unless_they_are_binary_renamed_or_too_large(story: Story) -> None:
    story.world.patch_lines = 40
    files: dict[str, str | bytes | None] = {
        "a.txt": None,
        "c.txt": LINES,
        "picture": b"\0\1\2",
        "big.txt": "x\n" * 50,
        "b.txt": "B\n",
    }
    number = story.shop.pull(by=story.ada, files=files)
    status, answer = story.client()("GET", f"/repos/acme/shop/pulls/{number}/files")
    assert status == 200
    assert {one["filename"]: (one["status"], "patch" in one) for one in answer} == {
        "b.txt": ("modified", True),
        "big.txt": ("added", False),
        "c.txt": ("renamed", False),
        "picture": ("added", False),
    }


def test_the_pull_request_of_a_commit_is_found(story: Story) -> None:
    ask, number = story.client(), change(story)
    head, main = story.shop.branches()["change"], story.shop.branches()["main"]
    found = [ask("GET", f"/repos/acme/shop/commits/{sha}/pulls")[1] for sha in (head, main)]
    assert [[one["number"] for one in page] for page in found] == [[number], []]


def test_the_head_of_a_fork_is_kept_and_its_compare_found(story: Story) -> None:
    bob = story.world.person("bob")
    fork = story.shop.fork(by=bob)
    number = story.shop.pull(by=bob, head_branch="idea", files={"b.txt": "idea\n"}, from_fork=fork)
    head = fork.branches()["idea"]
    assert story.shop.git.ref(f"refs/pull/{number}/head") == head
    status, answer = story.client()("GET", "/repos/acme/shop/compare/main...bob:idea")
    assert (status, answer["merge_base_commit"]["sha"]) == (200, story.shop.branches()["main"])
    fork.delete()
    assert story.client()("GET", f"/repos/acme/shop/pulls/{number}")[1]["head"]["repo"] is None


# Checks


def test_a_check_keeps_to_the_limits(story: Story) -> None:
    ask, path = story.client(), "/repos/acme/shop/check-runs"
    mark = {"path": "a.txt", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
    order: dict[str, object] = {"name": "pointsman/review", "head_sha": story.shop.branches()["main"]}
    output = {"title": "t", "summary": "s"}
    button = {"label": "Fix", "description": "Fix it", "identifier": "fix"}
    assert "50" in ask.refused("POST", path, {**order, "output": {**output, "annotations": [mark] * 51}}, 422)
    assert "3 items" in ask.refused("POST", path, {**order, "actions": [button] * 4}, 422)
    assert "label" in ask.refused("POST", path, {**order, "actions": [{**button, "label": "x" * 21}]}, 422)
    status, made = ask("POST", path, {**order, "output": output, "actions": [button]})
    assert status == 201
    for _ in range(2):
        body = {"status": "completed", "conclusion": "neutral", "output": {**output, "annotations": [mark] * 50}}
        assert ask("PATCH", f"{path}/{made['id']}", body)[0] == 200
    assert len(ask("GET", f"{path}/{made['id']}/annotations?per_page=100")[1]) == 100
    listed = f"/repos/acme/shop/commits/{order['head_sha']}/check-runs?check_name=pointsman/review"
    assert ask("GET", listed)[1]["total_count"] == 1
    narrow = story.client(permissions={"contents": "write"})
    assert "not accessible" in narrow.refused("POST", path, order, 403)
