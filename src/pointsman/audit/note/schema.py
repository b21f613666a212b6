"""The published JSON Schemas of a note's predicate and of what verification says, made from the types themselves."""

import json

from pydantic import TypeAdapter

from pointsman.audit.note.predicate import PREDICATE_TYPE, Predicate
from pointsman.domain.notes import NoteReport


def predicate_schema() -> str:
    """The schema as text (JSON Schema 2020-12); it is kept at docs/audit-predicate.schema.json."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": PREDICATE_TYPE,
        **Predicate.model_json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def report_schema() -> str:
    """The schema of what `pointsman audit verify --json` prints; it is kept at docs/audit-verify.schema.json."""
    report = TypeAdapter(NoteReport).json_schema(mode="serialization")
    verdict = {"enum": ["holds", "broken", "unseen", "empty"], "title": "Verdict", "type": "string"}
    report["properties"] = {"verdict": verdict, **report["properties"]}
    report["required"] = list(report["properties"])
    for part in (report, *report["$defs"].values()):
        part["additionalProperties"] = False
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **report}, indent=2) + "\n"
