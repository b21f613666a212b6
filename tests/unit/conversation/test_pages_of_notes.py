"""What people read on a change about its notes."""

from pointsman.conversation.replies import audit_page
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.notes import NoteReport


def test_notes_that_could_not_be_looked_at_whole_are_not_called_good() -> None:
    unseen = NoteProblem("", "unseen-history", "This copy's history ends at abc.")
    page = audit_page(NoteReport(("a.intoto.jsonl",), (), (), (), "", unseen=(unseen,)))
    assert "Not everything could be seen" in page
    assert "The chain holds" not in page
    assert "`unseen-history`" in page
