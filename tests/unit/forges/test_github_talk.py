"""The talk port at GitHub: repositories, changes, threads, answers and notices."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.worlds.github.faults import SECONDARY
from tests.worlds.github_app import RUN, AppScene, app_scene, done

from pointsman.domain.errors import OwnerMust, TryAgain
from pointsman.domain.forge import Remark, ReviewPost, Topic
from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Finding, Review


@pytest.fixture(scope="module")
def scene() -> Iterator[AppScene]:
    with app_scene() as made:
        yield made


def test_a_repository_is_told_by_its_id_with_an_address_of_our_own_making_w6(scene: AppScene) -> None:
    found = done(scene.talk.repository(replace(scene.origin(), name="acme/what-a-payload-says")))
    assert (found.id, found.name, found.default_branch) == (str(scene.shop.id), "acme/shop", "main")
    assert found.location == f"{scene.world.url}/acme/shop.git"


def test_an_installation_that_is_not_the_repositorys_own_is_refused_w7(scene: AppScene) -> None:
    other = scene.world.install(scene.world.repository("globex/tool"))
    for wrong in (other.id, 424242):
        with pytest.raises(OwnerMust) as caught:
            done(scene.talk.repository(scene.origin(installation=wrong)))
        assert caught.value.code == "repository-gone"
    assert done(scene.talk.repository(scene.origin())).name == "acme/shop"


def test_a_suspended_or_uninstalled_repository_is_not_served_w7() -> None:
    with app_scene() as scene:
        scene.world.suspend(scene.installation)
        with pytest.raises(OwnerMust):
            done(scene.talk.repository(scene.origin()))
        scene.world.suspend(scene.installation, suspended=False)
        assert done(scene.talk.repository(scene.origin())).name == "acme/shop"
        scene.world.uninstall(scene.shop)
        with pytest.raises(OwnerMust) as caught:
            done(scene.talk.repository(scene.origin(installation=0)))
        assert caught.value.code == "repository-gone"


def test_a_renamed_repository_is_served_and_one_of_another_owner_is_not_w10() -> None:
    with app_scene() as scene:
        before = scene.origin()
        scene.shop.rename("store")
        assert done(scene.talk.repository(before)).name == "acme/store"
        with pytest.raises(OwnerMust) as caught:
            done(scene.talk.repository(replace(before, name="globex/store")))
        assert caught.value.code == "repository-gone"


def test_an_archived_repository_is_not_served_and_nothing_is_said_there_f10() -> None:
    with app_scene() as scene:
        topic = scene.topic(scene.shop.issue(by=scene.ada))
        scene.shop.archive()
        done(scene.talk.ensure_reply(topic, "k", "Hello."))
        done(scene.talk.acknowledge(topic, label="bug"))
        done(scene.talk.ensure_notice(scene.repository, "Action Required", "Mend it."))
        assert scene.world.effects == []
        with pytest.raises(OwnerMust) as caught:
            done(scene.talk.repository(scene.origin()))
        assert caught.value.code == "repository-gone"


def test_a_change_is_told_as_it_is(scene: AppScene) -> None:
    base = scene.shop.branches()["main"]
    number = scene.shop.pull(by=scene.ada, head_branch="c1", files={"c.py": "1\n"}, labels=("size/S",), draft=True)
    change = done(scene.talk.change(scene.topic(number)))
    assert change is not None
    assert (change.state, change.is_draft, change.is_fork, change.branch) == ("open", True, False, "c1")
    assert (change.base_branch, change.base_commit, change.labels) == ("main", base, ("size/S",))
    assert change.author.id == scene.ada.id
    assert [one.id for one in change.commits] == [change.head_commit]


def test_a_change_from_a_fork_stays_one_when_the_fork_is_gone(scene: AppScene) -> None:
    eve = scene.world.person("eve")
    fork = scene.shop.fork(eve)
    number = scene.shop.pull(by=eve, from_fork=fork, head_branch="evil", files={"e.py": "1\n"})
    first = done(scene.talk.change(scene.topic(number)))
    fork.delete()
    second = done(scene.talk.change(scene.topic(number)))
    assert first is not None
    assert second is not None
    assert first.is_fork
    assert second.is_fork


def test_a_change_is_told_as_closed_and_as_merged() -> None:
    with app_scene() as scene:
        closed = scene.shop.pull(by=scene.ada, files={"d.py": "1\n"})
        scene.shop.close(closed, by=scene.ada)
        merged = scene.shop.pull(by=scene.ada, files={"m.py": "1\n"})
        scene.shop.merge(merged, by=scene.ada)
        found = [done(scene.talk.change(scene.topic(number))) for number in (closed, merged)]
        assert [one.state for one in found if one] == ["closed", "merged"]


@pytest.mark.parametrize("key", ["4711", "main", ""])
def test_what_is_no_change_is_none(scene: AppScene, key: str) -> None:
    assert done(scene.talk.change(Topic(scene.repository, key))) is None
    assert done(scene.talk.threads(Topic(scene.repository, key))) == ()


def test_an_issue_is_no_change(scene: AppScene) -> None:
    assert done(scene.talk.change(scene.topic(scene.shop.issue(by=scene.ada)))) is None


def test_eyes_are_shown_once_on_what_was_said_and_the_label_goes(scene: AppScene) -> None:
    number = scene.shop.issue(by=scene.ada, labels=("pointsman run/now",))
    comment = scene.shop.comment(number, "/pointsman build", by=scene.ada)
    for _ in range(2):
        done(scene.talk.acknowledge(scene.topic(number), f"c{comment}", "pointsman run/now"))
        done(scene.talk.acknowledge(scene.topic(number), "r55"))
    assert [one.content for one in scene.shop.reactions(number, comment)] == ["eyes"]
    assert [one.content for one in scene.shop.reactions(number)] == ["eyes"]
    assert scene.shop.labels(number) == []
    done(scene.talk.acknowledge(scene.topic(number), "c999999"))


def test_an_answer_is_one_comment_though_the_answer_was_lost_f6(scene: AppScene) -> None:
    topic = scene.topic(scene.shop.issue(by=scene.ada))
    scene.world.faults.lose_answer("POST */comments")
    with pytest.raises(TryAgain):
        done(scene.talk.ensure_reply(topic, "d-1 --> x", "Hello."))
    scene.begin()
    done(scene.talk.ensure_reply(topic, "d-1 --> x", "Hello."))
    done(scene.talk.ensure_reply(topic, "d-1 --> x", "Hello again."))
    done(scene.talk.ensure_reply(topic, "d-2", "Another."))
    first, second = scene.shop.comments(int(topic.key))
    assert first.body.split("\n") == ["<!-- pointsman:reply d-1%20-%2D%3E%20x -->", "Hello again."]
    assert second.body.endswith("Another.")


def test_a_thread_of_ours_is_read_answered_once_and_resolved() -> None:
    with app_scene() as scene:
        number, first = _reviewed(scene)
        topic = scene.topic(number)
        scene.shop.reply(first, "ignore", by=scene.ada)
        (thread,) = done(scene.talk.threads(topic))
        assert (thread.first, thread.finding, thread.is_resolved) == (f"t{first}", "abc123def456", False)
        assert [one.actor.id for one in thread.said] == [scene.world.app.bot.id, scene.ada.id]
        assert thread.said[0].actor.login == "pointsman[bot]"
        assert thread.said[1].body == "ignore"
        scene.world.faults.lose_answer("POST */replies")
        with pytest.raises(TryAgain):
            done(scene.talk.ensure_reply(topic, "fate-1", "Ignored.", thread=thread.first))
        scene.begin()
        done(scene.talk.ensure_reply(topic, "fate-1", "Ignored.", thread=thread.first))
        done(scene.talk.ensure_reply(topic, "fate-1", "Fixed.", thread=thread.first))
        said = [one.body for one in scene.shop.threads(number)[0].comments]
        assert len(said) == 3
        assert said[2].endswith("\nFixed.")
        done(scene.talk.resolve(topic, thread))
        done(scene.talk.resolve(topic, thread))
        (resolved,) = done(scene.talk.threads(topic))
        assert resolved.is_resolved
        assert scene.world.made("thread resolved") != []
        assert scene.shop.comments(number) == []


def test_an_answer_to_a_thread_that_is_gone_goes_into_the_conversation(scene: AppScene) -> None:
    number = scene.shop.pull(by=scene.ada, files={"g.py": "1\n"})
    done(scene.talk.ensure_reply(scene.topic(number), "k", "Hello.", thread="t999999"))
    (comment,) = scene.shop.comments(number)
    assert comment.body.endswith("Hello.")


def test_a_finding_that_somebody_else_marked_begins_no_thread_of_ours() -> None:
    with app_scene() as scene:
        number = scene.shop.pull(by=scene.ada, files={"a.py": "x = 2\n"})
        assert done(scene.talk.threads(scene.topic(number))) == ()
        reviewed, _ = _reviewed(scene)
        scene.account = replace(scene.account, bot=replace(scene.account.bot, id=scene.ada.id))
        scene.begin()
        assert done(scene.talk.threads(scene.topic(reviewed))) == ()


def test_a_thread_that_may_not_be_resolved_stays_open_without_an_error() -> None:
    with app_scene() as scene:
        number, _ = _reviewed(scene)
        (thread,) = done(scene.talk.threads(scene.topic(number)))
        scene.world.faults.fail("POST /graphql", 403, message="Resource not accessible by integration")
        done(scene.talk.resolve(scene.topic(number), thread))
        (still,) = done(scene.talk.threads(scene.topic(number)))
        assert not still.is_resolved


@pytest.mark.parametrize("message", [SECONDARY, ""])
def test_f6_a_limit_that_comes_as_an_answer_leaves_no_thread_out(scene: AppScene, message: str) -> None:
    """F6: without its threads a change has nothing settled, so everything would be said again."""
    number, _ = _reviewed(scene)
    scene.world.faults.fail("POST /graphql", 200, message=message, headers={"retry-after": "7"})
    with pytest.raises(TryAgain):
        done(scene.talk.threads(scene.topic(number)))
    assert len(done(scene.talk.threads(scene.topic(number)))) == 1


def test_a_notice_is_one_issue_that_closes_and_opens_with_what_is_to_be_mended() -> None:
    with app_scene() as scene:
        done(scene.talk.ensure_notice(scene.repository, "Action Required", ""))
        assert scene.shop.issues() == []
        scene.world.faults.lose_answer("POST */issues")
        with pytest.raises(TryAgain):
            done(scene.talk.ensure_notice(scene.repository, "Action Required", "Line 3."))
        states = []
        for body in ("Line 3.", "Line 4.", "", "", "Line 5."):
            done(scene.talk.ensure_notice(scene.repository, "Action Required", body))
            (issue,) = scene.shop.issues()
            states.append(issue.state)
        assert states == ["open", "open", "closed", "closed", "open"]
        assert (scene.shop.issues()[0].body or "").endswith("Line 5.")


def test_a_notice_that_looks_like_ours_is_left_to_its_author(scene: AppScene) -> None:
    done(scene.talk.ensure_notice(scene.repository, "Fake", "Ours."))
    ours = scene.shop.issues()[-1]
    theirs = scene.shop.issue(by=scene.ada, title="Fake", body=ours.body)
    done(scene.talk.ensure_notice(scene.repository, "Fake", ""))
    assert scene.shop.one(theirs).state == "open"
    assert scene.shop.one(ours.number).state == "closed"


def test_we_are_the_apps_own_user_also_when_that_was_not_known_at_the_registration() -> None:
    with app_scene() as scene:
        scene.account = replace(scene.account, bot=replace(scene.account.bot, id=0))
        scene.begin()
        me = done(scene.talk.identity())
        assert (me.id, me.login, me.is_bot) == (scene.world.app.bot.id, "pointsman[bot]", True)


def _reviewed(scene: AppScene) -> tuple[int, int]:
    """A pull request with a review of ours that has one remark; their numbers."""
    number = scene.shop.pull(by=scene.ada, files={"n.py": "one = 1\n"})
    change = done(scene.talk.change(scene.topic(number)))
    assert change is not None
    finding = Finding("abc123def456", "n.py", 1, "new", Severity.MINOR, "one = 1", "It may be two.")
    review = Review("changes", "s", (finding,), (), "reviewer", 1, change.head_commit)
    post = ReviewPost(RUN, review, "One thing.", (Remark(finding, "It may be two."),), "Elsewhere:")
    where = replace(scene.opened(), number=str(number), head_commit=change.head_commit)
    done(scene.forge.ensure_review(where, post))
    return number, scene.shop.review_comments(number)[0].id
