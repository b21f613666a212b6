"""The pictures of a run on a terminal: how looking went, and the files to open."""

from rich.text import Text

from pointsman.conversation.previews import fared
from pointsman.domain.pictures import Picture, Previews
from pointsman.entrypoints.cli.terminal import plain


def preview_lines(found: Previews | None, pictures: tuple[tuple[Picture, str], ...]) -> tuple[Text, ...]:
    """One line for how it went, and one for each picture with its file; nothing where no page was looked at."""
    if found is None:
        return ()
    before = len(found.before.pictures)
    lines = [plain(fared(found).replace("**", ""), 600)]
    for number, (one, path) in enumerate(pictures):
        side = "before" if number < before else "after"
        where = path or f"gone; its sha256 was {one.sha256}"
        lines.append(Text.assemble((f"{side:<8}", "dim"), plain(one.page, 60), "  ", where))
    return tuple(lines)
