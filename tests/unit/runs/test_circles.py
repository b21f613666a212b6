"""A whole run in which coder and reviewer go in a circle: it is seen, and the next model takes over."""

from dataclasses import replace
from pathlib import Path

from tests.unit.phases.phase_world import MID, says
from tests.unit.runs.served_world import BLOCK, FINE, PLAN, Served, review_of
from tests.unit.runs.test_loop_of_a_build import LOW, STRONG, asked, block, coded, signed

from pointsman.audit.note.page import page_of
from pointsman.domain.models import Reply
from pointsman.domain.outcome import Patch

CLUMSY = "    return max(low, min(value, high)) or high"
NARROW = "    return max(low, min(value, high)) if value >= 0 else value"


def finding(quote: str, message: str, case: str) -> dict[str, str]:
    return {
        "path": "bounds.py",
        "quote": quote,
        "severity": "major",
        "kind": "bug",
        "message": message,
        "failing_input": case,
    }


def shown_by(line: str) -> Reply:
    return says(f"```python\nfrom bounds import clamp\n\n\ndef test_it():\n    assert {line}\n```\n")


def test_a_fix_that_takes_an_earlier_one_back_climbs_before_it_is_reviewed_and_the_note_tells_so(
    tmp_path: Path,
) -> None:
    script = [
        says(data=PLAN),
        block(CLUMSY, LOW),
        review_of(finding(CLUMSY, "A zero is taken for nothing.", "clamp(0, 0, 3)")),
        shown_by("clamp(0, 0, 3) == 0"),
        block(NARROW, CLUMSY),
        review_of(finding(NARROW, "What is below zero is let through.", "clamp(-1, 0, 3)"), mended=["1"]),
        shown_by("clamp(-1, 0, 3) == 0"),
        block(CLUMSY, NARROW),
        says(BLOCK),
        says(data=FINE),
    ]
    world = Served(tmp_path, list(script))
    spec = coded(world.spec(), MID, STRONG)
    try:
        view = world.runs(replace(spec, review=replace(spec.review, rounds=3)))
        assert view.result == "ready", view
        assert asked(world) == [
            "mid",
            "reviewer",
            "reviewer",
            "mid",
            "reviewer",
            "reviewer",
            "mid",
            "strong",
            "reviewer",
        ]
        earlier = signed(world)
        assert [(made.model, made.cause, bool(made.undoes)) for made in earlier.tries] == [
            ("mid", "first", False),
            ("mid", "review", False),
            ("mid", "review", True),
            ("strong", "review", False),
        ]
        (hop,) = earlier.hops
        assert (hop.kind, hop.from_model, hop.to_model) == ("escalation", "mid", "strong")
        assert hop.why == "the newest fix takes back an earlier one in bounds.py"
        reviewed, circle = {review.commit for review in earlier.reviews}, earlier.tries[2].result
        assert isinstance(circle, Patch) and circle.commit not in reviewed and len(reviewed) == 3
        assert earlier.patch is not None and len(earlier.patch.edits) == 3, (
            "both tests joined what the next model made"
        )
        page = page_of(world.world.signer.signed[0])
        assert "the newest fix takes back an earlier one in bounds.py" in page, page
    finally:
        world.close()
