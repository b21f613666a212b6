"""A note as the reference tools of others read it: nothing here is checked by code of ours."""

import asyncio
import base64
import importlib
import json
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from tests.unit.audit.facts import facts

from pointsman.audit.signer import KeySigner


def test_the_reference_tools_of_in_toto_and_openssl_accept_a_note(tmp_path: Path) -> None:
    signer = KeySigner(tmp_path / "keys" / "signing.pem")
    raw, pem = asyncio.run(signer.sign(facts())).envelope, signer.public_key()

    envelope = json.loads(raw)
    key = SSlibKey.from_crypto(load_pem_public_key(pem))
    assert set(Envelope.from_dict(json.loads(raw)).verify([key], 1)) == {envelope["signatures"][0]["keyid"]}

    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    # The bindings that the in-toto project makes of its own protobuf definitions; they have no types.
    messages = importlib.import_module("in_toto_attestation.v1.statement_pb2")
    wrapped = importlib.import_module("in_toto_attestation.v1.statement")
    parsed = importlib.import_module("google.protobuf.json_format").Parse(payload, messages.Statement())
    wrapped.Statement.copy_from_pb(parsed).validate()
    assert [subject.name for subject in parsed.subject] == ["commit", "tree", "diff"]
    assert parsed.predicate["run"] == "r-1"

    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    for name, data in (("pem", pem), ("signed", signed), ("sig", base64.b64decode(envelope["signatures"][0]["sig"]))):
        (tmp_path / name).write_bytes(data)
    words = ("pkeyutl", "-verify", "-pubin", "-inkey", "pem", "-rawin", "-in", "signed", "-sigfile", "sig")
    assert subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True).returncode == 0
    (tmp_path / "signed").write_bytes(signed[:-1] + b" ")
    assert subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True).returncode != 0
