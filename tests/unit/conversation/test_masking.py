"""Credentials are found by their shape and never shown."""

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.conversation.hygiene import MASK, masked

_BODY = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=36, max_size=60)
_PREFIXES = ["ghs_", "ghp_", "github_pat_", "glpat-", "sk-ant-", "sk-proj-"]
_FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "hex": lambda text: text.encode().hex(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 in a text": lambda text: base64.b64encode(f":{text}".encode()).decode(),
    "percent": lambda text: "".join(f"%{ord(letter):02X}" for letter in text[:6]) + quote(text[6:]),
}


@pytest.mark.parametrize("form", sorted(_FORMS))
@given(prefix=st.sampled_from(_PREFIXES), body=_BODY)
def test_a_token_is_masked_in_every_form(form: str, prefix: str, body: str) -> None:
    shown = _FORMS[form](prefix + body)
    assert body not in masked(f"the token is {shown} here")
    assert shown not in masked(f"the token is {shown} here")


@pytest.mark.parametrize(
    "secret",
    [
        "ghs_12345_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NSJ9.c2lnbmF0dXJl-_x",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA and cut off",
    ],
)
def test_other_shapes_leave_nothing_of_themselves(secret: str) -> None:
    assert masked(f"a {secret}") == f"a {MASK}"


def test_a_password_in_an_address_goes_and_the_host_stays() -> None:
    assert masked("https://ada:hunter2@git.example/x") == f"https://{MASK}@git.example/x"
    assert masked("Authorization: Bearer abcdefghijklmnopqrstu") == f"Authorization: Bearer {MASK}"


@given(st.text(alphabet="abc def_-.", max_size=100))
def test_plain_words_stay(text: str) -> None:
    assert masked(text) == text


def test_digests_and_commit_ids_stay() -> None:
    for plain in ("a1" * 20, "b2" * 32, "src/pointsman/conversation/change_page.py"):
        assert masked(plain) == plain
