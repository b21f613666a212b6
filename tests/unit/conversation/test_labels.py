"""Labels decide the class of a task only when they are clear."""

import pytest

from pointsman.conversation.labels import task_hinted
from pointsman.domain.levels import TaskClass


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (("bug",), TaskClass.BUGFIX),
        (("type: bug",), TaskClass.BUGFIX),
        (("type::bug",), TaskClass.BUGFIX),
        (("kind/Feature-Request",), TaskClass.FEATURE),
        (("Documentation", "good first issue"), TaskClass.DOCS),
        (("bug", "defect"), TaskClass.BUGFIX),
        (("bug", "security"), TaskClass.SECURITY),
        (("bug", "docs"), None),
        (("pointsman", "help wanted"), None),
        ((), None),
    ],
)
def test_a_label_hints_at_one_class_or_none(labels: tuple[str, ...], task: TaskClass | None) -> None:
    assert task_hinted(labels) is task
