"""The files of the page, and what browsers are told beside them."""

import re

import pytest
from fastapi.testclient import TestClient

from extproc.admin.application import application
from extproc.admin.guard import FILES, Guard
from extproc.admin.page import ROOT, SECURE
from tests.extproc.admin.test_application import BEARER, KEY, Clock
from tests.extproc.admin.test_providers import gateway


@pytest.fixture
def ask():
    with TestClient(Guard(application(gateway), lambda: KEY, Clock())) as client:
        yield client.request


def test_the_page_needs_no_key_and_what_it_asks_does(ask):
    page = ask("GET", "/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert ask("GET", "/api/providers").status_code == 401
    assert ask("HEAD", "/").content == b""
    assert ask("POST", "/").status_code == 401


def test_every_file_that_the_page_names_is_there(ask):
    named = {f"/{name}" for name in re.findall(r'"(web/[^"]+)"', ask("GET", "/").text)}
    for path in sorted(ROOT.rglob("*.js")):
        at = f"/web/{path.relative_to(ROOT).parent.as_posix()}/".replace("/./", "/")
        for name in re.findall(r'^import .*"([^"]+)";$', path.read_text(), re.MULTILINE):
            folder = at.removesuffix("views/") if name.startswith("../") else at
            named.add(folder + name.removeprefix("../").removeprefix("./"))
    assert len(named) > 15
    for path in sorted(named):
        assert ask("GET", path).status_code == 200, path


@pytest.mark.parametrize(
    "path",
    [
        "/web/",
        "/web/index.html",
        "/web/../page.py",
        "/web/%2e%2e/page.py",
        "/page.py",
        "/web/vendor",
    ],
)
def test_nothing_else_is_served(ask, path):
    assert ask("GET", path).status_code == 401


@pytest.mark.parametrize("path", ["/", "/web/main.js", "/api/providers", "/api/nothing"])
def test_browsers_are_told_to_trust_nobody_else(ask, path):
    for headers in ({}, BEARER):
        told = ask("GET", path, headers=headers).headers
        for name, value in SECURE[:-1]:
            assert told[name.decode()] == value.decode()
        assert told["cache-control"] == ("no-store" if path.startswith("/api") else "no-cache")


def test_nothing_in_it_is_written_into_the_document_or_comes_from_elsewhere():
    for path in ROOT.rglob("*"):
        if path.suffix in (".js", ".html", ".css", ".svg") and "vendor" not in path.parts:
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")
            text = text.replace('placeholder: "http://127.0.0.1:8000"', "")
            for word in (
                "innerHTML",
                "outerHTML",
                "insertAdjacent",
                "eval(",
                "http://",
                "https://",
            ):
                assert word not in text, (path, word)
            if path.suffix == ".html":
                assert not re.search(r"<style|style=|\son[a-z]+=|<script>", text), path


def test_visits_are_bounded_too(ask):
    statuses = [ask("GET", "/").status_code for _ in range(int(FILES) + 1)]
    assert statuses == [200] * int(FILES) + [429]
    assert ask("GET", "/api/providers", headers=BEARER).status_code == 200
