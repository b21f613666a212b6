"""The page about notes and the schema of their data say what the code does."""

import json
import re
from pathlib import Path

from pointsman.audit.keys.published import keys_schema
from pointsman.audit.note.predicate import Predicate
from pointsman.audit.note.schema import predicate_schema, report_schema

DOCS = Path(__file__).resolve().parents[3] / "docs"
CHECKING = Path(__file__).resolve().parents[3] / "src/pointsman/audit/checking"
COMMAND = (
    "python -c 'from pointsman.audit.note.schema import predicate_schema as s; print(s(), end=str())'"
    " > docs/audit-predicate.schema.json"
)

KEYS_COMMAND = (
    "python -c 'from pointsman.audit.keys.published import keys_schema as s; print(s(), end=str())'"
    " > docs/published-keys.schema.json"
)


def test_the_published_schema_is_the_one_that_the_code_makes() -> None:
    assert (DOCS / "audit-predicate.schema.json").read_text() == predicate_schema(), f"run: {COMMAND}"


def test_the_published_schema_of_the_report_is_the_one_that_the_code_makes() -> None:
    told = "python -c 'from pointsman.audit.note.schema import report_schema as s; print(s(), end=str())'"
    assert (DOCS / "audit-verify.schema.json").read_text() == report_schema(), f"run: {told}"


def test_the_published_schema_of_published_keys_is_the_one_that_the_code_makes() -> None:
    assert (DOCS / "published-keys.schema.json").read_text() == keys_schema(), f"run: {KEYS_COMMAND}"


def test_the_schema_refuses_what_it_does_not_know() -> None:
    schema = json.loads(predicate_schema())
    assert all(part["additionalProperties"] is False for part in (schema, *schema["$defs"].values()))


def test_every_field_of_the_predicate_has_its_row_on_the_page() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (DOCS / "audit.md").read_text().split("## The fields")[1], re.MULTILINE)
    assert rows == list(Predicate.model_fields)


def test_every_rule_that_verification_names_is_explained_on_the_page() -> None:
    section = (DOCS / "audit.md").read_text().split("## The rules")[1].split("## The fields")[0]
    told = set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE))
    code = "".join(
        (CHECKING / f"{name}.py").read_text()
        for name in ("opening", "verify", "inspection", "places", "binding", "coverage")
    )
    named = set(re.findall(r'(?:_Refused\(|NoteProblem\(\s*[\w."]+,\s+|return )"([a-z-]+)",', code))
    assert named == told
