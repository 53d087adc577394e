"""The pages of providers, and what stands in them."""

import re
import subprocess
import sys

import orjson
import pytest

from extproc.config import load
from extproc.exchange.compile import compile_plan
from extproc.reference import backends, overview
from extproc.reference.capabilities import CAPABILITIES, NOT_YET
from extproc.reference.cells import cells, every_cell, kept_cells
from extproc.reference.fates import MENDED
from extproc.reference.page import page
from providers.bridging.amending.needs import MENDS
from providers.catalog import DIALECTS, PROVIDERS, RESOURCES
from providers.operations import SERVED_BY, Operation
from providers.vendors.forms import row
from tests.docs import ROOT

EVERY = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda one: one.name)


def test_what_is_not_yet_is_no_operation_yet():
    """Who adds one takes it from the list."""
    assert not NOT_YET.keys() & set(Operation)
    lacking = {
        one.operation for one in CAPABILITIES if not (one.client or one.kept or one.sessions)
    }
    assert lacking == NOT_YET.keys()


GONE_ON = {"bedrock.knowledge_sessions"}
"""Kept, and never asked for: calls of models go on with it."""


def test_all_that_a_provider_keeps_is_on_its_page():
    assert {name for one in CAPABILITIES for name in one.kept} == RESOURCES.keys() - GONE_ON
    for provider in PROVIDERS.values():
        kept = {way.dialect for cell in kept_cells(provider) for way in cell.ways}
        assert kept == provider.keeps - GONE_ON


def test_every_operation_is_on_the_pages():
    assert {one.operation for one in CAPABILITIES} - NOT_YET.keys() == (
        set(Operation) - {Operation.MODELS, Operation.PASSTHROUGH}
    )


@EVERY
def test_every_operation_of_a_provider_is_on_its_page(provider):
    served = {
        operation
        for operation in Operation
        if any(one in provider.dialects for one in SERVED_BY.get(operation, (operation,)))
    }
    assert {cell.capability.operation for cell in cells(provider)} == served


@EVERY
def test_a_page_names_every_format_that_a_provider_speaks(provider):
    spoken = {name for names in provider.dialects.values() for name in names}
    assert {way.dialect for cell in cells(provider) for way in cell.ways} == spoken


@EVERY
def test_no_path_has_a_place_that_nothing_fills(provider):
    filled = {"model", "org/model", "region", "project", "instance", "voice", "format", "task"}
    for cell in every_cell(provider):
        for way in cell.ways:
            places = set(re.findall(r"\{([^}]+)\}", way.path + way.stream_path))
            assert places <= filled
            assert way.path.startswith("/")


@EVERY
@pytest.mark.parametrize("write", [backends.minimal, backends.full])
def test_the_configurations_of_a_page_hold(provider, write, tmp_path):
    (tmp_path / "gateway.yaml").write_text(write(provider))
    compile_plan(load(tmp_path / "gateway.yaml"))


@EVERY
def test_the_committed_page_is_that_of_the_catalogue(provider):
    assert (ROOT / "docs" / "providers" / f"{provider.name}.md").read_text() == page(provider)


def test_no_page_is_left_of_a_provider_that_is_gone():
    assert {path.stem for path in (ROOT / "docs" / "providers").iterdir()} == PROVIDERS.keys()


def test_machines_can_read_the_same():
    found = orjson.loads((ROOT / "docs" / "providers.json").read_bytes())
    assert found.keys() == PROVIDERS.keys()
    chat = found["bedrock"]["capabilities"]["chat"]
    assert chat["upstream_path"] == "/model/{model}/converse"
    assert chat["upstream_stream_path"] == "/model/{model}/converse-stream"
    assert chat["stream"] == "yes"


def test_a_made_up_provider_takes_one_row():
    made = row("acme", "Acme", "api.acme.test", "https://acme.test/docs", "2026-11")
    text = page(made)
    assert "| Chat completions | `/v1/chat/completions` | openai.chat | all |" in text
    assert "The base URL is `https://api.acme.test`" in text
    assert "credential: {api_key: env:ACME_API_KEY}" in text


@pytest.mark.parametrize(
    "said",
    [
        "| Chat completions | `/v1/chat/completions` |",
        "| Completions | `/v1/completions` |",
        "| Embeddings | `/v1/embeddings` |",
        "| Function calling | `/v1/chat/completions` |",
        "| Responses | `/v1/responses` |",
        "| Files | `/v1/files` |",
        "| Batches | `/v1/batches` |",
        "| Assistants | `/v1/assistants` |",
        "| Speech | `/v1/audio/speech` |",
        "| Transcriptions | `/v1/audio/transcriptions` |",
        "| Translations | `/v1/audio/translations` |",
        "| Image generations | `/v1/images/generations` |",
        "| Image edits | `/v1/images/edits` |",
        "### Text generation",
        "### Advanced text generation",
        "### Processing",
        "### Audio",
        "### Image",
        "### Video",
        "### Realtime",
        "| Assistants<sup>2</sup> |",
        "<sup>2</sup> A client says `OpenAI-Beta: assistants=v2`, which goes along.",
        "`OpenAI-Beta: realtime=v1` is for the beta's form of it alone.",
        "`dimensions`",
        "`envoy.max_body_bytes`",
        "voices differ from model to model",
        "Sizes and formats differ",
        "The base URL is `https://api.openai.com`",
        "The least that works",
    ],
)
def test_the_page_of_openai_says_all_that_its_users_look_for(said):
    assert said in page(PROVIDERS["openai"])


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("vllm", "The base URL is yours"),
        ("vertex", "or `https://aiplatform.googleapis.com` (region `global`)"),
        ("groq", "The base URL is `https://api.groq.com`, with"),
    ],
)
def test_a_base_url_has_three_wordings(provider, said):
    assert said in page(PROVIDERS[provider])


def extproc(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "extproc", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_commands_print_the_table_and_a_page():
    assert extproc("providers").stdout.splitlines() == list(overview.lines())
    assert extproc("providers", "show", "xai").stdout == page(PROVIDERS["xai"])
    unknown = extproc("providers", "show", "opnai")
    assert unknown.returncode == 2
    assert "openai" in unknown.stderr


def test_every_capability_has_a_place_for_its_clients():
    for one in CAPABILITIES:
        assert not one.client or DIALECTS[one.client].client


def test_what_is_asked_for_by_other_means_is_told_so() -> None:
    assert MENDED.keys() == MENDS.keys()
