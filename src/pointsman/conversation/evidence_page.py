"""The evidence for a change as people read it: what was run where, what came of it, and by what it proves less."""

from collections.abc import Sequence

from pointsman.conversation import figures
from pointsman.conversation.outbound import inline_code, outbound_code, outbound_line
from pointsman.conversation.tables import table
from pointsman.domain.outcome import Earlier, Evidence, NoReproduction, Reproduction

_MOST = 10
_DID = {
    "assertion": "fails by its assertion",
    "exception": "fails by an exception of the code",
    "error": "fails by a fault of its own",
    "passed": "passes",
    "not-run": "was not run",
    "": "was not run",
}


def evidence_part(earlier: Earlier) -> str:
    """The evidence as a section: a table of before and after, and what to look at."""
    evidence = earlier.evidence
    if evidence is None:
        return ""
    parts = [f"## Evidence\n\n**{evidence.verdict.value}**: {outbound_line(evidence.why)}"]
    rows = _rows(earlier)
    if rows:
        parts.append(rows)
    parts.extend(_remarks(evidence))
    failed = [check for check in evidence.candidate if check.exit_code != 0 and check.tail]
    parts.extend(outbound_code(check.tail, limit=2_000) for check in failed[:2])
    return "\n\n".join(parts)


def _rows(earlier: Earlier) -> str:
    """The commands and the test that shows the bug; base's tests on the change only where they were run there."""
    rows = [(inline_code(row.command), row.before, row.after, row.old or "–") for row in figures.check_rows(earlier)]
    shown = earlier.evidence.reproduction if earlier.evidence else None
    if isinstance(shown, Reproduction):
        rows.append((f"{inline_code(shown.path)}, to show the bug", _DID[shown.base], _DID[shown.candidate], "–"))
    if not rows:
        return ""
    if all(old == "–" for *_, old in rows):
        return table(("command", "before", "after"), [row[:3] for row in rows])
    return table(("command", "before", "after", "after, with the tests as before"), rows)


def _remarks(evidence: Evidence) -> list[str]:
    remarks = [f"Sandbox: {evidence.tier}."] if evidence.tier else []
    shown = evidence.reproduction
    if isinstance(shown, Reproduction):
        remarks.append(
            f"The test {inline_code(shown.path)} was written by {shown.model} before the code, "
            "so that it fails by the bug; it is part of the change."
        )
    elif isinstance(shown, NoReproduction) and shown.needed:
        remarks.append(f"No test was written that shows the bug: {outbound_line(shown.why)}")
    if evidence.changed_tests:
        remarks.append("The change touches tests or their configuration: " + _paths(evidence.changed_tests) + ".")
    if evidence.missing:
        remarks.append("Tests that were there before and are not collected now: " + _paths(evidence.missing) + ".")
    if evidence.weakened:
        lines = [
            f"- {inline_code(f'{one.path}:{one.line}' if one.line else one.path)}: {outbound_line(one.what)}"
            for one in evidence.weakened[:_MOST]
        ]
        more = len(evidence.weakened) - _MOST
        rest = [f"- and {more} more in the note"] if more > 0 else []
        remarks.append("By this the change proves less than it seems to:\n\n" + "\n".join((*lines, *rest)))
    return remarks


def _paths(paths: Sequence[str], limit: int = 10) -> str:
    named = ", ".join(inline_code(path) for path in paths[:limit])
    return named if len(paths) <= limit else f"{named} and {len(paths) - limit} more"
