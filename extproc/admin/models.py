"""What the management API answers: names, types and meaning are Bifrost's.

https://docs.getbifrost.ai/api-reference/providers/get-a-specific-provider (checked 2026-11). A
field's description says where gateway.yaml says it; `Fixed` begins one that nothing can change.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """What every part of an answer shares."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class NetworkConfig(Answer):
    """How the provider is reached."""

    base_url: str
    """`backends.NAME.base_url`, `region`, `instance`; else the provider's own."""
    extra_headers: dict[str, str]
    """`backends.NAME.headers`."""
    default_request_timeout_in_seconds: int
    """`backends.NAME.timeouts.per_try`, else `envoy.timeouts.per_try`, else
    `envoy.timeouts.request`; rounded up."""
    max_retries: int
    """`routes[].retry.attempts` without the first one: the most that a route to it makes; what is
    written is `backends.NAME.retry.attempts`, for routes that do not say it."""
    retry_backoff_initial: int
    """Milliseconds; `routes[].retry.backoff` of the same route, else that under
    `backends.NAME.retry`, which is written."""
    retry_backoff_max: int
    """Milliseconds; `routes[].retry.max_backoff` of the same route, else that under
    `backends.NAME.retry`, which is written."""
    insecure_skip_verify: bool
    """`backends.NAME.tls.insecure`."""
    ca_cert_pem: str
    """`backends.NAME.tls.ca_pem`, or the certificates in the file `backends.NAME.tls.ca`, where it
    can be read here, too; empty: the system's authorities."""
    allow_private_network: bool
    """`backends.NAME.private_network`: false refuses private addresses, and names that can only
    lead to them, in `base_url` and the proxy's URL; other names are not looked up."""


class Concurrency(Answer):
    """How much at a time."""

    concurrency: int
    """`backends.NAME.max_in_flight`: requests at a time; 4294967295: no bound."""
    buffer_size: int
    """`backends.NAME.max_in_flight`, too: requests that wait for a connection."""


class ProxyConfig(Answer):
    """The proxy on the way to the provider."""

    url: str = ""
    """`backends.NAME.proxy`, or its `url`; empty: Envoy connects to the provider by itself."""
    username: str = ""
    """`backends.NAME.proxy.username`."""
    password: str = ""
    """Never told; what is written is `backends.NAME.proxy.password`: `env.NAME` or
    `file:/path`."""
    ca_cert_pem: str = ""
    """`backends.NAME.proxy.ca_pem`, or the certificates in the file `backends.NAME.proxy.ca`, where
    it can be read here, too; empty: the system's authorities."""


class AllowedRequests(Answer):
    """Which requests the backend serves, by `backends.NAME.operations` and what its provider has.

    A client's format is no matter: Responses are served wherever chat is.
    """

    list_models: bool
    """Fixed, true: answered from `routes`."""
    text_completion: bool
    """`completions`, or `chat`, which serves them, too."""
    text_completion_stream: bool
    """As `text_completion`."""
    chat_completion: bool
    """`chat`."""
    chat_completion_stream: bool
    """As `chat_completion`."""
    responses: bool
    """`chat`."""
    responses_stream: bool
    """As `responses`."""
    count_tokens: bool
    """`count_tokens`, or `backends.NAME.estimate_counts`."""
    embedding: bool
    """`embeddings`."""
    speech: bool
    """`speech`."""
    speech_stream: bool
    """As `speech`, where its answers are streamed."""
    transcription: bool
    """`transcription`."""
    transcription_stream: bool
    """As `transcription`, where its answers are streamed."""
    image_generation: bool
    """`images`."""
    image_generation_stream: bool
    """As `image_generation`, where its answers are streamed."""
    batch_create: bool
    """`batches`, where the provider can."""
    batch_list: bool
    """`batches`, where the provider can."""
    batch_retrieve: bool
    """`batches`, where the provider can."""
    batch_cancel: bool
    """`batches`, where the provider can."""
    batch_results: bool
    """`batches`, where the provider tells them, or `files`, in which it puts them."""
    file_upload: bool
    """`files`, where the provider can."""
    file_list: bool
    """`files`, where the provider can."""
    file_retrieve: bool
    """`files`, where the provider can."""
    file_delete: bool
    """`files`, where the provider can."""
    file_content: bool
    """`files`, where the provider can."""


