"""What a served repository may send and spend: R8, C3 and C7 on GitHub."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.worlds.repositories import ROUTING
from tests.worlds.script import Answer
from tests.worlds.served_stage import LABEL, ServedStage
from tests.worlds.stage import SEATS, Seat, edit

LEVELS = {"internal": {"perimeters": ["local", "public"]}, "restricted": {"perimeters": ["local"]}}
REPOSITORIES = [{"match": "vault*/shop", "sensitivity": "restricted"}, {"match": "**", "sensitivity": "internal"}]


@pytest.fixture(scope="module")
def vendor() -> Iterator[socket.socket]:
    """Where a public vendor would answer; nobody ever may come."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield listening


@pytest.fixture(scope="module")
def stage(vendor: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    far = Seat("far", "omega", url=f"https://127.0.0.1:{vendor.getsockname()[1]}", perimeter="public")
    folder = tmp_path_factory.mktemp("limits")
    with ServedStage(folder, seats=(*SEATS, far), sensitivities=LEVELS, repositories=REPOSITORIES) as served:
        yield served


def came(vendor: socket.socket) -> bool:
    """Whether anybody opened a connection to the vendor."""
    vendor.settimeout(0)
    try:
        vendor.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.mark.parametrize(
    ("word", "labels", "routing"),
    [
        ("vaultone", (), f"triage: far\n{ROUTING}"),
        ("sandpiper", ("pointsman:restricted",), f"triage: far\n{ROUTING}"),
        ("vaulttwo", ("bug",), ROUTING.replace("reviewer", "far")),
    ],
    ids=["a closed repository", "a closed issue", "a reviewer outside"],
)
def test_r8_a_closed_text_that_would_go_outside_is_refused_on_the_issue_and_nobody_is_asked(
    stage: ServedStage, vendor: socket.socket, word: str, labels: tuple[str, ...], routing: str
) -> None:
    scene = stage.scene(word, routing=routing)
    number = scene.issue(labels=labels)
    scene.shop.label(number, LABEL, scene.ada)
    stage.settle()
    (said,) = scene.said(number)
    assert "far-host is public; restricted text stays local" in said
    assert "perimeter" in said
    assert (scene.runs(), scene.asked(), came(vendor)) == ([], [], False)


def test_r8_a_closed_text_is_worked_on_by_local_models_alone(stage: ServedStage, vendor: socket.socket) -> None:
    routing = "plan: {model: planner, fallback: [far]}\ncode: {model: coder, escalate: [far]}\nqa: reviewer\n"
    scene = stage.scene("vaultthree", routing=routing)
    scene.labelled()
    assert scene.over().result == "ready"
    assert (set(scene.asked()), came(vendor)) == ({"planner", "coder", "reviewer"}, False)


def test_c3_a_run_that_failed_is_begun_again_by_nobody_but_a_person(stage: ServedStage) -> None:
    scene = stage.scene("redshank", coder=(edit("price - percent * 3"),))
    number = scene.labelled()
    label = next(one for one in reversed(stage.world.deliveries) if one.action == "labeled")
    assert scene.over().result == "needs-person"
    asked = scene.asked()
    assert asked.count("coder") <= 6
    stage.world.redeliver(label.guid)
    scene.shop.comment(number, "It is still wrong, is it not?", scene.ada)
    stage.settle()
    stage.stop()
    stage.start()
    stage.settle()
    assert (len(scene.runs()), scene.asked(), LABEL in scene.shop.labels(number)) == (1, asked, False)


def test_c7_a_repository_with_a_heap_of_work_holds_up_no_other(stage: ServedStage) -> None:
    noisy, calm = stage.scene("greenshank", coder=(Answer(fault="hang"),)), stage.scene("turnstone")
    heap = [noisy.labelled() for _ in range(4)]
    noisy.asks("coder")
    calm.labelled()
    assert calm.over().result == "ready"
    assert noisy.asked().count("coder") == 1
    for number in heap:
        noisy.says(number, "/pointsman cancel")
    assert noisy.over(4).state == "cancelled"
