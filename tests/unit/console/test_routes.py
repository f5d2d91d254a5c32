"""What a page may reach of the API: a list, and nothing beside it."""

import pytest

from vigil.console.routes import API, PAGES, encoded, is_page, methods_of


@pytest.mark.parametrize("pattern", API)
def test_every_listed_path_is_reached(pattern: str) -> None:
    assert methods_of(pattern.replace("*", "0d1f")) >= API[pattern]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/openapi.json",
        "/findings/",
        "/findings/a/b",
        "/findings/a/history/b",
        "/findings/..",
        "/findings/../people",
        "/findings/./history",
        "//findings",
        "/findings/a\n",
        "/findings/\x00",
        "/findings/" + "a" * 257,
        "/me/x",
        "/admin",
    ],
)
def test_nothing_else_is(path: str) -> None:
    assert methods_of(path) == frozenset()


def test_only_what_the_api_takes_back_can_be_deleted() -> None:
    assert [path for path, methods in API.items() if "DELETE" in methods] == ["/people/*"]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_one(page: str) -> None:
    assert is_page(page.replace("*", "a b?c"))


@pytest.mark.parametrize("path", ["/app.js", "/api/me", "/findings/a/b", "/../etc/passwd", "/x"])
def test_what_is_no_page_is_none(path: str) -> None:
    assert not is_page(path)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/people/alice@example.com", "/people/alice%40example.com"),
        ("/people/a?b=c#d", "/people/a%3Fb%3Dc%23d"),
        ("/people/a%2Fb", "/people/a%252Fb"),
        ("/people/ü", "/people/%C3%BC"),
    ],
)
def test_a_segment_is_sent_as_a_segment(path: str, sent: str) -> None:
    assert encoded(path) == sent
