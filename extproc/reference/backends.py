"""gateway.yaml for one provider, from its row: as little as is needed, and what else there is."""

from collections.abc import Iterator

from extproc.config.nameable import variable
from extproc.config.resources import is_stored
from providers.catalog import kept_by
from providers.operations import Operation
from providers.signing.aws_sigv4 import aws_sigv4
from providers.signing.sign import Call
from providers.vendors.provider import Provider

REGIONS = {
    "vertex": "europe-west4",
    "vertex-openai": "us-central1",
    "watsonx": "us-south",
    "oci": "us-chicago-1",
}
"""Provider → a region that it has; the others are asked in Amazon's words."""
OPTIONS = {"region": "eu-west-1", "project": "my-project", "instance": "my-instance"}
OWN = "http://127.0.0.1:8000"
ANY_MODEL = "my-model"
BUCKET = "s3://my-bucket/films"

AWS = "{aws: {access_key_id: env:AWS_ACCESS_KEY_ID, secret_access_key: env:AWS_SECRET_ACCESS_KEY}}"
IDENTITIES = {
    "gcp": "`{gcp: …}`, an identity of Google Cloud",
    "entra": "`{entra: …}`, an identity of Microsoft Entra",
}


def credential(provider: Provider) -> str:
    """The simplest credential that the provider takes, in gateway.yaml."""
    if provider.signer is aws_sigv4:
        return AWS
    if provider.keyless:
        return "none"
    if "gcp" in provider.identities:
        return "{gcp: {access_token: env:GOOGLE_ACCESS_TOKEN}}"
    return f"{{api_key: env:{variable(provider.name)}}}"


def example(provider: Provider) -> str:
    """A model of it."""
    return next(iter(provider.examples.values()), ANY_MODEL)


def _options(provider: Provider) -> Iterator[str]:
    """The lines that say where at the provider."""
    if not provider.base_url:
        yield f"base_url: {OWN}"
    for name, value in OPTIONS.items():
        if name in provider.options:
            yield f"{name}: {REGIONS.get(provider.name, value) if name == 'region' else value}"


def minimal(provider: Provider) -> str:
    """The least that works."""
    lines = [
        "version: 1",
        "backends:",
        f"  {provider.name}:",
        f"    provider: {provider.name}",
        *(f"    {line}" for line in _options(provider)),
        *([] if provider.keyless else [f"    credential: {credential(provider)}"]),
        "routes:",
        f"  - models: [{_quoted(example(provider))}]",
        f"    backends: [{{backend: {provider.name}}}]",
    ]
    return "\n".join(lines) + "\n"


def full(provider: Provider) -> str:
    """The settings that a backend and its route may have."""
    operations = ", ".join(str(one) for one in provider.dialects)
    lines = [
        "version: 1",
        "backends:",
        f"  {provider.name}:",
        f"    provider: {provider.name}",
        *(f"    {line}" for line in _options(provider)),
        f"    credential: {credential(provider)}",
        f"    operations: [{operations}]  # the only ones; default: all",
        *_dialect(provider),
        *_bucket(provider),
        "    headers: {x-team: search}  # sent with every request",
        "    forward_headers: [x-tenant]  # of clients, sent on as they are",
        "    timeouts: {connect: 5s, per_try: 60s, idle: 60s}",
        "    max_in_flight: 100",
        "routes:",
        "  - models: [smart]  # a name of your own",
        f"    backends: [{{backend: {provider.name}, model: {_quoted(example(provider))}}}]",
        "    retry: {attempts: 2, on: [5xx, '429', connect-failure, reset, timeout]}",
        "    request:",
        "      defaults: {temperature: 0.2}  # where the client says nothing",
        "      remove: [metadata]",
        "    price: {input: 2.50, output: 10.00}  # USD for a million tokens",
        "limits:",
        "  - {per: 'header:x-user-id', tokens: 100000, every: minute}",
    ]
    return "\n".join(lines) + "\n"


def _dialect(provider: Provider) -> list[str]:
    chats = provider.dialects.get(Operation.CHAT, ())
    if len(chats) < 2:
        return []
    return [f"    dialect: {{chat: {chats[0]}}}  # or {', '.join(chats[1:])}"]


def _bucket(provider: Provider) -> list[str]:
    if not any(map(is_stored, kept_by(provider).values())):
        return []
    return [f"    bucket: {BUCKET}  # where films are put; without one, none are made"]


def _quoted(model: str) -> str:
    return model if model.replace("-", "").replace(".", "").isalnum() else f'"{model}"'


def sign_in(provider: Provider) -> list[str]:
    """How a request proves who sends it, as items of a list."""
    if provider.signer is aws_sigv4:
        return [
            "`{aws: …}`: AWS Signature Version 4, with static keys or an identity of AWS;",
            "`{aws: {bearer: …}}`: one of Bedrock's API keys.",
        ]
    sent = provider.signer(Call("POST", "host", "/", b""), {"key": "KEY"}, 0)
    headers = " and ".join(f"`{name}: {value}`" for name, value in sent.items())
    ways = [f"`{{api_key: …}}`: sent as {headers};"]
    ways += [f"{IDENTITIES[kind]};" for kind in sorted(provider.identities)]
    ways += ["`{header: NAME}`: the key that comes with a request; `forward`: the client's own."]
    if provider.keyless:
        ways.append("`none` is the default.")
    return ways
