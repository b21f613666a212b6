"""The tests that bear findings out become part of the change, each under the name of the reviewer who wrote it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import groupby

from pointsman.domain.outcome import Patch, Proof, Review, confirmed_tests
from pointsman.domain.run import RunSpec
from pointsman.domain.work import CommitText, EditOrder, EditRefusal, EditRules, Write
from pointsman.phases.writing.coding import one_line, with_calls
from pointsman.ports.workspace import Workspace


async def with_tests(
    spec: RunSpec, workspace: Workspace, patch: Patch, review: Review, *, may: Callable[[str], bool]
) -> Patch:
    """The patch with the confirmed tests of a review on top, in a commit for each of their authors.

    A path that `may` refuses, or the guard of all edits, keeps a test out of the change; its finding stands as it is.
    """
    wanted = [proof for proof in confirmed_tests((review,)) if may(proof.path)]
    lacking = [proof for proof in wanted if await _text(workspace, patch.commit, proof.path) != proof.test]
    for model, group in groupby(sorted(lacking, key=lambda one: one.model), key=lambda one: one.model):
        proofs = tuple(group)
        order = EditOrder(patch.commit, patch.base, model, _rules(spec, proofs), _words(spec, model))
        made = await workspace.apply(order, tuple(Write(one.path, one.test) for one in proofs))
        if not isinstance(made, EditRefusal):
            whole = _by(with_calls(made, patch), {one.path: one.call for one in proofs})
            patch = replace(credited(whole, patch), model=patch.model, summary=patch.summary)
    return patch


def credited(patch: Patch, before: Patch | None) -> Patch:
    """The patch with the author of each file that its own edits did not touch, as the state before it names them."""
    known = {edit.path: edit.model for edit in before.edits} if before is not None else {}
    edits = tuple(edit if edit.model else replace(edit, model=known.get(edit.path, "")) for edit in patch.edits)
    return replace(patch, edits=edits)


def _by(patch: Patch, calls: Mapping[str, str]) -> Patch:
    """The patch with the call that wrote each test."""
    return replace(
        patch,
        edits=tuple(
            replace(edit, calls=(*edit.calls, calls[edit.path])) if calls.get(edit.path) else edit
            for edit in patch.edits
        ),
    )


async def _text(workspace: Workspace, commit: str, path: str) -> str | None:
    source = await workspace.read(commit, path)
    return source.text if source is not None else None


def _rules(spec: RunSpec, proofs: tuple[Proof, ...]) -> EditRules:
    return EditRules(allowed=tuple(proof.path for proof in proofs), protected=spec.protected)


def _words(spec: RunSpec, model: str) -> CommitText:
    """A trailer of its own: whoever shows a fault by a test has written no code of the change."""
    return CommitText(
        subject="Add a test that a review showed its finding by",
        body=f"For issue {one_line(spec.issue.key, 200)}.",
        trailers=(f"Tested-by: Pointsman ({one_line(model, 100)})",),
        at=spec.admitted_at,
    )
