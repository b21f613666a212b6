"""Labels say classes of task by closed words, and order one by `pointsman:`."""

import pytest

from pointsman.conversation.labels import LabelledClasses, classes_in
from pointsman.domain.levels import TaskClass

DOCS, BUGFIX, SECURITY = TaskClass.DOCS, TaskClass.BUGFIX, TaskClass.SECURITY


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        (("bug",), (BUGFIX,)),
        (("type: bug",), (BUGFIX,)),
        (("type::bug",), (BUGFIX,)),
        (("kind/Feature-Request",), (TaskClass.FEATURE,)),
        (("Documentation", "good first issue"), (DOCS,)),
        (("bug", "defect"), (BUGFIX,)),
        (("bug", "security"), (BUGFIX, SECURITY)),
        (("bug", "docs"), (BUGFIX, DOCS)),
        (("pointsman", "help wanted"), ()),
        ((), ()),
    ],
)
def test_a_label_names_classes_by_plain_words(labels: tuple[str, ...], named: tuple[TaskClass, ...]) -> None:
    assert classes_in(labels) == LabelledClasses((), named)


@pytest.mark.parametrize("task", TaskClass)
def test_every_class_can_be_ordered_by_a_label(task: TaskClass) -> None:
    assert classes_in((f" Pointsman:{task}",)).ordered == (task,)


def test_our_other_labels_order_no_class() -> None:
    others = ("pointsman", "pointsman:review", "pointsman:restricted", "pointsman:risk-high", "type: pointsman:docs")
    assert classes_in(others) == LabelledClasses((), ())
