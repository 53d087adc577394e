"""Every SDK raises its own class for every error, of every operation, whoever has failed.

Of chats, `test_matrix` tries every pair.
"""

import json
from collections.abc import Iterator

import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import AWS, ENV
from tests.e2e.failing import SDKS, Known

KEY = {"api_key": "env:KEY"}
BACKENDS = {
    "openai": {"provider": "openai", "credential": KEY},
    "anthropic": {"provider": "anthropic", "credential": KEY},
    "gemini": {"provider": "gemini", "credential": KEY},
    "cohere": {"provider": "cohere", "credential": KEY},
    "mistral": {"provider": "mistral", "credential": KEY},
    "bedrock": {"provider": "bedrock", "credential": AWS, "region": "eu-west-1"},
    "ollama": {"provider": "ollama", "credential": "none"},
    "elevenlabs": {"provider": "elevenlabs", "credential": KEY},
}
OWN = {
    "anthropic": "anthropic",
    "boto3": "bedrock",
    "cohere": "cohere",
    "elevenlabs": "elevenlabs",
    "google-genai": "gemini",
    "huggingface_hub": "openai",
    "mistralai": "mistral",
    "ollama": "ollama",
    "openai": "openai",
}
"""SDK → who speaks as it does."""
OTHERS = {
    "chat": ("openai", "anthropic", "bedrock"),
    "stream": ("openai", "gemini"),
    "responses": ("anthropic", "gemini"),
    "completions": ("anthropic", "openai"),
    "embeddings": ("openai", "cohere", "ollama"),
    "count_tokens": ("anthropic", "gemini"),
    "images": ("gemini",),
    "speech": ("openai", "elevenlabs"),
    "transcription": ("openai", "elevenlabs"),
    "moderations": ("openai", "mistral"),
}
"""Operation → who serves it in a format of its own."""
STATUSES = {400, 401, 403, 404, 409, 422, 429, 500, 503}
MODELS = {"bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0"}
STATUSES_OF = {
    **dict.fromkeys(BACKENDS, STATUSES),
    "anthropic": STATUSES | {529},
    "bedrock": STATUSES - {401, 409, 422},
}
"""Backend → the statuses that it has."""
ANONYMOUS = {("google-genai", "gemini")}
"""Google says no request's id in its errors."""
SAID = "out of luck"

ROWS = sorted(
    {
        (sdk, operation, backend)
        for sdk, each in SDKS.items()
        for operation in each.calls
        for backend in (OWN[sdk], *OTHERS.get(operation, ()))
    }
)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim:
        backends = {
            name: {**one, "base_url": sim.url, "forward_headers": ["x-sim"]}
            for name, one in BACKENDS.items()
        }
        routes = [
            {
                "models": [f"m-at-{name}"],
                "backends": [{"backend": name, "model": MODELS.get(name, "m")}],
            }
            for name in BACKENDS
        ]
        config = {"backends": backends, "routes": routes, "resources": {"secret": "env:KEY"}}
        with Local(config, ENV) as local:
            yield local


def raised(gateway: Local, row: tuple[str, str, str], **order: object) -> Exception:
    """What the SDK raises where the provider does as ordered."""
    sdk, operation, backend = row
    told = {"x-sim": json.dumps({"message": SAID, **order})}
    client = SDKS[sdk].client(gateway.url, told)
    try:
        SDKS[sdk].calls[operation](client, f"m-at-{backend}")
    except Exception as error:
        return error
    return AssertionError("nothing was raised")


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_each_status_is_of_its_class(gateway: Local, row: tuple[str, str, str]):
    sdk, wrong = SDKS[row[0]], {}
    for status in STATUSES_OF[row[2]]:
        error = raised(gateway, row, status=status)
        if not isinstance(error, sdk.kind(status)):
            wrong[status] = repr(error)[:300]
            continue
        known: Known = sdk.known(error)
        wanted = (sdk.statuses.get(status, status), SAID, sdk.codes.get(status, known.code))
        if (known.status, known.message, known.code) != wanted:
            wrong[status] = repr(known)
    assert not wrong


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_who_must_wait_is_told_how_long_and_for_which_request(
    gateway: Local, row: tuple[str, str, str]
):
    sdk, _, backend = row
    known: Known = SDKS[sdk].known(raised(gateway, row, status=429, retry_after=7))
    # Ollama's SDK reads no header.
    if sdk != "ollama":
        assert known.retry_after == "7"
        assert (sdk, backend) in ANONYMOUS or known.request_id.startswith("req_sim_")


BROKEN = [
    row for row in ROWS if row[1] in ("chat", "embeddings", "rerank", "speech", "files", "datasets")
]


@pytest.mark.parametrize("row", BROKEN, ids="-".join)
def test_a_connection_that_breaks_is_the_servers_fault(gateway: Local, row: tuple[str, str, str]):
    error = raised(gateway, row, drop="before_headers")
    sdk = SDKS[row[0]]
    assert isinstance(error, sdk.rest)
    known: Known = sdk.known(error)
    assert known.status in (502, 503)
    assert known.message
