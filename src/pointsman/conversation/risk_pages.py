"""The report as a page: Markdown that a forge shows, and HTML that stands alone and loads nothing."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from pointsman.conversation.masking import masked
from pointsman.conversation.outbound import outbound_line
from pointsman.conversation.risk_sections import About, Bar, Section, headline, span_text
from pointsman.domain.invisible import visible_characters

_MOST_BARS = 30
_BLOCKS = 24
_RIGHT = ' class="r"'

_CSS = """
body{font:16px/1.5 system-ui,sans-serif;color:#1c1e21;background:#fff;margin:0}
main{max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2.2rem}
.span{color:#5c6370;margin-top:0}
div.t{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #e3e5e8;vertical-align:top}
td{overflow-wrap:anywhere}
th.r,td.r{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
svg{display:block;max-width:100%;height:auto;margin:.6rem 0 1rem}
svg text{font:13px system-ui,sans-serif;fill:#1c1e21}
svg rect{fill:#3b6ea8}svg rect.p{fill:#7a8a5a}svg rect.u{fill:#b5533c}
@media print{main{margin:0}h2{break-after:avoid}table,svg{break-inside:avoid}}
"""
_STYLE = "sha256-" + base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()


def markdown_page(made: Sequence[Section], about: About) -> str:
    """The report in Markdown; names of others are made harmless."""
    parts = [f"# {outbound_line(headline(about))}", outbound_line(span_text(about), limit=500)]
    for section in made:
        parts.append(f"## {section.title}")
        parts.extend(outbound_line(text, limit=2_000) for text in section.said)
        if section.bars and any(bar.amount for bar in section.bars):
            parts.append(_blocks(section.bars))
        if section.rows:
            parts.append(_markdown_table(section))
    return "\n\n".join(parts) + "\n"


def html_page(made: Sequence[Section], about: About) -> str:
    """The report as one HTML file: no script, no font, no picture from elsewhere; it prints well."""
    title = escape(_plain(headline(about)))
    body = "\n".join(_html_section(section) for section in made)
    policy = f"default-src 'none'; style-src '{_STYLE}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_CSS}</style></head>\n"
        f'<body><main><h1>{title}</h1>\n<p class="span">{escape(_plain(span_text(about)))}</p>\n{body}\n'
        "</main></body></html>\n"
    )


def _blocks(bars: Sequence[Bar]) -> str:
    """Bars of block characters, which every reader of Markdown shows."""
    most = max(bar.amount for bar in bars)
    shown = bars[:_MOST_BARS]
    names = [_short(bar.name, 40).replace("`", "'") for bar in shown]
    width = max(map(len, names))
    lines = [
        f"{name:<{width}}  {'█' * _length(bar.amount, most, _BLOCKS):<{_BLOCKS}}  {bar.shown}".rstrip()
        for name, bar in zip(names, shown, strict=True)
    ]
    return "```text\n" + "\n".join(lines) + "\n```"


def _length(amount: int, most: int, whole: int) -> int:
    """What is not nothing is seen."""
    return max(1, round(whole * amount / most)) if amount > 0 else 0


def _markdown_table(section: Section) -> str:
    marks = ("---:" if place in section.right else "---" for place in range(len(section.head)))
    lines = [f"| {' | '.join(section.head)} |", f"|{'|'.join(marks)}|"]
    lines += [f"| {' | '.join(outbound_line(cell) or ' ' for cell in row)} |" for row in section.rows]
    return "\n".join(lines)


def _html_section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>"]
    parts += [f"<p>{escape(_plain(text))}</p>" for text in section.said]
    if section.bars and any(bar.amount for bar in section.bars):
        parts.append(_plot(section))
    if section.rows:
        parts.append(_html_table(section))
    return "\n".join(parts)


def _plot(section: Section) -> str:
    bars = section.bars[:_MOST_BARS]
    most = max(bar.amount for bar in bars)
    high = 26 * len(bars)
    rows = []
    for place, bar in enumerate(bars):
        long, down = _length(bar.amount, most, 380), 26 * place
        kind = {"people": ' class="p"', "unknown": ' class="u"'}.get(bar.name, "")
        rows.append(
            f'<text x="230" y="{down + 17}" text-anchor="end">{escape(_short(_plain(bar.name), 32))}</text>'
            f'<rect{kind} x="240" y="{down + 4}" width="{long}" height="17"/>'
            f'<text x="{248 + long}" y="{down + 17}">{escape(bar.shown)}</text>'
        )
    told = escape(_plain(f"{section.title}: " + "; ".join(f"{bar.name} {bar.shown}" for bar in bars)))
    return (
        f'<svg viewBox="0 0 720 {high}" width="720" height="{high}" role="img" aria-label="{told}">'
        f"{''.join(rows)}</svg>"
    )


def _html_table(section: Section) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        made = (
            f"<{tag}{_RIGHT if place in section.right else ''}>{escape(_plain(cell))}</{tag}>"
            for place, cell in enumerate(cells)
        )
        return f"<tr>{''.join(made)}</tr>"

    body = "\n".join(row(cells, "td") for cells in section.rows)
    return f"<div class='t'><table><thead>{row(section.head, 'th')}</thead>\n<tbody>{body}</tbody></table></div>"


def _plain(text: str) -> str:
    return " ".join(masked(visible_characters(text)[0]).split())


def _short(text: str, most: int) -> str:
    flat = _plain(text)
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
