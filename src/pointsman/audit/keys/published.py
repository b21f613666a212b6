"""The keys of an installation as they are published: which may be trusted, and for what."""

import json
from dataclasses import asdict
from typing import Annotated, Literal

import rfc8785
from pydantic import BaseModel, ConfigDict, Field

from pointsman.domain.keys import KeyState, KnownKey

KEYS_TYPE = "https://pointsman.dev/keys/v1"

KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="the key's id, as it stands in every note")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="sha256 of a note's envelope")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PublishedKey(_Part):
    """One public key. Its times are for people: nothing is decided by them, since clocks lie."""

    id: KeyId
    algorithm: Literal["ed25519"] = "ed25519"
    pem: Annotated[str, Field(description="the public half, SubjectPublicKeyInfo")]
    state: Annotated[KeyState, Field(description="active signs, retired has signed, revoked is not to be believed")]
    since: Annotated[str, Field(description="when the installation first knew it, ISO 8601 in UTC")]
    until: Annotated[str, Field(description="when it was retired or revoked, empty while it is active")] = ""
    reason: Annotated[str, Field(description="why it was retired or revoked, in the operator's words")] = ""
    vouched: Annotated[
        tuple[Sha256, ...], Field(description="the notes that hold although the key that signed them is revoked")
    ] = ()


class PublishedKeys(_Part):
    """Every key that an installation has signed with, oldest first."""

    type: Literal["https://pointsman.dev/keys/v1"] = "https://pointsman.dev/keys/v1"
    keys: tuple[PublishedKey, ...]


def published(keys: tuple[KnownKey, ...]) -> bytes:
    """The document as bytes: canonical JSON, so that the same keys give the same digest."""
    told = PublishedKeys(keys=tuple(PublishedKey(**asdict(key)) for key in keys))
    return rfc8785.dumps(told.model_dump(mode="json")) + b"\n"


def keys_schema() -> str:
    """Its schema as text (JSON Schema 2020-12); it is kept at docs/published-keys.schema.json."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": KEYS_TYPE,
        **PublishedKeys.model_json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
