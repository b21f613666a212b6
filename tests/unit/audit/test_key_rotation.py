"""Keys over their life: made, given, rotated while somebody signs, revoked, known to every machine of a ledger."""

import asyncio
import base64
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from tests.contract.ledger_world import placed
from tests.unit.audit.facts import facts

from pointsman.audit.checking.verify import verify_notes
from pointsman.audit.keychain import KeyChain
from pointsman.audit.keys.place import KeyPlace
from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.domain.errors import OperatorMust, TryAgain, UsageMust
from pointsman.domain.notes import SignedNote

AT = "2026-01-05T10:00:00+00:00"
PASSPHRASE = "correct horse"


def private(encryption: KeySerializationEncryption | None = None) -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


class Home:
    """A machine of an installation: its folder, its environment, and a ledger that it may share."""

    def __init__(self, folder: Path, ledger: Path, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.env = {f"env:{name}": value for name, value in (env or {}).items()}
        self.url = f"sqlite:///{ledger}"
        self.ledger = SqlLedger(self.url)
        self.keys = self.chain()

    def chain(self, *given: str, passphrase: str = "") -> KeyChain:
        place = KeyPlace(self.folder / "keys/signing.pem", given, passphrase, self.env.get)
        return KeyChain(place, self.url, lambda: AT)

    def note(self, run_id: str, keys: KeyChain | None = None) -> SignedNote:
        """A note that has its place in the chain."""
        signed = self.signed(run_id, keys)
        self.place(signed, run_id)
        return signed

    def place(self, signed: SignedNote, run_id: str) -> None:
        previous = asyncio.run(self.ledger.note_head("local:1"))
        asyncio.run(self.ledger.take_place(placed(signed.digest, run_id, previous, key_id=signed.key_id)))

    def signed(self, run_id: str, keys: KeyChain | None = None) -> SignedNote:
        return asyncio.run((keys or self.keys).signer.sign(replace(facts(), run_id=run_id)))

    def found(self, note: SignedNote) -> list[str]:
        trusted = asyncio.run(self.keys.trusted())
        report = verify_notes(((f"{note.name}.intoto.jsonl", note.envelope),), trusted)
        return [problem.rule for problem in report.problems]

    def states(self) -> list[str]:
        return [key.state for key in asyncio.run(self.keys.known())]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", tmp_path / "ledger.sqlite")


def test_a_rotation_is_picked_up_by_who_signs_already_and_older_notes_hold(home: Home) -> None:
    """The signer is the one of a server that runs; the rotation comes from another process."""
    first = home.note("r-1")
    new = asyncio.run(home.chain().rotate("once a year"))
    second = home.note("r-2")
    assert (second.key_id, first.key_id != new) == (new, True)
    assert (home.found(first), home.found(second)) == ([], [])
    old, now = asyncio.run(home.keys.known())
    assert (old.state, old.until, old.reason, now.state, now.until) == ("retired", AT, "once a year", "active", "")


def test_of_a_retired_key_only_the_public_half_is_left(home: Home) -> None:
    first = home.note("r-1")
    seed = base64.b64decode((home.folder / "keys/signing.pem").read_text().splitlines()[1])[-32:]
    asyncio.run(home.keys.rotate("rotated"))
    left = {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()}
    assert [path.name for path, data in left.items() if b"PRIVATE" in data] == ["signing.pem"]
    assert base64.b64encode(seed)[4:-4] not in b"".join(left.values())
    assert left[home.folder / f"keys/public/{first.key_id}.pem"] == first.public_key
    assert stat.S_IMODE((home.folder / "keys/signing.pem").stat().st_mode) == 0o600


def test_a_rotation_that_was_cut_off_anywhere_comes_to_its_end(home: Home, tmp_path: Path) -> None:
    """After the draft, or after the ledger: the next that signs, or the next rotation, goes on with the same key."""
    home.note("r-1")
    draft = home.keys.place.draft
    asyncio.run(home.keys.rotate("rotated"))
    new = (home.folder / "keys/signing.pem").read_bytes()
    for place, held in ((draft, new), (home.folder / "keys/signing.pem", private().encode())):
        place.write_bytes(held)
        place.chmod(0o600)
    asyncio.run(home.keys.rotate("rotated"))
    assert (home.folder / "keys/signing.pem").read_bytes() == new
    assert not draft.exists()


def test_between_ledger_and_folder_the_signer_takes_the_next_key_itself(home: Home) -> None:
    first = home.note("r-1")
    old = (home.folder / "keys/signing.pem").read_bytes()
    new = asyncio.run(home.keys.rotate("rotated"))
    home.keys.place.path.rename(home.keys.place.draft)
    home.keys.place.path.write_bytes(old)
    home.keys.place.path.chmod(0o600)
    assert home.note("r-2", home.chain()).key_id == new != first.key_id
    assert not home.keys.place.draft.exists()


@pytest.mark.parametrize("end", ["retired", "revoked"])
def test_u4_nothing_is_signed_with_a_key_that_is_retired_or_revoked(home: Home, end: str) -> None:
    first = home.note("r-1")
    kept = home.keys.place.path.read_bytes()
    if end == "retired":
        asyncio.run(home.keys.rotate("rotated"))
        home.keys.place.path.write_bytes(kept)
    else:
        asyncio.run(home.keys.revoke(first.key_id[:8], "leaked"))
    for signer in (home.keys, home.chain()):
        with pytest.raises(OperatorMust, match=end) as refusal:
            home.signed("r-2", signer)
        assert refusal.value.code == "signing-key"


def test_u4_of_a_revoked_key_the_notes_that_the_ledger_knew_hold_and_no_other(home: Home) -> None:
    """Whoever has the key can sign as if it were last year; but cannot have been in the ledger last year."""
    honest, stolen = home.note("r-1"), home.signed("r-2")
    asyncio.run(home.keys.rotate("rotated"))
    later = home.note("r-3")
    revoked = asyncio.run(home.keys.revoke(honest.key_id[:12], "leaked from a backup"))
    assert (revoked.state, revoked.reason, revoked.vouched) == ("revoked", "leaked from a backup", (honest.digest,))
    assert [home.found(note) for note in (honest, stolen, later)] == [[], ["revoked"], []]


def test_u4_a_note_that_was_signed_before_its_key_was_revoked_gets_no_place_afterwards(home: Home) -> None:
    home.note("r-1")
    late = home.signed("r-2")
    asyncio.run(home.keys.rotate("rotated"))
    asyncio.run(home.keys.revoke(late.key_id, "leaked"))
    with pytest.raises(TryAgain) as refusal:
        home.place(late, "r-2")
    assert refusal.value.code == "note-head"
    assert home.found(home.note("r-2")) == []


def test_each_machine_on_a_ledger_knows_the_keys_of_the_others(home: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other", tmp_path / "ledger.sqlite")
    ours, theirs = home.note("r-1"), other.note("r-2")
    assert (home.found(theirs), other.found(ours), home.states()) == ([], [], ["active", "active"])
    asyncio.run(home.keys.revoke(theirs.key_id, "the machine was stolen"))
    with pytest.raises(OperatorMust, match="revoked"):
        other.signed("r-3")
    asyncio.run(other.keys.rotate("rotated"))
    assert home.found(other.note("r-3")) == []
    assert home.states() == ["active", "revoked", "active"]


def test_a_ledger_restored_from_a_backup_learns_again_which_keys_were_revoked(home: Home, tmp_path: Path) -> None:
    first = home.note("r-1")
    asyncio.run(home.keys.rotate("rotated"))
    asyncio.run(home.keys.revoke(first.key_id, "leaked"))
    lost = Home(home.folder, tmp_path / "restored.sqlite")
    lost.note("r-2")
    assert sorted(lost.states()) == ["active", "revoked"]
    assert lost.found(first) == ["revoked"]


def test_a_lost_ledger_leaves_the_older_keys_trusted(home: Home, tmp_path: Path) -> None:
    first = home.note("r-1")
    asyncio.run(home.keys.rotate("rotated"))
    lost = Home(home.folder, tmp_path / "new.sqlite")
    lost.note("r-2")
    assert (lost.found(first), sorted(lost.states())) == ([], ["active", "retired"])


@pytest.mark.parametrize("named", ["", "0" * 64, "not hex"])
def test_only_a_key_that_is_known_is_revoked(home: Home, named: str) -> None:
    home.note("r-1")
    with pytest.raises(UsageMust) as refusal:
        asyncio.run(home.keys.revoke(named, "why"))
    assert refusal.value.code == "unknown-key"


def given_file(home: Home, pem: str, mode: int = 0o600) -> str:
    path = home.folder / "given.pem"
    path.parent.mkdir(exist_ok=True)
    path.write_text(pem)
    path.chmod(mode)
    return f"file:{path}"


def test_a_key_may_be_given_as_a_file_or_in_the_environment_and_encrypted(home: Home) -> None:
    plain, locked = private(), private(BestAvailableEncryption(PASSPHRASE.encode()))
    home.env |= {"env:KEY": plain.replace("\n", "\\n"), "env:PASS": PASSPHRASE}
    ids = [home.note("r-1", home.chain(given_file(home, plain))).key_id]
    ids.append(home.note("r-2", home.chain("env:KEY")).key_id)
    ids.append(home.note("r-3", home.chain(given_file(home, locked), passphrase="env:PASS")).key_id)
    assert ids[0] == ids[1] != ids[2]
    assert not home.keys.place.path.exists()


def test_a_secret_that_is_mounted_as_a_link_is_taken(home: Home) -> None:
    given_file(home, private())
    link = home.folder / "link.pem"
    link.symlink_to(home.folder / "given.pem")
    assert home.found(home.note("r-1", home.chain(f"file:{link}"))) == []


def test_a_given_key_is_rotated_by_giving_another(home: Home) -> None:
    reference = given_file(home, private())
    serving = home.chain(reference)
    first = home.note("r-1", serving)
    with pytest.raises(UsageMust, match="has signed before"):
        asyncio.run(home.chain(reference).rotate("rotated"))
    given_file(home, private())
    new = asyncio.run(home.chain(reference).rotate("rotated"))
    second = home.note("r-2", serving)
    assert (second.key_id, home.states(), home.found(first)) == (new, ["retired", "active"], [])


def test_a_given_key_may_take_the_place_of_one_that_was_made(home: Home) -> None:
    home.note("r-1")
    asyncio.run(home.chain(given_file(home, private())).rotate("a key of our own"))
    assert home.states() == ["retired", "active"]
    assert not home.keys.place.path.exists()


LOCKED = private(BestAvailableEncryption(b"another"))
SPOILT: list[tuple[Callable[[Home], KeyChain], str]] = [
    (lambda home: home.chain(given_file(home, private(), 0o640)), "can be read by others"),
    (lambda home: home.chain(given_file(home, "no key")), "is no PEM key"),
    (lambda home: home.chain(f"file:{home.folder}/none.pem"), "cannot be read"),
    (lambda home: home.chain("env:NONE"), "is no PEM key"),
    (lambda home: home.chain(given_file(home, LOCKED)), "no passphrase is given"),
    (lambda home: home.chain(given_file(home, LOCKED), passphrase="env:PASS"), "does not open with this passphrase"),
    (lambda home: home.chain(given_file(home, private()), "env:KEY"), "Two signing keys are given"),
]


@pytest.mark.parametrize(("made", "words"), SPOILT, ids=[words for _, words in SPOILT])
def test_s7_a_given_key_that_cannot_be_used_is_refused_and_none_is_made(
    home: Home, made: Callable[[Home], KeyChain], words: str
) -> None:
    home.env["env:PASS"] = PASSPHRASE
    with pytest.raises(OperatorMust, match=words) as refusal:
        home.signed("r-1", made(home))
    assert (refusal.value.code, home.keys.place.path.exists()) == ("signing-key", False)
    assert PASSPHRASE not in str(refusal.value)


def test_what_is_published_says_each_keys_state_and_no_secret(home: Home) -> None:
    honest = home.note("r-1")
    asyncio.run(home.keys.rotate("rotated"))
    asyncio.run(home.keys.revoke(honest.key_id, "leaked"))
    told = asyncio.run(home.keys.published())
    first, second = json.loads(told)["keys"]
    assert (first["state"], first["vouched"], first["reason"]) == ("revoked", [honest.digest], "leaked")
    assert (second["state"], second["vouched"]) == ("active", [])
    assert b"PRIVATE" not in told
