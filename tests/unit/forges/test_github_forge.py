"""The forge port at GitHub: who may, one status, one change, and nothing that people would see twice."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.worlds.github_app import RUN, AppScene, actor, app_scene, done

from pointsman.domain.errors import OwnerMust, TryAgain
from pointsman.domain.forge import Access, Change, ReviewPost
from pointsman.domain.outcome import Review
from pointsman.domain.run import Actor, Repository
from pointsman.domain.squash import TITLE


@pytest.fixture(scope="module")
def scene() -> Iterator[AppScene]:
    with app_scene() as made:
        yield made


@pytest.mark.parametrize(
    ("role", "access"),
    [
        ("admin", Access.WRITE),
        ("maintain", Access.WRITE),
        ("write", Access.WRITE),
        ("triage", Access.READ),
        ("read", Access.READ),
        ("none", Access.NONE),
    ],
)
def test_a_role_says_what_somebody_may_do(scene: AppScene, role: str, access: Access) -> None:
    who = scene.world.person(f"has-{role}")
    scene.shop.collaborator(who, role)
    assert done(scene.forge.access_of(scene.repository, actor(who))) is access


def test_a_login_that_another_person_took_over_may_nothing_a15(scene: AppScene) -> None:
    first = scene.world.person("heir")
    scene.shop.collaborator(first, "write")
    assert done(scene.forge.access_of(scene.repository, Actor(first.id + 5000, "heir"))) is Access.NONE


@pytest.mark.parametrize("status", [403, 404])
def test_a_doubt_about_access_is_a_no_and_is_not_remembered_a3(scene: AppScene, status: int) -> None:
    scene.world.faults.fail("GET */permission", status)
    assert done(scene.forge.access_of(scene.repository, actor(scene.ada))) is Access.NONE
    assert done(scene.forge.access_of(scene.repository, actor(scene.ada))) is Access.WRITE


@pytest.mark.parametrize("status", [500, 503])
def test_a_hiccup_makes_nobody_a_stranger_and_nobody_a_writer_a3(scene: AppScene, status: int) -> None:
    """Who asks again that has no answer in the end says no; see the deliveries."""
    scene.world.faults.fail("GET */permission", status)
    with pytest.raises(TryAgain):
        done(scene.forge.access_of(scene.repository, actor(scene.ada)))
    assert done(scene.forge.access_of(scene.repository, actor(scene.ada))) is Access.WRITE


def test_a_permission_that_does_not_come_in_time_is_no_answer_a3(scene: AppScene) -> None:
    account = scene.account
    scene.account = replace(account, timeout=1)
    scene.begin()
    scene.world.faults.stall("GET */permission", 3)
    with pytest.raises(TryAgain):
        done(scene.forge.access_of(scene.repository, actor(scene.ada)))
    scene.account = account
    scene.begin()


def test_a_bot_reads_at_most_and_only_as_itself(scene: AppScene) -> None:
    bot = scene.world.app.bot
    assert done(scene.forge.access_of(scene.repository, Actor(bot.id, bot.login, is_bot=True))) is Access.READ
    assert done(scene.forge.access_of(scene.repository, Actor(bot.id + 1, bot.login, is_bot=True))) is Access.NONE
    assert done(scene.forge.access_of(scene.repository, Actor(99, "no-such[bot]", is_bot=True))) is Access.NONE


def test_an_issue_has_the_digest_of_its_text_as_it_stands(scene: AppScene) -> None:
    number = scene.shop.issue(by=scene.ada, title="Größe", body="a\r\nb", labels=("bug",))
    issue = done(scene.forge.issue(scene.repository, str(number)))
    assert issue.digest == hashlib.sha256("Größe\0a\r\nb".encode()).hexdigest()
    assert (issue.key, issue.labels) == (str(number), ("bug",))
    empty = scene.shop.issue(by=scene.ada, title="Title", body=None)
    assert done(scene.forge.issue(scene.repository, str(empty))).body == ""


def test_a_change_is_read_like_an_issue_by_its_page(scene: AppScene) -> None:
    number = scene.shop.pull(by=scene.ada, files={"p.py": "1\n"}, title="A change", body="Its page")
    assert done(scene.forge.issue(scene.repository, str(number))).body == "Its page"


@pytest.mark.parametrize("key", ["4711", "../../orgs", "-1", ""])
def test_an_issue_that_is_none_is_told_to_its_owner(scene: AppScene, key: str) -> None:
    with pytest.raises(OwnerMust) as caught:
        done(scene.forge.issue(scene.repository, key))
    assert caught.value.code == "no-issue"


def test_the_status_of_a_run_is_one_comment_even_after_a_lost_answer_f6(scene: AppScene) -> None:
    topic = scene.topic(scene.shop.issue(by=scene.ada))
    scene.world.faults.lose_answer("POST */comments")
    with pytest.raises(TryAgain):
        done(scene.forge.ensure_status(topic, RUN, "Begun."))
    scene.begin()
    page = done(scene.forge.ensure_status(topic, RUN, "Begun."))
    (comment,) = scene.shop.comments(int(topic.key))
    assert comment.by == scene.world.app.bot
    assert str(comment.id) in page
    assert comment.body.endswith("\nBegun.")


def test_a_status_that_says_the_same_is_not_written_again(scene: AppScene) -> None:
    topic = scene.topic(scene.shop.issue(by=scene.ada))
    done(scene.forge.ensure_status(topic, RUN, "Begun."))
    scene.begin()
    before = len(scene.world.effects)
    done(scene.forge.ensure_status(topic, RUN, "Begun."))
    done(scene.forge.ensure_status(topic, RUN, "Begun."))
    assert len(scene.world.effects) == before


def test_a_passing_status_is_left_out_when_it_comes_too_soon_and_a_final_one_never(scene: AppScene) -> None:
    topic = scene.topic(scene.shop.issue(by=scene.ada))
    done(scene.forge.ensure_status(topic, RUN, "One.", passing=True))
    done(scene.forge.ensure_status(topic, RUN, "Two.", passing=True))
    (comment,) = scene.shop.comments(int(topic.key))
    assert comment.body.endswith("One.")
    done(scene.forge.ensure_status(topic, RUN, "Three."))
    (comment,) = scene.shop.comments(int(topic.key))
    assert comment.body.endswith("Three.")


def test_a_marker_in_somebody_elses_comment_is_only_text(scene: AppScene) -> None:
    topic = scene.topic(scene.shop.issue(by=scene.ada))
    theirs = scene.shop.comment(int(topic.key), f"<!-- pointsman:status {RUN} -->\nMine.", by=scene.ada)
    done(scene.forge.ensure_status(topic, RUN, "Ours."))
    first, second = scene.shop.comments(int(topic.key))
    assert (first.id, first.body.endswith("Mine.")) == (theirs, True)
    assert second.body.endswith("Ours.")


def test_a_status_that_somebody_deleted_is_said_anew(scene: AppScene) -> None:
    topic = scene.topic(scene.shop.issue(by=scene.ada))
    done(scene.forge.ensure_status(topic, RUN, "One."))
    scene.shop.delete_comment(scene.shop.comments(int(topic.key))[0].id, by=scene.ada)
    done(scene.forge.ensure_status(topic, RUN, "Two."))
    (comment,) = scene.shop.comments(int(topic.key))
    assert comment.body.endswith("Two.")


def test_a_text_that_is_too_long_is_cut_with_a_pointer_f8(scene: AppScene) -> None:
    topic = scene.topic(scene.shop.issue(by=scene.ada))
    long = "<details>\n\n```\n" + "🙂 wide\n" * 20_000
    done(scene.forge.ensure_status(topic, RUN, long))
    (comment,) = scene.shop.comments(int(topic.key))
    assert len(comment.body.encode("utf-16-le")) // 2 <= 65_536
    assert comment.body.count("```") == 2
    assert "</details>" in comment.body
    assert "does not fit" in comment.body


def test_nothing_is_said_on_a_locked_issue_and_nothing_fails_f10(scene: AppScene) -> None:
    topic = scene.topic(scene.shop.issue(by=scene.ada))
    scene.world.faults.fail("POST */comments", 403, message="Unable to create comment because issue is locked.")
    assert done(scene.forge.ensure_status(topic, RUN, "One.")) == ""
    assert scene.shop.comments(int(topic.key)) == []


def test_a_change_is_a_draft_with_the_order_and_is_made_once_though_the_answer_was_lost_f6() -> None:
    with app_scene() as scene:
        order = scene.order(body="What it does.\n\nFixes #1")
        scene.world.faults.lose_answer("POST */pulls")
        with pytest.raises(TryAgain):
            done(scene.forge.ensure_change(order))
        scene.begin()
        change = done(scene.forge.ensure_change(order))
        (pull,) = scene.shop.pulls()
        assert pull.pull is not None
        assert (pull.title, pull.pull.draft, pull.pull.base_branch) == ("Fix it", True, "main")
        assert (pull.body or "").startswith("What it does.\n\nFixes #1\n")
        assert change.number == str(pull.number)
        assert change.page.endswith(f"/acme/shop/pull/{pull.number}")
        assert scene.shop.branches()["pointsman/1-fix"] == order.head_commit


def test_a_repository_without_drafts_gets_a_plain_one() -> None:
    with app_scene() as scene:
        scene.shop.without_drafts()
        scene.opened()
        (pull,) = scene.shop.pulls()
        assert pull.pull is not None
        assert not pull.pull.draft


@pytest.mark.parametrize(
    "path", [".github/PULL_REQUEST_TEMPLATE.md", "pull_request_template.md", "docs/Pull_Request_Template.md"]
)
def test_the_repositorys_own_template_stands_below(path: str) -> None:
    with app_scene({path: "## Checklist\n\n- [ ] tests\n"}) as scene:
        scene.opened()
        (pull,) = scene.shop.pulls()
        assert (pull.body or "").startswith("What it does.\n\n---\n\n## Checklist")


def test_our_page_is_brought_up_to_date_until_a_person_wrote_on_it() -> None:
    with app_scene() as scene:
        order = scene.order()
        number = int(done(scene.forge.ensure_change(order)).number)
        done(scene.forge.ensure_change(replace(order, body="What it does now.")))
        assert (scene.shop.one(number).body or "").startswith("What it does now.")
        scene.shop.edit(number, by=scene.ada, body="My words.\n\n" + (scene.shop.one(number).body or ""))
        done(scene.forge.ensure_change(replace(order, body="Something else.")))
        assert (scene.shop.one(number).body or "").startswith("My words.\n\nWhat it does now.")


def test_a_change_that_a_person_closed_is_not_opened_again() -> None:
    with app_scene() as scene:
        change = scene.opened()
        scene.shop.close(int(change.number), by=scene.ada)
        scene.begin()
        assert scene.opened().number == change.number
        (pull,) = scene.shop.pulls()
        assert pull.state == "closed"


def test_commits_for_a_change_that_is_there_leave_its_page_alone() -> None:
    with app_scene() as scene:
        change = scene.opened()
        before = scene.shop.one(int(change.number)).body
        order = replace(scene.order(run_id="r-99999999"), expected_head=change.head_commit, number=change.number)
        pushed = done(scene.forge.ensure_change(replace(order, body="Another page.")))
        assert scene.shop.branches()["pointsman/1-fix"] == pushed.head_commit != change.head_commit
        assert scene.shop.one(int(change.number)).body == before
        assert pushed.page.endswith(f"/pull/{change.number}")


def test_the_message_for_a_squash_gets_the_trailers_of_a_later_run_and_what_people_wrote_stays() -> None:
    with app_scene() as scene:
        first = ("Assisted-by: Pointsman (coder)", f"Pointsman-Run: {RUN}")
        message = "\n".join(("```text", "Fix", "", *first, "```"))
        body = f"What it does.\n\n<details><summary>{TITLE}</summary>\n\n{message}\n\n</details>"
        order = scene.order(body=body)
        number = int(done(scene.forge.ensure_change(order)).number)

        def fixed(run_id: str, model: str) -> str:
            trailers = (f"Assisted-by: Pointsman ({model})", f"Pointsman-Run: {run_id}")
            head = scene.shop.branches()["pointsman/1-fix"]
            later = replace(scene.order(run_id=run_id), expected_head=head, number=str(number), trailers=trailers)
            done(scene.forge.ensure_change(later))
            done(scene.forge.ensure_change(later))
            return scene.shop.one(number).body or ""

        added = "\n".join((*first, "Assisted-by: Pointsman (senior)", "Pointsman-Run: r-2"))
        said = fixed("r-2", "senior")
        assert said.startswith(body.replace("\n".join(first), added))
        scene.shop.edit(number, by=scene.ada, body="My words.\r\n\r\n" + said.replace("Fix\n", "My title\n"))
        mine = scene.shop.one(number).body or ""
        assert fixed("r-3", "senior") == mine.replace(added, f"{added}\nPointsman-Run: r-3")
        scene.shop.edit(number, by=scene.ada, body="All my own.")
        assert fixed("r-4", "senior") == "All my own."


def test_a_page_that_is_too_long_points_to_the_note_f8() -> None:
    with app_scene() as scene:
        done(scene.forge.ensure_change(scene.order(body="Line of a plan.\n" * 6000)))
        (pull,) = scene.shop.pulls()
        assert len(pull.body or "") <= 65_536
        assert "in the note of the run" in (pull.body or "")


def test_a_review_is_posted_once_and_not_on_a_closed_change_f10() -> None:
    with app_scene() as scene:
        change = scene.opened()
        done(scene.forge.ensure_review(change, _post(change)))
        scene.begin()
        done(scene.forge.ensure_review(change, _post(change)))
        assert len(scene.shop.reviews(int(change.number))) == 1
        scene.shop.close(int(change.number), by=scene.ada)
        done(scene.forge.ensure_review(change, replace(_post(change), run_id="r-22222222")))
        assert len(scene.shop.reviews(int(change.number))) == 1


def test_a_secondary_limit_is_waited_out_as_long_as_github_says(scene: AppScene) -> None:
    topic = scene.topic(scene.shop.issue(by=scene.ada))
    for status, seconds in ((403, 17), (429, 3)):
        scene.world.faults.limit("POST */comments", seconds=seconds, status=status)
        with pytest.raises(TryAgain) as caught:
            done(scene.forge.ensure_status(topic, RUN, "One."))
        assert (caught.value.code, caught.value.after) == ("rate-limit", float(seconds))
    assert scene.shop.comments(int(topic.key)) == []


def test_the_primary_limit_is_waited_out_until_its_reset_by_githubs_clock(scene: AppScene) -> None:
    headers = {
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1700000120",
        "Date": "Tue, 14 Nov 2023 22:13:20 GMT",
    }
    scene.world.faults.fail(
        "GET */issues/1", 403, headers=headers, message="API rate limit exceeded for installation."
    )
    with pytest.raises(TryAgain) as caught:
        done(scene.forge.issue(scene.repository, "1"))
    assert (caught.value.code, caught.value.after) == ("rate-limit", 120.0)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_fault_of_github_is_tried_again_later(scene: AppScene, status: int) -> None:
    scene.world.faults.fail("GET */issues/1", status)
    with pytest.raises(TryAgain) as caught:
        done(scene.forge.issue(scene.repository, "1"))
    assert (caught.value.code, caught.value.after) == ("unreachable", 10.0)


def test_a_run_goes_on_in_a_repository_that_was_renamed_and_stops_when_its_owner_changed_w10() -> None:
    with app_scene() as scene:
        topic = scene.topic(scene.shop.issue(by=scene.ada))
        done(scene.forge.ensure_status(topic, RUN, "One."))
        scene.shop.rename("store")
        done(scene.forge.ensure_status(topic, RUN, "Two."))
        (comment,) = scene.shop.comments(int(topic.key))
        assert comment.body.endswith("Two.")
        # GitHub redirects every request to a renamed repository; its description of the API names it for some only.
        scene.world.mismatches[:] = [one for one in scene.world.mismatches if "307" not in one]
        moved = Repository("github", scene.repository.id, "other/store", "", "main")
        scene.begin()
        with pytest.raises(OwnerMust) as caught:
            done(scene.forge.issue(moved, topic.key))
        assert caught.value.code == "repository-gone"


def _post(change: Change) -> ReviewPost:
    return ReviewPost(RUN, Review("approve", "s", (), (), "reviewer", 1, change.head_commit), "Read.")
