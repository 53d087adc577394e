"""A provider as the user has configured it."""

from typing import Annotated

from pydantic import BeforeValidator, Discriminator, Field, Tag

from extproc.config.authorities import Authorities
from extproc.config.base import Model
from extproc.config.credential import Credential
from extproc.config.edits import AnswerEdits, RequestEdits
from extproc.config.passthrough import PassRule
from extproc.config.patterns import ModelName
from extproc.config.price import RoutePrice
from extproc.config.probe import Probe
from extproc.config.proxy import ByProxy
from extproc.config.values import Bucket, Duration, FilePath, Flag, Segment, Text, Whole, listed
from extproc.config.web import BaseUrl, HeaderValue, HostName, OwnHeaderName, UrlPath
from providers.catalog import DIALECTS, PROVIDERS
from providers.operations import Operation

Spoken = Annotated[str, Field(json_schema_extra={"enum": sorted(DIALECTS)})]
Dialects = Annotated[
    Annotated[Spoken, Tag("<name>")] | Annotated[dict[Operation, Spoken], Tag("<operations>")],
    Discriminator(lambda value: "<operations>" if isinstance(value, dict) else "<name>"),
]


class BackendTls(Model):
    """How the provider's certificate is checked, and which one is shown to it."""

    ca: FilePath | None = None
    """PEM file of the authorities to trust, on Envoy's machine; default: the system's."""
    ca_pem: Authorities | None = None
    """The same certificates, as text, instead of a file."""
    insecure: Flag = False
    """True: the provider's certificate is not checked at all."""
    sni: HostName | None = None
    """The host name to ask for and to find in the certificate; default: that of `base_url`."""
    certificate: FilePath | None = None
    """PEM file of a client certificate, on Envoy's machine; together with `key`."""
    key: FilePath | None = None
    """PEM file of the client certificate's private key; together with `certificate`."""


class BackendTimeouts(Model):
    """Durations with a unit: ms, s, m, h, d."""

    connect: Duration | None = None
    """To open a connection; default: `envoy.timeouts.connect`."""
    per_try: Duration | None = None
    """For one attempt's whole answer, or for its stream to begin; default:
    `envoy.timeouts.per_try`."""
    idle: Duration | None = None
    """An unused connection is closed after it; default: 60s."""


class BackendRetry(Model):
    """For routes that say nothing of it under `retry`; the most of their backends' holds."""

    attempts: Annotated[Whole, Field(ge=1, le=10)] | None = None
    """Attempts in all, the first one included; where a route has more priorities, so many."""
    backoff: Duration | None = None
    """About how long to wait before the second attempt."""
    max_backoff: Duration | None = None
    """The longest wait."""


class Ejection(Model):
    """When an address that fails is left alone for a while; one that stands alone never is."""

    after: Annotated[Whole, Field(ge=1, le=1_000_000)] = 5
    """Failures in a row: 502, 503, 504, no connection, or no answer."""
    first: Duration = Field(default=10.0, json_schema_extra={"default": "10s"})
    """For how long the first time; each further time so much longer."""
    most: Duration = Field(default=60.0, json_schema_extra={"default": "60s"})
    """For how long at the most."""


