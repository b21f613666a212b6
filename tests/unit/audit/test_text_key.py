"""The key of kept texts: made for its owner alone, or given; and refused where others could have it."""

import base64
import os
from pathlib import Path

import pytest

from pointsman.audit.texts.key import key_at, key_from, key_of
from pointsman.domain.errors import OperatorMust


def test_a_key_is_made_once_for_its_owner_alone_and_found_again(tmp_path: Path) -> None:
    place = tmp_path / "keys" / "texts.key"
    made = key_at(place, make=True)
    assert key_at(place, make=True) == key_at(place, make=False) == made
    assert place.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in place.parent.iterdir()] == ["texts.key"]
    assert made.of_run("r-1") != made.of_run("r-2") != made.secret
    assert made.secret.hex() not in repr(made)


def test_a_key_that_is_missing_or_that_others_may_read_or_replace_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "keys" / "texts.key"
    key_at(place, make=True)
    place.chmod(0o640)
    with pytest.raises(OperatorMust, match="read by others"):
        key_at(place, make=True)
    place.chmod(0o600)
    place.parent.chmod(0o777)
    with pytest.raises(OperatorMust, match="may replace"):
        key_at(place, make=True)
    place.parent.chmod(0o700)
    link = tmp_path / "keys" / "link.key"
    link.symlink_to(place)
    for odd in (link, tmp_path / "none.key"):
        with pytest.raises(OperatorMust) as caught:
            key_at(odd, make=odd is link)
        assert caught.value.code == "text-key"


def test_a_given_key_is_hex_or_base64_and_nothing_else() -> None:
    secret = os.urandom(32)
    places = {"env:HEX": secret.hex() + "\n", "env:B64": base64.b64encode(secret).decode(), "env:BAD": "short"}
    assert key_from("env:HEX", places.get) == key_from("env:B64", places.get)
    assert key_of(secret.hex(), "here").secret == secret
    for reference in ("env:BAD", "env:NONE"):
        with pytest.raises(OperatorMust) as caught:
            key_from(reference, places.get)
        assert caught.value.code == "text-key"
        assert secret.hex() not in str(caught.value)
