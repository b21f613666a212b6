"""What people wrote, as a person reads it: the only form in which it may reach a model."""

import re
from dataclasses import dataclass

from pointsman.domain.invisible import visible_characters

INBOUND_CAP = 64_000

_HIDING = frozenset(
    {"details", "picture", "svg", "script", "style", "template", "noscript", "title", "iframe", "object", "textarea"}
    | {"math", "head", "select", "video", "audio"}
)
_ENDLESS = frozenset({"script", "style", "pre", "textarea"})
_VOID = frozenset({"br", "img", "hr", "input", "source", "wbr", "col", "embed", "link", "meta"})
_HIDDEN_BY_ATTRIBUTE = re.compile(
    r"(?i)\bhidden\b|display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0"
)

_NEXT = re.compile(
    r"(?P<fence>^(?P<mark>`{3,}(?=[^`\n]*$)|~{3,})[^\n]*$)"
    r"|(?P<blank>^[ \t]*\n)"
    r"|(?P<comment><!--)"
    r"|<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<attributes>(?:[\s/][^<>]*)?)>"
    r"|(?P<declaration><\?|<!\[CDATA\[|<![A-Za-z])"
    r"|(?P<ticks>`+)",
    re.MULTILINE,
)
_LINE_MARKS = re.compile(r"[ \t>*+\-0-9.)]*")
_CLOSERS = {"<?": "?>", "<![CDATA[": "]]>"}
_LONGEST_SPAN_MARK = 3


@dataclass(frozen=True, slots=True)
class Visible:
    """The text as people see it, and the sorted names of what was taken out; people are told of them."""

    text: str
    flags: tuple[str, ...]


def inbound(text: str) -> Visible:
    """`text` without what a person does not see on a forge, in time linear in its length.

    Flags: `unicode-tags`, `bidi`, `zero-width`, `variation-selectors`, `control-characters`, `html-comment`, `html`,
    `hidden-html`, `reference-comment`, `image-text`, `link-title`, `truncated` (over 64,000 characters).
    Code stays as it is, since people see it; links become `text (target)`.
    """
    flags: set[str] = {"truncated"} if len(text) > INBOUND_CAP else set()
    readable, unseen = visible_characters(text[:INBOUND_CAP])
    scan = _Scan(readable)
    prose = scan.prose()
    flattened, tricks = _flattened(prose)
    flags.update(unseen, scan.flags, tricks)
    whole = _CODE_PLACE.sub(lambda found: scan.code[int(found.group(1))], flattened)
    if len(whole) > INBOUND_CAP:
        flags.add("truncated")
    return Visible(whole[:INBOUND_CAP].strip("\n"), tuple(sorted(flags)))


