"""A round of review, by a model that shares no line of separation with anybody who wrote the change."""

from dataclasses import replace

from pointsman.domain.levels import Phase
from pointsman.domain.models import Model
from pointsman.domain.run import Refuse, Route, RunSpec
from pointsman.phases.review import review
from pointsman.policy.separation import reviewers
from pointsman.runs.course import Course, refused


async def review_once(course: Course) -> None:
    """One round of review by a model that shares no line of separation with any author."""
    await course.begin(Phase.REVIEW)
    may = reviewers(course.route(Phase.REVIEW), author_models(course), course.spec.review.separation)
    if isinstance(may, Refuse):
        raise refused(may)
    number = len(course.earlier.reviews) + 1
    found = await review(course.spec, course.earlier, course.ports, reviewers=may, round=number)
    course.saw(Phase.REVIEW, found)
    course.learn(replace(course.earlier, reviews=(*course.earlier.reviews, found)))


def author_models(course: Course) -> tuple[Model, ...]:
    """Everybody whose edits are in the change, those that answered in an outage or after an override included."""
    return writers(course.spec, course.earlier.authors)


def writers(spec: RunSpec, names: tuple[str, ...]) -> tuple[Model, ...]:
    """The models that wrote before a run, and those of its own that are named, as its order knows them."""
    routes = (spec.route(Phase.CODE), *(order.routes.get(Phase.CODE) for order in spec.orders.values()))
    # A route that a person chose goes before what it stands for.
    known: dict[str, Model] = {}
    for route in reversed(routes):
        known |= {model.name: model for model in route.models} if isinstance(route, Route) else {}
    return (*spec.authors, *(known[name] for name in names))
