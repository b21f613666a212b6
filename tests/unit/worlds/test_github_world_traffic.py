import base64
import hashlib
import hmac
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from tests.worlds.github import GitHubWorld, RepositoryWorld, octokit_examples
from tests.worlds.github.git import environment
from tests.worlds.github.scene import CHANGED, Client, Story, change, ear, jwt
from tests.worlds.github.schemas import answer_problems, hook_problems, request_problems
from tests.worlds.github.wire import Value

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    with GitHubWorld(tmp_path) as world:
        yield Story(world)


def run_git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    who = {f"GIT_{role}_{part}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=environment(who), check=False, capture_output=True, text=True
    )


def address(story: Story, token: str) -> str:
    return story.shop.url.replace("http://", f"http://x-access-token:{token}@")


def clone(story: Story, where: Path, token: str) -> Path:
    done = run_git(where, "clone", "--quiet", address(story, token), "clone")
    assert done.returncode == 0, done.stderr
    return where / "clone"


def push(checkout: Path, path: str, text: str, target: str, *options: str) -> subprocess.CompletedProcess[str]:
    (checkout / path).parent.mkdir(parents=True, exist_ok=True)
    (checkout / path).write_text(text, encoding="utf-8")
    run_git(checkout, "add", "--all")
    run_git(checkout, "commit", "--quiet", "--allow-empty", "-m", "More")
    return run_git(checkout, "push", *options, "origin", f"HEAD:{target}")


# Git


def test_git_clones_and_pushes_with_a_token(story: Story, tmp_path: Path) -> None:
    number = change(story)
    checkout = clone(story, tmp_path, story.client(permissions={"contents": "write"}).token)
    assert run_git(checkout, "fetch", "origin", f"refs/pull/{number}/head").returncode == 0
    assert push(checkout, "new.txt", "new\n", "refs/heads/pointsman/1-new").returncode == 0
    assert "pointsman/1-new" in story.shop.branches()
    assert [effect.where for effect in story.world.effects] == ["refs/heads/pointsman/1-new"]
    lease = "--force-with-lease=refs/heads/pointsman/1-new:" + "0" * 40
    stale = push(checkout, "new.txt", "newer\n", "refs/heads/pointsman/1-new", lease)
    assert stale.returncode != 0 and "stale info" in stale.stderr


def test_git_refuses_workflows_protected_branches_and_lost_history(story: Story, tmp_path: Path) -> None:
    checkout = clone(story, tmp_path, story.client().token)
    story.shop.protect("main")
    refused = push(checkout, ".github/workflows/ci.yml", "on: push\n", "refs/heads/ci")
    assert "without `workflows` permission)" in refused.stderr
    run_git(checkout, "reset", "--quiet", "--hard", "HEAD~1")
    assert "(protected branch hook declined)" in push(checkout, "x", "x", "refs/heads/main").stderr
    assert push(checkout, "x", "y", "refs/heads/free").returncode == 0
    run_git(checkout, "reset", "--quiet", "--hard", "HEAD~1")
    assert "rejected" in push(checkout, "x", "z", "refs/heads/free").stderr
    assert push(checkout, "x", "z", "refs/heads/free", "--force").returncode == 0
    assert story.shop.branches().keys() == {"main", "free"}


def test_git_wants_a_token_that_may(story: Story, tmp_path: Path) -> None:
    reading = story.client(permissions={"contents": "read"}).token
    checkout = clone(story, tmp_path, reading)
    assert "403" in push(checkout, "x", "x", "refs/heads/x").stderr
    other = story.world.repository("acme/other")
    story.world.install(other)
    foreign = story.client(repository_ids=[other.id]).token
    assert "not found" in run_git(tmp_path, "ls-remote", address(story, foreign)).stderr
    assert "Authentication failed" in run_git(tmp_path, "ls-remote", address(story, "ghs_wrong")).stderr


# GraphQL


def graphql(ask: Client, query: str, **variables: object) -> dict[str, Value]:
    status, answer = ask("POST", "/api/graphql", {"query": query, "variables": variables})
    assert status == 200
    assert isinstance(answer, dict)
    return answer


def test_a_commit_by_graphql_is_signed_and_expects_its_head(story: Story) -> None:
    ask, main = story.client(), story.shop.branches()["main"]
    query = "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }"
    wish = {
        "branch": {"repositoryNameWithOwner": "acme/shop", "branchName": "main"},
        "message": {"headline": "Say more", "body": "Much more."},
        "expectedHeadOid": main,
        "fileChanges": {
            "additions": [{"path": "b.txt", "contents": base64.b64encode(b"more\n").decode()}],
            "deletions": [{"path": "a.txt"}],
        },
    }
    sha = graphql(ask, query, input=wish)["data"]["createCommitOnBranch"]["commit"]["oid"]
    assert (story.shop.read("b.txt"), story.shop.branches()["main"]) == ("more\n", sha)
    assert ask("GET", f"/repos/acme/shop/commits/{sha}")[1]["commit"]["verification"]["verified"] is True
    stale = graphql(ask, query, input=wish)["errors"][0]
    assert (stale["type"], "Expected branch to point to" in stale["message"]) == ("STALE_DATA", True)