class _Scan:
    """One pass that sets code aside and drops HTML, in the order in which a forge would read them.

    Code is set aside only where no forge could read it as something else: fences at the start of a line outside any
    HTML block, and spans within one line. Everywhere else HTML goes, even if somebody meant it to be seen.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.code: list[str] = []
        self.flags: set[str] = set()
        self._out: list[str] = []
        self._in_html = False
        self._endless_html = False
        self._unmatched: set[tuple[int, int]] = set()

    def prose(self) -> str:
        """The text without HTML, each piece of code replaced by its number between two NULs."""
        position = 0
        while (found := _NEXT.search(self.text, position)) is not None:
            self._keep(self.text[position : found.start()])
            position = max(self._step(found), found.end())
        self._keep(self.text[position:])
        return "".join(self._out)

    def _step(self, found: re.Match[str]) -> int:
        """Deal with one token; the answer is where reading goes on."""
        if found["blank"] is not None:
            self._in_html = self._endless_html
            self._keep(found.group())
            return found.end()
        if found["fence"] is not None:
            return self._fence(found)
        if found["ticks"] is not None:
            return self._span(found)
        self._in_html = self._in_html or self._begins_line(found.start())
        if found["comment"] is not None:
            return self._drop_through("-->", found.start() + 2, "html-comment")
        if found["declaration"] is not None:
            self._endless_html = True
            return self._drop_through(_CLOSERS.get(found["declaration"], ">"), found.end(), "html")
        return self._tag(found)

    def _begins_line(self, position: int) -> bool:
        """True when only list and quote marks stand before: there HTML begins a block, which holds no code."""
        start = self.text.rfind("\n", 0, position) + 1
        return _LINE_MARKS.fullmatch(self.text, start, position) is not None

    def _fence(self, found: re.Match[str]) -> int:
        if self._in_html:
            self._keep(found.group())
            return found.end()
        mark = found["mark"]
        closing = re.compile(rf"^ {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        end = closing.search(self.text, found.end())
        return self._set_aside(found.start(), end.end() if end else len(self.text))

    def _span(self, found: re.Match[str]) -> int:
        mark = found.group()
        line_end = self.text.find("\n", found.end())
        line_end = len(self.text) if line_end < 0 else line_end
        escaped = found.start() > 0 and self.text[found.start() - 1] == "\\"
        known = (line_end, len(mark)) in self._unmatched
        if not (self._in_html or escaped or known or len(mark) > _LONGEST_SPAN_MARK):
            end = re.compile(rf"(?<!`)`{{{len(mark)}}}(?!`)").search(self.text, found.end(), line_end)
            if end is not None:
                return self._set_aside(found.start(), end.end())
            self._unmatched.add((line_end, len(mark)))
        self._keep(mark)
        return found.end()

    def _tag(self, found: re.Match[str]) -> int:
        name = found["name"].lower()
        self._endless_html = self._endless_html or name in _ENDLESS
        hides = name in _HIDING or _HIDDEN_BY_ATTRIBUTE.search(found["attributes"]) is not None
        if found["close"] or name in _VOID or found["attributes"].endswith("/") or not hides:
            self._drop("html")
            if name == "br":
                self._out.append("\n")
            return found.end()
        self._drop("hidden-html")
        return self._end_of_element(name, found.end())

    def _end_of_element(self, name: str, position: int) -> int:
        """Just after the tag that closes the element, or the end of the text when nothing does."""
        depth = 1
        for found in re.compile(rf"(?i)<(/?){re.escape(name)}(?=[\s/>])[^<>]*>").finditer(self.text, position):
            depth += -1 if found[1] else 1
            if depth == 0:
                return found.end()
        return len(self.text)

    def _drop_through(self, closer: str, position: int, flag: str) -> int:
        self._drop(flag)
        end = self.text.find(closer, position)
        return len(self.text) if end < 0 else end + len(closer)

    def _drop(self, flag: str) -> None:
        """What stands before and after the gap must not become a new tag."""
        self.flags.add(flag)
        if self._out and self._out[-1].endswith("<"):
            self._out.append(" ")

    def _keep(self, text: str) -> None:
        if text:
            self._out.append(text)

    def _set_aside(self, start: int, end: int) -> int:
        self._out.append(f"\0{len(self.code)}\0")
        self.code.append(self.text[start:end])
        return end


_CODE_PLACE = re.compile("\0([0-9]+)\0")
_TITLE = r"(?:\"(?:\\[\s\S]|[^\"\\])*\"|'(?:\\[\s\S]|[^'\\])*'|\((?:\\[\s\S]|[^()\\])*\))"
_TARGET = r"(?:<(?P<angled>[^<>\n]*)>|(?P<target>[^()\s]*(?:\([^()\s]*\)[^()\s]*)?))"
_DEFINITION = re.compile(
    r"^(?:[ \t>*+-]|[0-9]{1,9}[.)]){0,20}\[(?P<label>(?:\\.|[^\[\]\\^])(?:\\.|[^\[\]\\]){0,998})\]:"
    rf"[ \t]*\n?[ \t]*(?P<target>\S+)(?P<title>[ \t]*\n?[ \t]*{_TITLE})?[ \t]*$\n?",
    re.MULTILINE,
)
_INLINE_TAIL = re.compile(rf"\(\s*{_TARGET}(?P<title>\s+{_TITLE})?\s*\)")
_REFERENCE_TAIL = re.compile(r"\[(?P<label>(?:\\.|[^\[\]\\]){0,999})\]")
_BRACKET = re.compile(r"\\[\s\S]|!?\[|\]")


def _flattened(prose: str) -> tuple[str, set[str]]:
    """Links with their targets in sight, images without the text that only a model would read."""
    flags: set[str] = set()
    targets: dict[str, str] = {}

    def collect(found: re.Match[str]) -> str:
        targets.setdefault(_folded(found["label"]), found["target"].strip("<>"))
        if found["title"]:
            flags.add("link-title")
        return ""

    links = _Links(_DEFINITION.sub(collect, prose), targets)
    flat = links.flat()
    if set(targets) - links.used:
        flags.add("reference-comment")
    return flat, flags | links.flags


class _Links:
    """Brackets matched by a stack, so that nesting hides nothing and costs nothing."""

    def __init__(self, text: str, targets: dict[str, str]) -> None:
        self.flags: set[str] = set()
        self.used: set[str] = set()
        self._text = text
        self._targets = targets
        self._out: list[str] = []
        self._open: list[int] = []

    def flat(self) -> str:
        """The text with each link as `text (target)` and each image as `(image)`."""
        position = 0
        while (found := _BRACKET.search(self._text, position)) is not None:
            self._out.append(self._text[position : found.start()])
            position = found.end()
            if found.group() == "]" and self._open:
                position = self._close(position)
                continue
            if found.group().endswith("[") and not found.group().startswith("\\"):
                self._open.append(len(self._out))
            self._out.append(found.group())
        self._out.append(self._text[position:])
        return "".join(self._out)

    def _close(self, position: int) -> int:
        """Deal with a closing bracket that has an opening one; the answer is where reading goes on."""
        opening = self._open.pop()
        inline = _INLINE_TAIL.match(self._text, position)
        if inline is not None:
            title = inline["title"] or ""
            self._replace(opening, inline["angled"] or inline["target"] or "", title)
            return inline.end()
        reference = _REFERENCE_TAIL.match(self._text, position) if self._targets else None
        label = _folded((reference["label"] if reference else "") or self._label_since(opening))
        if label not in self._targets:
            self._out.append("]")
            return position
        self.used.add(label)
        self._replace(opening, self._targets[label], "")
        return reference.end() if reference else position

    def _label_since(self, opening: int) -> str:
        """The text of the bracket as a label; labels have at most 999 characters (CommonMark)."""
        if not self._targets or len(self._out) - opening > 999:
            return ""
        return "".join(self._out[opening + 1 :])[:999]

    def _replace(self, opening: int, target: str, title: str) -> None:
        is_image = self._out[opening] == "!["
        inner = "".join(self._out[opening + 1 :])
        del self._out[opening:]
        if is_image:
            if (inner + title).strip():
                self.flags.add("image-text")
            self._out.append("(image)")
            return
        if title.strip():
            self.flags.add("link-title")
        self._out.append(inner if not target or inner == target else f"{inner} ({target})")


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()
