"""The previews of a change in words: which pages there are, how they fared, and where their pictures are found."""

from pointsman.conversation.outbound import inline_code, outbound_line
from pointsman.conversation.tables import table
from pointsman.domain.forge import CheckImage
from pointsman.domain.pictures import Picture, Previews, Rendering, Shown

WORD = "The pictures show what the code itself draws; nothing was decided by them."


def previews_part(found: Previews | None, shown: Shown, run_id: str) -> str:
    """The section of a change's page; empty where nothing was to be looked at."""
    if found is None:
        return ""
    parts = [f"## Preview\n\n{fared(found)}"]
    if found.pictures:
        parts.append(table(("page", "before", "after"), [_row(pair, shown) for pair in found.pairs]))
        parts.append(f"{_where(shown, run_id)} {WORD}")
    return "\n\n".join(parts)


def fared(found: Previews) -> str:
    """How looking went, before and after, in a sentence or two."""
    before, after = found.before, found.after
    if before.status == after.status == "rendered":
        alike = all(old and new and old.sha256 == new.sha256 for old, new in found.pairs)
        return "The pages look the same before and after." if alike else "The pages look different before and after."
    if before.status == after.status and before.why == after.why:
        return f"**{_word(after)}**: {outbound_line(after.why)}."
    return f"Before: {_told(before)} After: {_told(after)}"


def check_images(found: Previews | None, shown: Shown) -> tuple[CheckImage, ...]:
    """The pictures as a check carries them; none without a link."""
    if found is None or not shown.page:
        return ()
    return tuple(
        CheckImage(f"{side}: {one.page}"[:200], shown.places[one.sha256], f"{one.page} {side} the change"[:200])
        for pair in found.pairs
        for side, one in zip(("before", "after"), pair, strict=True)
        if one is not None and one.sha256 in shown.places
    )


def _told(one: Rendering) -> str:
    return "rendered." if one.status == "rendered" else f"**{_word(one)}**: {outbound_line(one.why)}."


def _word(one: Rendering) -> str:
    return "not rendered" if one.status == "not run" else one.status


def _row(pair: tuple[Picture | None, Picture | None], shown: Shown) -> tuple[str, ...]:
    page = next(one.page for one in pair if one is not None)
    return (inline_code(page), *(_cell(one, shown) for one in pair))


def _cell(one: Picture | None, shown: Shown) -> str:
    if one is None:
        return "–"
    place = shown.places.get(one.sha256, "")
    if shown.page and place:
        return f"[{one.width} × {one.height}]({place})"
    return inline_code(place) if place else f"{one.width} × {one.height}"


def _where(shown: Shown, run_id: str) -> str:
    if shown.page:
        return f"[Side by side]({shown.page})."
    if shown.places:
        return "The files lie in the bot's home and go after 30 days."
    return f"They lie on the machine of the bot: `pointsman show {run_id}` names them there."
