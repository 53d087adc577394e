"""Mistral's SDK has documents read, through a real Envoy."""

from collections.abc import Iterator

import httpx
import pytest
from mistralai.client import Mistral

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV

DOCUMENT = {"type": "document_url", "document_url": "https://example.test/a.pdf"}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim:
        backend = {
            "provider": "mistral",
            "base_url": sim.url,
            "credential": {"api_key": "env:KEY"},
        }
        route = {
            "models": ["reader"],
            "backends": [{"backend": "m", "model": "mistral-ocr-latest"}],
            "price": {"page": 0.001},
        }
        with Local({"backends": {"m": backend}, "routes": [route]}, ENV) as local:
            yield local


def test_pages_are_read_and_paid_for(gateway: Local):
    with Mistral(api_key="client", server_url=gateway.url) as sdk:
        answer = sdk.ocr.process(model="reader", document=DOCUMENT, pages=[0, 4])
    assert [page.markdown for page in answer.pages] == ["# Page 1", "# Page 5"]
    assert answer.usage_info.pages_processed == 2
    found: list[dict] = []

    def look() -> bool:
        found[:] = gateway.records()
        return bool(found)

    gateway.wait_for(look, "a record")
    assert found[-1]["cost_nanousd"] == 2_000_000
    assert found[-1]["operation"] == "ocr"
    assert found[-1]["response_model"] == "mistral-ocr-latest"


def test_nobody_else_reads_documents(gateway: Local):
    answer = httpx.post(f"{gateway.url}/v1/ocr", json={"model": "other", "document": DOCUMENT})
    assert answer.status_code == 404
