"""Nobody reviews the work of their own family."""

from typing import Literal

from pointsman.domain.models import Model
from pointsman.domain.run import Refuse, Route
from pointsman.policy.catalogue import Catalogue
from pointsman.policy.rules import Rule, refuse

Separation = Literal["model", "family", "vendor"]


def too_near(one: Model, other: Model, separation: Separation) -> bool:
    """Whether two models are too near for one to review the other.

    The wider words hold the narrower ones: with `vendor`, models of one family are too near whoever sells them.
    """
    same_model = one.name == other.name or (one.id == other.id and one.family == other.family)
    same_family = separation != "model" and one.family == other.family
    return same_model or same_family or (separation == "vendor" and one.vendor == other.vendor)


def nearest_author(model: Model, authors: tuple[Model, ...], separation: Separation) -> Model | None:
    """The first author that `model` must not review."""
    return next((author for author in authors if too_near(model, author, separation)), None)


def named_authors(names: tuple[str, ...], catalogue: Catalogue) -> tuple[Model, ...] | Refuse:
    """The models of those names; a refusal for one that is not known, since nobody can tell its family."""
    unknown = next((name for name in names if name not in catalogue.models), None)
    if unknown is None:
        return tuple(catalogue.models[name] for name in names)
    return refuse(
        Rule.SEPARATION,
        f"the change names {unknown[:100]} as one of its authors, and the policy does not know that model",
        "add it to the policy's models, so that its family is known, and run the review again",
    )


def reviewers(route: Route, authors: tuple[Model, ...], separation: Separation) -> tuple[Model, ...] | Refuse:
    """The models of a review route that may review what `authors` really wrote, in order; never an empty tuple."""
    candidates = (route.primary, *route.fallback)
    free = tuple(model for model in candidates if nearest_author(model, authors, separation) is None)
    if free:
        return free
    names = ", ".join(dict.fromkeys(author.name for author in authors))
    shared = "model" if separation == "model" else separation
    return refuse(
        Rule.SEPARATION,
        f"no reviewer is left: {route.primary.name} is of the same {shared} as an author of the code ({names})",
        f"name a qa model of another {shared}, or one as its fallback, and run the review again",
    )
