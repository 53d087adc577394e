"""gateway.yaml as a whole."""

from typing import Literal, Self

from pydantic import ConfigDict, Field, PrivateAttr

from extproc.config.admin import Admin
from extproc.config.backend import Backend
from extproc.config.base import Model
from extproc.config.limit import Limit
from extproc.config.listed_price import ListedPrice
from extproc.config.patterns import ModelName
from extproc.config.process import Clients, Envoy, Extproc, Limiter, Listen
from extproc.config.resources import Resources
from extproc.config.route import Route
from extproc.config.telemetry import Telemetry, Usage
from extproc.config.values import FilePath, Name


class Gateway(Model):
    """The configuration of one AI gateway: who calls, who serves, and within which bounds."""

    model_config = ConfigDict(
        title="gateway.yaml",
        json_schema_extra={
            "examples": [
                {
                    "version": 1,
                    "backends": {
                        "openai": {
                            "provider": "openai",
                            "credential": {"api_key": "env:OPENAI_API_KEY"},
                        }
                    },
                    "routes": [{"models": ["gpt-4*"], "backends": [{"backend": "openai"}]}],
                }
            ]
        },
    )

    version: Literal[1]
    """The version of this format."""
    listen: Listen = Listen()
    """Where Envoy takes requests."""
    backends: dict[Name, Backend] = Field(default_factory=dict)
    """Name → a provider as you use it."""
    routes: tuple[Route, ...] = ()
    """Which backends serve which models."""
    default_model: ModelName | None = None
    """The model of requests that name none; default: such a request is a 400."""
    prices: FilePath | None = None
    """YAML with a list of prices, relative to this file, for routes and backends that have none of
    their own."""
    limits: tuple[Limit, ...] = ()
    """Budgets; a request must be within all that apply to it."""
    clients: Clients | None = None
    """Who may call; default: everybody who reaches the listener."""
    resources: Resources | None = None
    """What providers keep for clients; needed only where ids alone do not tell whose they are."""
    extproc: Extproc = Extproc()
    """The server that Envoy asks."""
    limiter: Limiter = Limiter()
    """The rate limit service in the server."""
    admin: Admin | None = None
    """The management API; default: there is none."""
    telemetry: Telemetry | None = None
    """Metrics and traces; default: none."""
    usage: Usage | None = None
    """Records of what was used; default: none."""
    envoy: Envoy = Envoy()
    """Settings of the rendered Envoy configuration."""

    _listed: tuple[ListedPrice, ...] = PrivateAttr(())

    @property
    def listed(self) -> tuple[ListedPrice, ...]:
        """What the file says that `prices` names."""
        return self._listed

    def priced(self, listed: tuple[ListedPrice, ...]) -> Self:
        """The same, with what that file says."""
        copy = self.model_copy()
        copy._listed = listed
        return copy

    @property
    def recorded(self) -> bool:
        """Whether anybody wants to know of each exchange."""
        return self.telemetry is not None or self.usage is not None

    @property
    def traced(self) -> bool:
        """Whether anybody wants to know to which trace each exchange belongs."""
        spans = self.telemetry is not None and self.telemetry.traces is not None
        return spans or (self.usage is not None and self.usage.logs is not None)
