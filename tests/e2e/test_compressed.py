"""Compressed requests through the whole gateway."""

import gzip
import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import brotli
import pytest

from tests.e2e.conftest import MESSAGES
from tests.e2e.listener import needs_own_listener

pytestmark = needs_own_listener


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress)], ids=["gzip", "br"]
)
@pytest.mark.parametrize("model", ["same", "small"])
def test_a_compressed_request_is_served(gateway, encoding, pack, model):
    body = pack(json.dumps({"model": model, "messages": MESSAGES}).encode())
    headers = {"content-encoding": encoding, "content-type": "application/json"}
    connection = HTTPConnection(urlsplit(gateway.local.url).netloc, timeout=30)
    connection.request("POST", "/v1/chat/completions", body, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status == 200, said
    assert json.loads(said)["choices"]
