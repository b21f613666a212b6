"""How the pages of a task are looked at before and after: what a routing file may say of it."""

from typing import Annotated
from urllib.parse import urljoin, urlsplit

from pydantic import AfterValidator, Field, model_validator

from pointsman.config.commands import argv_of
from pointsman.config.shapes import Command, Strict, Text
from pointsman.domain.pictures import MOST_PAGES, PreviewOrder

_LOOPBACK = ("127.0.0.1", "localhost")
_ROOT = "http://127.0.0.1/"


def _file_of_the_tree(text: str) -> str:
    parts = text.split("/")
    if not text.isprintable() or "\\" in text or text.startswith("/") or {"", ".", ".."} & set(parts):
        raise ValueError("a page is named by its path from the root of the repository, such as dist/index.html")
    if parts[-1].rpartition(".")[2].lower() not in ("html", "htm", "svg", "xhtml"):
        raise ValueError("a page is an .html, .htm, .xhtml or .svg file")
    return text


def _loopback_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("this is no address; write it as http://127.0.0.1:PORT/path") from error
    if parts.scheme != "http" or host not in _LOOPBACK or not port:
        raise ValueError(
            "a preview is looked at on the sandbox's own loopback only: http://127.0.0.1:PORT/path or "
            "http://localhost:PORT/path"
        )
    if port < 1024 or parts.username is not None or not text.isprintable() or " " in text:
        raise ValueError("a preview's address has a port from 1024 on and holds no user and no blank")
    return text


def _link(text: str) -> str:
    if not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("a further page is a link on the first one, without blanks: about.html, /#/settings")
    parts, joined = urlsplit(text), urlsplit(urljoin(_ROOT, text))
    if parts.scheme or parts.netloc or joined.netloc != "127.0.0.1":
        raise ValueError("a further page lies on the same site as the first one; name it without its host")
    return text


PageFile = Annotated[Text, AfterValidator(_file_of_the_tree)]
LoopbackUrl = Annotated[Text, AfterValidator(_loopback_url)]
Link = Annotated[Text, AfterValidator(_link)]
Pixels = Annotated[int, Field(strict=True, ge=200, le=2_000)]


class PreviewWish(Strict):
    """What people are shown of a change that can be seen: pictures of pages, before and after."""

    command: Command | None = Field(
        None, description="Builds the `page`, or serves the `url`; run in the sandbox, and the policy allows it."
    )
    page: PageFile | None = Field(None, description="The built page, by its path; its folder is the site.")
    url: LoopbackUrl | None = Field(None, description="Instead of `page`: where the command serves, on loopback.")
    pages: tuple[Link, ...] = Field(
        (), max_length=MOST_PAGES - 1, description="Further pages, as links on the first."
    )
    width: Pixels = Field(1280, description="Width of the pictures, in pixels.")
    height: Pixels = Field(800, description="Their height.")
    settle_ms: Annotated[int, Field(strict=True, ge=0, le=10_000)] = Field(
        500, description="What a page gets after it has loaded, in milliseconds of its own time."
    )

    @model_validator(mode="after")
    def _one_way_to_look(self) -> "PreviewWish":
        if (self.page is None) == (self.url is None):
            raise ValueError("a preview names either a page or a url")
        if self.url is not None and self.command is None:
            raise ValueError("a url is served by a command; name it")
        if len(set(self.pages)) < len(self.pages):
            raise ValueError("a preview names each page once")
        return self

    def order(self) -> PreviewOrder:
        """The same as the rest of the house knows it."""
        return PreviewOrder(
            command=argv_of(self.command) if self.command else (),
            page=self.page or "",
            url=self.url or "",
            pages=self.pages,
            width=self.width,
            height=self.height,
            settle_ms=self.settle_ms,
        )
