"""Plain text and plain tables on a terminal, whoever wrote what stands in them."""

from rich.table import Table
from rich.text import Text

from pointsman.conversation.hygiene import masked
from pointsman.domain.invisible import visible_characters


def plain(text: str, limit: int = 0) -> Text:
    """Text of people, models or files: no escape sequences, no credentials, no markup.

    `limit` is the most characters that are shown; 0 shows all.
    """
    clean = masked(visible_characters(text)[0])
    return Text(f"{clean[: limit - 1]}…" if 0 < limit < len(clean) else clean)


def table_of(
    *columns: str, right: frozenset[str] = frozenset(), whole: frozenset[str] = frozenset(), gap: int = 2
) -> Table:
    """A table without lines, its columns `gap` characters apart.

    Those named in `right` hold figures; these and those named in `whole` are never broken over lines.
    """
    table = Table(box=None, padding=(0, gap, 0, 0), header_style="dim")
    for name in columns:
        if name in right:
            table.add_column(name, justify="right", no_wrap=True)
        else:
            table.add_column(name, overflow="fold", no_wrap=name in whole)
    return table
