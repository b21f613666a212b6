import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.forges.payloads import AT, GUID, KINDS, delivered, encoded, headers, sample

from pointsman.domain.events import Delivery, Ignored
from pointsman.forges.github.webhook import SUBSCRIBED, WANTED, Bad, delivery_of, signed

SECRET = b"It's a Secret to Everybody"
HELLO = b"Hello, World!"
# GitHub documentation, "Validating webhook deliveries", "Testing the webhook payload validation".
VECTOR = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_test_vector_of_github_is_signed() -> None:
    assert signed(HELLO, VECTOR, (SECRET,))


def test_while_secrets_are_rotated_either_signs_and_no_third() -> None:
    assert signed(HELLO, VECTOR, (b"new", SECRET))
    assert signed(HELLO, VECTOR, (SECRET, b"new"))
    assert not signed(HELLO, VECTOR, (b"new", b"newer"))
    assert not signed(HELLO, VECTOR, ())


@given(st.one_of(st.none(), st.text(max_size=80), st.text("0123456789abcdef", min_size=64, max_size=64)))
def test_no_other_header_signs_and_none_raises(header: str | None) -> None:
    assert not signed(HELLO, header, (SECRET,))
    assert not signed(HELLO, f"sha256={header}", (SECRET,))


@pytest.mark.parametrize(("event", "action"), KINDS)
def test_what_is_wanted_is_kept_byte_for_byte(event: str, action: str) -> None:
    body = encoded(sample(event, action))
    assert delivered(event, body) == Delivery("github", GUID, event, body, AT)


def test_a_delivery_has_one_id_however_its_letters_are_written() -> None:
    body = encoded(sample("issues", "labeled"))
    kept = delivery_of(headers("issues", GUID.upper()), body, at=AT)
    assert isinstance(kept, Delivery) and kept.id == GUID


def test_header_names_are_read_in_any_case() -> None:
    body = encoded(sample("issues", "labeled"))
    shouted = {name.upper(): value for name, value in headers("issues").items()}
    assert isinstance(delivery_of(shouted, body, at=AT), Delivery)


def test_the_action_is_found_wherever_it_stands() -> None:
    payload = sample("issues", "labeled")
    last = {key: payload[key] for key in reversed(payload)}
    assert isinstance(delivered("issues", encoded(last)), Delivery)
    assert delivered("issues", encoded({**last, "action": "closed"})) == Ignored("nobody wants this action of issues")


def test_an_unwanted_action_is_dropped_before_the_rest_is_read() -> None:
    assert delivered("issues", b'{"action":"closed", and no JSON at all') == Ignored("nobody wants issues.closed")
    assert isinstance(delivered("issues", b'{"action":"labeled", and no JSON at all'), Bad)


def test_a_push_is_kept_when_it_is_to_the_default_branch() -> None:
    push = sample("push", "")
    assert isinstance(delivered("push", encoded(push)), Delivery)
    for ref in ("refs/heads/other", "refs/tags/main", "main", None, 7):
        assert delivered("push", encoded({**push, "ref": ref})) == Ignored("a push to another branch")


def test_the_app_subscribes_to_what_is_wanted_and_to_nothing_that_comes_anyway() -> None:
    assert set(SUBSCRIBED) == set(WANTED) - {"installation", "installation_repositories"}


def test_the_hook_route_does_not_pay_for_models_of_payloads() -> None:
    code = "import sys, pointsman.forges.github.webhook; sys.exit(bool({'pydantic', 'github'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(("action", "ref", "repository", "x")), inner)
    ),
    max_leaves=8,
)
BODIES = st.one_of(st.binary(max_size=200), JSON.map(encoded), st.binary(max_size=40).map(b'{"action":"'.__add__))


@given(
    st.dictionaries(st.sampled_from(("X-GitHub-Event", "x-github-delivery", "é\n")), st.text(max_size=120)),
    st.sampled_from((*WANTED, "ping", "nonsense")),
    BODIES,
)
def test_whatever_comes_is_kept_or_dropped_or_bad(odd: dict[str, str], event: str, body: bytes) -> None:
    for beside in (odd, headers(event), headers(event) | odd):
        assert isinstance(delivery_of(beside, body, at=AT), Delivery | Ignored | Bad)
