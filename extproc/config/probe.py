"""Whether a backend answers, asked for again and again: by the list of its models."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from extproc.config.base import Model
from extproc.config.credential import Credential, FromRequest
from extproc.config.problem import Flaw, Location
from extproc.config.values import Duration
from extproc.config.web import UrlPath
from providers.operations import Operation
from providers.vendors.provider import Provider

MODELS = "/models"
"""Where everybody has them who speaks OpenAI's format of chats."""


class Probe(Model):
    """A request of the gateway's own, with the backend's credential, by way of Envoy."""

    every: Annotated[Duration, Field(ge=10.0, le=86_400.0)] = Field(
        default=60.0, json_schema_extra={"default": "60s"}
    )
    """How often; at least 10s."""
    timeout: Annotated[Duration, Field(le=60.0)] = Field(
        default=10.0, json_schema_extra={"default": "10s"}
    )
    """How long it waits for an answer."""
    path: UrlPath | None = None
    """The whole path that is asked for; default: that of the provider's list of models."""


def lists_models(provider: Provider) -> str:
    """Where `provider` lists its models, after the version; empty: it is not known."""
    speaks = "openai.chat" in provider.dialects.get(Operation.CHAT, ())
    return provider.paths.get(Operation.MODELS, MODELS if speaks else "")


def probed(
    probe: Probe | None, credential: Credential | None, provider: Provider, at: Location
) -> Iterator[Flaw]:
    """What is wrong with the probe of a backend."""
    if probe is None:
        return
    if probe.path is None and not lists_models(provider):
        yield Flaw((*at, "probe"), f"say `path`: what {provider.name} lists is not known")
    brought = isinstance(credential, FromRequest) and credential.fallback is None
    if credential == "forward" or brought:
        yield Flaw((*at, "probe"), "the credential comes with requests: there is none to ask with")
