"""What a routing file may say of pictures of pages, and what it is told where it says something else."""

import pytest

from pointsman.config.problem import ConfigProblem
from pointsman.config.routing_file import RoutingFile, load_routing
from pointsman.domain.levels import TaskClass
from pointsman.domain.pictures import PreviewOrder

ROUTES = "plan: a\ncode: b\nqa: c\ntasks:\n  visual:\n    preview:\n"


def loaded(*lines: str) -> RoutingFile | tuple[ConfigProblem, ...]:
    return load_routing((ROUTES + "".join(f"      {line}\n" for line in lines)).encode())


def test_a_built_page_and_a_served_one_become_orders() -> None:
    built = loaded("command: npm run build", "page: dist/index.html", 'pages: [about.html, "#/x"]', "width: 390")
    assert isinstance(built, RoutingFile)
    preview = built.tasks[TaskClass.VISUAL].preview
    assert preview is not None
    assert preview.order() == PreviewOrder(
        ("npm", "run", "build"), "dist/index.html", "", ("about.html", "#/x"), 390, 800, 500
    )
    served = loaded("command: python3 -m shop 8123", "url: http://localhost:8123/a?b=c")
    assert isinstance(served, RoutingFile)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("command: make site",), "either a page or a url"),
        (("page: index.html", "url: http://127.0.0.1:8000/", "command: x"), "either a page or a url"),
        (("url: http://127.0.0.1:8000/",), "is served by a command"),
        (("page: ../index.html",), "from the root of the repository"),
        (("page: /etc/passwd.html",), "from the root of the repository"),
        (("page: notes.txt",), ".html"),
        *(
            ((f"url: {url}", "command: x"), "loopback")
            for url in (
                "https://127.0.0.1:8000/",
                "http://127.0.0.1/",
                "http://example.org:8000/",
                "http://10.0.0.1:8000/",
                "http://127.0.0.1.example.org:8000/",
                "http://0.0.0.0:8000/",
                "file:///etc/passwd",
            )
        ),
        (("url: http://127.0.0.1:80/", "command: x"), "port from 1024"),
        (("url: http://a@127.0.0.1:8000/", "command: x"), "no user"),
        (("page: index.html", "pages: [http://example.org/]"), "same site"),
        (("page: index.html", "pages: [//example.org/x]"), "same site"),
        (("page: index.html", 'pages: ["javascript:alert(1)"]'), "same site"),
        (("page: index.html", "pages: [a, b, c, d]"), "3"),
        (("page: index.html", "pages: [a, a]"), "each page once"),
        (("page: index.html", "width: 100000"), "2000"),
        (("page: index.html", "command: npm run build && x"), "shell"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(lines: tuple[str, ...], said: str) -> None:
    found = loaded(*lines)
    assert isinstance(found, tuple)
    assert any(said in f"{problem.message} {problem.hint}" for problem in found), found
