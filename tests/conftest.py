"""What holds for every test: the checkout is importable, examples go by profile, nothing leaves the machine."""

import gc
import ipaddress
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

# The nightly profile is chosen with `make test ARGS=--hypothesis-profile=nightly`.
settings.register_profile("ci", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", settings.get_profile("ci"), max_examples=2000)
settings.load_profile("ci")

_left: list[str] = []

# What is imported and collected stays to the end: looking through it for garbage again and again finds nothing.
gc.disable()


# What takes longest comes first, so that no worker begins with it when the others are done.
_FIRST = ("crash", "stories", "adversarial", "contract")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests by their folders; within a folder they stay as they were found."""
    places = {folder: place for place, folder in enumerate(_FIRST)}
    tests = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(tests).parts[0] if item.path.is_relative_to(tests) else ""
        return places.get(folder, len(places))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """From here on garbage is collected again, among what is made from here on."""
    gc.freeze()
    gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    """A worker starts commands through the warm process of all."""
    given = getattr(config, "workerinput", {})
    if "warm" in given:
        from tests.worlds import warm

        warm.share(given["warm"])


class Node(Protocol):
    """A worker as the process knows it that gives out the tests."""

    workerinput: dict[str, object]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Node) -> None:
    """One warm process for all workers; it gets warm while they collect."""
    from tests.worlds import warm

    node.workerinput["warm"] = warm.shared()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each processor: most of the time a story waits for processes, servers and disks."""
    return 2 * (os.cpu_count() or 1)


class LeftTheMachine(AssertionError):
    """Something under test tried to reach an address that is not loopback."""


def _is_loopback(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook (PEP 578), so that no client, thread or retry gets past it; it sees this process only."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if not _is_loopback(name):
        _left.append(name)
        raise LeftTheMachine(f"a test tried to reach {name}; only loopback is there in tests")


sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def nothing_leaves_the_machine() -> Iterator[None]:
    """Fails a test that tried to reach out, even when the code under test swallowed the refusal."""
    _left.clear()
    yield
    assert _left == [], f"the test tried to reach {', '.join(_left)}"