class Backend(Model):
    """A provider with its place, its credential and its bounds."""

    provider: Annotated[str, Field(json_schema_extra={"enum": sorted(PROVIDERS)})]
    """Who serves: a name of `extproc providers`."""
    credential: Credential | None = None
    """`none`, `forward` (the client's own), `{api_key: …}`, `{aws: …}`, `{gcp: …}`,
    `{entra: …}` or `{header: …}`; may be left out only where the provider needs none."""
    base_url: BaseUrl | None = None
    """Scheme, host and port; default: the provider's own. A path in it replaces the provider's own
    up to and including the version segment."""
    description: Text | None = None
    """What people should know of it; the management API says it."""
    region: Segment | None = None
    """The cloud region, where the provider has them."""
    project: Segment | None = None
    """The cloud project, where the provider has them."""
    instance: Segment | None = None
    """The resource or instance, where the provider has them."""
    api_version: Segment | None = None
    """The version of the API, where the provider has it in the query; quote a date."""
    paths: dict[Operation, UrlPath] = Field(default_factory=dict)
    """Operation → whole path, instead of the provider's own; `{model}` may stand in it."""
    headers: dict[OwnHeaderName, HeaderValue] = Field(
        default_factory=dict, repr=False, max_length=64
    )
    """Sent with every request; no credentials."""
    forward_headers: Annotated[tuple[OwnHeaderName, ...], Field(max_length=64)] = ()
    """Headers of clients that go on to the provider as they are, where it has a use for them that
    their own dialect does not tell: the tenant of a server of yours, for example."""
    request: RequestEdits = RequestEdits()
    """What is done to every request that goes there, whichever route leads it; see a route's."""
    price: RoutePrice | None = None
    """For routes that have none of their own; default: that of `prices`."""
    response: AnswerEdits = AnswerEdits()
    """What to change in its answers."""
    operations: Annotated[
        tuple[Operation, ...] | None,
        BeforeValidator(
            lambda value: None if value is None else listed(value),
            json_schema_input_type=Operation | list[Operation] | None,
        ),
    ] = None
    """The only operations that this backend may serve; default: all that the provider has, but for
    `realtime_direct`, which is served only where it is named."""
    passthrough: Annotated[tuple[PassRule, ...], Field(max_length=256)] = ()
    """Paths of the provider's that no format here has, which clients may use as they are, at
    `/passthrough/{backend}/…`: `POST /v1/foo`, or `POST /v1/foo/*` for all below; default: none."""
    family: ModelName | None = None
    """The vendor's name of a model whose rules hold, where the names that the backend has for its
    models do not tell them: an ARN, a deployment, a served name of one's own."""
    dialect: Dialects | None = None
    """The dialect to speak, or operation → dialect, where the provider has several; default: the
    provider's first."""
    estimate_counts: Flag = False
    """True: where the provider cannot count tokens, or not those of such a request, who asks for a
    count gets an estimate, marked by the header `x-ai-estimated`; default: it is a 404 or 400."""
    fan_out: Flag = True
    """Whether a request for more than the provider takes at once, such as vectors of many texts,
    becomes several requests of our own; false: it is a 400 that says the limit."""
    openai_batches: Flag = False
    """Whether clients of OpenAI's format run batches there, each line translated; for `anthropic`
    and `gemini`. At `anthropic` a batch begins when its file is sent. Default: files and batches of
    such clients go to backends of their own format alone."""
    send_back_raw_request: Flag = False
    """Whether answers tell clients what it got, as `extra_fields.raw_request`; for who debugs:
    that may be more than the client has said."""
    send_back_raw_response: Flag = False
    """Whether they tell what it answered, as `extra_fields.raw_response`."""
    bucket: Bucket | None = None
    """Where films of Nova Reel are put: `s3://bucket`, or a folder of it, in the backend's region.
    Default: none, and none are made."""
    store_raw: Flag = False
    """Whether the bodies that it gets and answers are stored, as `usage.raw` says."""
    tls: BackendTls = BackendTls()
    """For https; ignored for http."""
    proxy: ByProxy | None = None
    """The HTTP proxy that leads there: its URL, or `{url: …, username: …, password: …}`. It is
    asked by CONNECT, with the provider's name; for https alone. Default: none."""
    timeouts: BackendTimeouts = BackendTimeouts()
    """Instead of those of `envoy.timeouts`."""
    retry: BackendRetry = BackendRetry()
    """How often, and after which waits, it is asked again."""
    private_network: Flag = True
    """False: its address and that of its proxy must be ones of the public internet, not of this
    machine or a private network. Names are judged by their form, and looked up by Envoy alone."""
    max_in_flight: Annotated[Whole, Field(ge=1, le=1_000_000)] | None = None
    """Requests at a time, above which more are answered with 503; default: no bound."""
    probe: Probe | None = None
    """Whether it is asked now and then if it answers; the management API tells. Default: not."""
    ejection: Ejection = Ejection()
    """When it is passed over. Envoy has it for all backends of a route: the most patient one's
    holds, with the most failures and the shortest times."""

    def wished_dialect(self, operation: Operation) -> str | None:
        """The dialect that the user asks for; None: any."""
        if isinstance(self.dialect, dict):
            return self.dialect.get(operation)
        return self.dialect