def test_threads_are_read_and_resolved_and_unknown_fields_are_an_error(story: Story) -> None:
    ask, number = story.client(), change(story)
    marks = [{"path": "a.txt", "line": line, "side": "RIGHT", "body": f"On {line}"} for line in (29, 30)]
    assert ask("POST", f"/repos/acme/shop/pulls/{number}/reviews", {"event": "COMMENT", "comments": marks})[0] == 200
    query = """query($number: Int!, $after: String) { repository(owner: "acme", name: "shop") {
      pullRequest(number: $number) { reviewThreads(first: 1, after: $after) { pageInfo { hasNextPage endCursor }
        nodes { id isResolved line comments(first: 5) { nodes { ...said } } } } } } }
      fragment said on PullRequestReviewComment { databaseId body author { login ... on Bot { databaseId } } }"""
    first = graphql(ask, query, number=number)["data"]["repository"]["pullRequest"]["reviewThreads"]
    assert first["nodes"][0]["comments"]["nodes"][0]["author"] == {
        "login": "pointsman",
        "databaseId": story.world.app.bot.id,
    }
    page = graphql(ask, query, number=number, after=first["pageInfo"]["endCursor"])["data"]["repository"]
    second = page["pullRequest"]["reviewThreads"]
    assert (second["nodes"][0]["line"], second["pageInfo"]["hasNextPage"]) == (30, False)
    close = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
    graphql(ask, close, id=first["nodes"][0]["id"])
    assert [thread.is_resolved for thread in story.shop.threads(number)] == [True, False]
    wrong = graphql(ask, 'query { repository(owner: "acme", name: "shop") { secrets } }')
    assert wrong["errors"][0]["message"] == "Field 'secrets' doesn't exist on type 'repository'"


# Webhooks


