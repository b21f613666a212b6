"""The published JSON Schema of a note's predicate, made from the types that write and read it."""

import json

from pointsman.audit.predicate import PREDICATE_TYPE, Predicate


def predicate_schema() -> str:
    """The schema as text (JSON Schema 2020-12); it is kept at docs/audit-predicate.schema.json."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": PREDICATE_TYPE,
        **Predicate.model_json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