class CustomProviderConfig(Answer):
    """A backend is a provider under a name of its own."""

    is_key_less: bool
    """`backends.NAME.credential` is `none`, or left out."""
    base_provider_type: str
    """`backends.NAME.provider`."""
    allowed_requests: AllowedRequests
    """`backends.NAME.operations`."""
    request_path_overrides: dict[str, str]
    """`backends.NAME.paths`, for the requests that have a name here."""


class Provider(Answer):
    """One backend of gateway.yaml."""

    name: str
    """The key under `backends`."""
    network_config: NetworkConfig
    """How the provider is reached."""
    concurrency_and_buffer_size: Concurrency
    """How much at a time."""
    proxy_config: ProxyConfig = ProxyConfig()
    """The proxy on the way to the provider."""
    send_back_raw_request: bool
    """`backends.NAME.send_back_raw_request`; answers say `extra_fields.raw_request` then."""
    send_back_raw_response: bool
    """`backends.NAME.send_back_raw_response`; answers say `extra_fields.raw_response` then."""
    store_raw_request_response: bool
    """`backends.NAME.store_raw`, as `usage.raw` says."""
    custom_provider_config: CustomProviderConfig
    """What it serves, and where."""
    provider_status: Literal["active", "error", "deleted"]
    """`error` while a secret, a package or a token that `backends.NAME` needs is missing, its probe
    fails (`backends.NAME.probe`), or Envoy passes over all of its addresses for a route
    (`admin.envoy`); never `deleted`: one that is gone is a 404."""
    status: str
    """`success`, or `credential_missing`, `token_missing`, `token_not_refreshed`, `probe_failed`,
    `ejected`."""
    description: str
    """What is missing or wrong, since when and why; else `backends.NAME.description`."""
    config_hash: str
    """SHA-256 of what `backends.NAME` and the routes to it say, defaults written out."""


class Providers(Answer):
    """All backends, by name."""

    providers: list[Provider]
    """In the order of gateway.yaml."""
    total: int
    """How many."""


class Change(Answer):
    """One change that was made here."""

    number: int
    """From 1."""
    at: float
    """Seconds since the epoch."""
    act: Literal["create", "update", "delete", "route", "replace", "undo"]
    """What was done."""
    provider: str = ""
    """To which backend; empty: to the whole file."""
    fields: list[str] = []
    """What of it was changed, by dotted names."""
    of: int = 0
    """The change that was taken back."""
    before: str
    """Which version of gateway.yaml it was made to."""
    after: str
    """And which one it has made."""


class History(Answer):
    """What was changed here, and by nobody else."""

    changes: list[Change]
    """The last one first."""


class RawAttempt(Answer):
    """The bodies of one attempt, without secrets and what `usage.raw` leaves out."""

    id: str
    """That of the attempt."""
    at: float
    """When it began, seconds since the epoch."""
    exchange: str
    """The request that it was made for."""
    backend: str
    """Who was asked."""
    request: str
    """What the provider got; empty where it is no text, or could not be read as `redact` needs."""
    request_bytes: int
    """How long that was."""
    response: str
    """What it answered."""
    response_bytes: int
    """How long that was, as it came."""


class RawExchange(Answer):
    """What is kept of one request."""

    attempts: list[RawAttempt]
    """The first one first."""


class Problem(Answer):
    """What is wrong, in words."""

    message: str
    """Without secrets."""


class Failure(Answer):
    """An answer that is an error."""

    is_bifrost_error: bool = False
    """Fixed, false."""
    status_code: int
    """The HTTP status again."""
    error: Problem
    """What is wrong."""