def test_each_act_sends_a_signed_webhook_in_order(story: Story) -> None:
    with ear() as (url, heard):
        story.world.deliver_to(url)
        number = story.shop.issue(by=story.ada, body="It is broken. ä")
        story.shop.label(number, "pointsman", by=story.ada)
        story.client()("POST", f"/repos/acme/shop/issues/{number}/comments", {"body": "Seen"})
        change(story)
        story.world.idle()
    events = [(headers["X-GitHub-Event"], json.loads(body).get("action")) for headers, body in heard]
    assert events == [
        ("issues", "opened"),
        ("issues", "labeled"),
        ("issue_comment", "created"),
        ("push", None),
        ("pull_request", "opened"),
    ]
    headers, body = heard[0]
    expected = hmac.new(story.world.app.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={expected}"
    said = json.loads(heard[2][1])
    assert said["sender"]["id"] == story.world.app.bot.id
    assert said["comment"]["performed_via_github_app"]["id"] == story.world.app.id


def test_a_lost_delivery_is_on_record_and_comes_again_with_the_same_id(story: Story) -> None:
    app = Client(story.world, jwt(story.world))
    with ear(lambda number: 500 if number == 1 else 202) as (url, heard):
        story.world.deliver_to(url)
        story.world.lose_next()
        story.shop.issue(by=story.ada)
        story.shop.issue(by=story.ada)
        story.world.idle()
        assert len(heard) == 1
        failed = app("GET", "/app/hook/deliveries?status=failure&per_page=1")[1]
        assert app.headers["link"].endswith('rel="next"')
        cursor = app.headers["link"].partition("cursor=")[2].partition(">")[0]
        lost = app("GET", f"/app/hook/deliveries?status=failure&cursor={cursor}")[1]
        assert [one["status_code"] for one in (*failed, *lost)] == [500, 502]
        assert app("POST", f"/app/hook/deliveries/{lost[0]['id']}/attempts")[0] == 202
        story.world.idle()
        assert heard[-1][0]["X-GitHub-Delivery"] == lost[0]["guid"]
        again = app("GET", "/app/hook/deliveries?per_page=1")[1][0]
        assert (again["redelivery"], again["status"]) == (True, "OK")
        story.world.advance(4 * 86400)
        late = Client(story.world, jwt(story.world))
        late.refused("POST", f"/app/hook/deliveries/{lost[0]['id']}/attempts", None, 404)


def test_a_button_of_a_check_reaches_the_app(story: Story) -> None:
    order: dict[str, object] = {"name": "pointsman/review", "head_sha": story.shop.branches()["main"]}
    order |= {"status": "completed", "conclusion": "success", "external_id": "run"}
    order["actions"] = [{"label": "Fix", "description": "Fix it", "identifier": "fix"}]
    check = story.client()("POST", "/repos/acme/shop/check-runs", order)[1]["id"]
    with ear() as (url, heard):
        story.world.deliver_to(url)
        story.shop.press(check, "fix", by=story.ada)
        story.shop.rerequest_check(check, by=story.ada)
        story.world.idle()
    told = [json.loads(body) for _, body in heard]
    assert [one["action"] for one in told] == ["requested_action", "rerequested"]
    assert (told[0]["requested_action"]["identifier"], told[0]["check_run"]["external_id"]) == ("fix", "run")


# Faults


def test_faults_strike_as_often_as_they_are_told(story: Story) -> None:
    ask, number = story.client(), story.shop.issue(by=story.ada)
    path, note = f"/repos/acme/shop/issues/{number}/comments", {"body": "Hello"}
    story.world.faults.limit("POST */comments", seconds=7)
    assert "secondary rate limit" in ask.refused("POST", path, note, 403)
    assert ask.headers["retry-after"] == "7"
    story.world.faults.fail(lambda method, path: method == "GET", 502)
    assert ask("GET", path)[0] == 502
    story.world.faults.lose_answer(len(story.world.calls) + 1)
    with pytest.raises((HTTPException, ConnectionError)):
        ask("POST", path, note)
    assert [comment.body for comment in story.shop.comments(number)] == ["Hello"]
    acts: list[int] = []
    story.world.faults.before("POST *", lambda: acts.append(len(story.shop.comments(number))))
    story.world.faults.after("POST *", lambda: acts.append(len(story.shop.comments(number))))
    assert ask("POST", path, note)[0] == 201
    assert acts == [1, 2]


# The manifest flow


def test_a_manifest_becomes_an_app_once(story: Story) -> None:
    manifest = {
        "name": "Our Bot",
        "url": "https://bot.example",
        "redirect_url": "http://127.0.0.1:1/setup/back?x=1",
        "hook_attributes": {"url": "http://127.0.0.1:1/hooks"},
        "default_permissions": {"issues": "write"},
        "default_events": ["issues"],
    }
    connection = HTTPConnection(story.world.url.removeprefix("http://"), timeout=30)
    form = f"manifest={base64.b64encode(b'').decode()}{json.dumps(manifest)}"
    connection.request("POST", "/organizations/acme/settings/apps/new?state=s1", form)
    page = connection.getresponse().read().decode()
    connection.request("GET", page.partition("action=")[2].partition(">")[0])
    response = connection.getresponse()
    response.read()
    connection.close()
    location = response.headers["Location"]
    assert location.startswith("http://127.0.0.1:1/setup/back?x=1&code=") and location.endswith("&state=s1")
    code = location.partition("code=")[2].partition("&")[0]
    status, made = Client(story.world)("POST", f"/app-manifests/{code}/conversions")
    assert (status, made["slug"], made["owner"]["login"]) == (201, "our-bot", "acme")
    assert "BEGIN RSA PRIVATE KEY" in made["pem"]
    Client(story.world).refused("POST", f"/app-manifests/{code}/conversions", None, 404)


# GitHub's own descriptions


def test_a_wrong_field_is_found_by_githubs_descriptions(story: Story) -> None:
    path = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
    assert request_problems("POST", path, {"body": "fine"}) == []
    assert request_problems("POST", path, {"text": "wrong"}) != []
    assert answer_problems("POST", path, 201, {"id": 1}) != []
    assert answer_problems("POST", path, 299, {}) != []
    assert request_problems("POST", "/repos/{owner}/{repo}/nothing", {}) != []
    assert hook_problems("issues", {"action": "labeled"}) != []
    assert hook_problems("issues", {"action": "painted"}) != []


def test_a_mismatch_fails_the_test_that_made_it(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="otherwise"), GitHubWorld(tmp_path) as world:
        story = Story(world)
        number = story.shop.issue(by=story.ada)
        story.client()("POST", f"/repos/acme/shop/issues/{number}/reactions", {"content": "shrug"})


def test_githubs_examples_are_there_and_their_lock_names_no_host() -> None:
    examples = list(octokit_examples())
    assert len(examples) > 300
    assert {"issues", "issue_comment", "pull_request", "check_run", "push"} <= {event for event, _ in examples}
    lock = (ROOT / "tests/payloads/package-lock.json").read_text(encoding="utf-8")
    assert "://" not in lock and "resolved" not in lock


def test_time_passes_in_the_world_when_it_is_told(story: Story) -> None:
    before = story.world.now()
    story.world.advance(86400)
    assert story.world.now() - before >= timedelta(days=1)
    assert story.world.now().tzinfo is UTC and isinstance(before, datetime)


def test_a_merge_lands_on_the_base_and_closes(story: Story) -> None:
    number = change(story)
    story.shop.merge(number, by=story.ada)
    one = story.shop.one(number)
    assert one.pull is not None and one.pull.merged_at and one.state == "closed"
    assert story.shop.read("a.txt") == CHANGED


def test_a_world_of_two_repositories_keeps_them_apart(story: Story) -> None:
    other: RepositoryWorld = story.world.repository("acme/other", {})
    assert (other.branches(), other.pulls(), other.issue(by=story.ada)) == ({}, [], 1)
    assert story.shop.issues() == []
