"""What people are told of the signed note: where it is kept, the whole of it, and the trailers that point to it."""

from pointsman.conversation.outbound import inline_code, outbound_code, outbound_line
from pointsman.domain.history import ENVELOPE_SUFFIX, NOTE_REF
from pointsman.domain.notes import SignedNote
from pointsman.domain.outcome import Earlier, Note, confirmed_tests
from pointsman.domain.run import LOCAL, RunSpec
from pointsman.domain.squash import TITLE
from pointsman.domain.trailers import assisted_trailer, run_trailer, without_trailers

_LARGEST = 30_000
"""Characters that a note may take of the text of a change; what is larger is kept by the installation alone."""

_PLACES = {
    "in-tree": "on this branch",
    "ref": "on `refs/pointsman/audit`",
    "comment-only": "in the text of the change, and kept by the installation",
}


def place_of(note: Note) -> str:
    """Where a note is kept, in a few words without markup."""
    return _PLACES[note.mode].replace("`", "")


def note_part(note: Note | None) -> str:
    """Where the signed record of the run is found, with the digest that names it; empty without one."""
    if note is None:
        return ""
    is_nowhere = bool(note.off_ref) and note.mode == "ref"
    name = "" if note.mode == "comment-only" or is_nowhere else f"`{note.page_path}` "
    place = "kept by the installation" if is_nowhere else _PLACES[note.mode]
    return (
        f"## Note\n\nThe signed record of this run is {name}{place}. Its digest is `{note.digest}`, its "
        f"key `{note.key_id}`. {verified_by(note)}{_off_ref(note)}"
    )


def _off_ref(note: Note) -> str:
    """What does not hold while a note is not on the ref, and what to do; empty where it is."""
    if not note.off_ref:
        return ""
    why = outbound_line(note.off_ref).rstrip(".")
    if note.mode == "ref":
        return (
            f"\n\nThe note could not be put on `{NOTE_REF}`: {why}. Nothing of this review is lost by that, but a "
            f"check of later notes will miss this one. Let the bot write to `{NOTE_REF}`, and the next run brings it "
            "there."
        )
    return (
        f"\n\nThe note could not be put on `{NOTE_REF}` as well: {why}. Nothing "
        "of this change is lost by that. But should it be closed unmerged, a check of later changes will miss this "
        f"note. Let the bot write to `{NOTE_REF}`, and the next run brings what is missing there; or let the policy "
        "say `audit: {mirror: false}`."
    )


def verified_by(note: Note) -> str:
    """The command that checks it."""
    if note.mode == "in-tree":
        return f"`pointsman audit verify --head {note.digest}` checks it."
    run = "fetch `refs/pointsman/audit` first" if note.mode == "ref" else "put its data into a folder first"
    return f"`pointsman audit verify` checks it; {run}."


def note_in_full(signed: SignedNote, run_id: str) -> str:
    """Page and data of a note, folded, as they were signed; where they are too long, how they are had.

    All texts in a page stand in code spans, and the data is one line of JSON in ASCII, so nothing ends the folds.
    """
    data = signed.envelope.decode("ascii", "replace").rstrip("\n")
    if len(signed.page) + len(data) > _LARGEST:
        return (
            "## Note in full\n\nThe note is too long for this place. The installation gives it out: "
            f"`pointsman audit export --run {run_id} --to FOLDER`."
        )
    name = inline_code(signed.name + ENVELOPE_SUFFIX)
    return "\n\n".join(
        (
            "## Note in full",
            _folded("The note for people", signed.page.rstrip("\n")),
            _folded("The note as signed data", f"Save this line as {name}:\n\n```json\n{data}\n```"),
        )
    )


def squash_part(spec: RunSpec, earlier: Earlier, run_id: str) -> str:
    """A message for whoever squashes the change, so that its commit still points to the note; empty on disk."""
    if spec.repository.forge == LOCAL or earlier.patch is None:
        return ""
    title = " ".join(without_trailers(spec.issue.title).split())[:72].rstrip() or f"Issue {spec.issue.key}"
    message = outbound_code("\n".join((title, "", *change_trailers(earlier, run_id))))
    said = "A squash makes one commit of several. With these last lines it still says who wrote it:"
    return _folded(TITLE, f"{said}\n\n{message}")


def change_trailers(earlier: Earlier, run_id: str) -> tuple[str, ...]:
    """The trailers of all commits of a run together: each model that wrote, each that wrote a test, and the run."""
    tests = {proof.model for proof in confirmed_tests(earlier.reviews)}
    wrote = dict.fromkeys((*earlier.authors, earlier.patch.model if earlier.patch else ""))
    return (
        *(assisted_trailer(model) for model in wrote if model),
        *(f"Tested-by: Pointsman ({model})" for model in sorted(tests) if model),
        run_trailer(run_id),
    )


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"
