"""What Envoy's metadata describe, compiled: once for each that is said differently.

That is bounded, for whoever writes Envoy's configuration writes it, and no client. What is wrong
with it is logged when it is first seen, and told to whoever asks.
"""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from extproc import NAMESPACE
from extproc.config import ConfigError, Gateway
from extproc.config.described import Objects, described
from extproc.config.problem import Problem
from extproc.credentials.secrets import Credentials
from extproc.exchange.compile import compile_plan, wanted_secrets
from extproc.exchange.described import Found, Texts
from extproc.exchange.wire import WireError, metadata
from providers.errors import GatewayError

log = structlog.get_logger()

MOST_TEXTS = 4_096
"""Endpoints say more in their metadata than what is meant for us."""
MOST = 256
"""Configurations."""
SAID = 20
"""Problems of one that are logged."""


class Misdescribed(GatewayError):
    """What the metadata say cannot be used; who runs the gateway must mend it."""


class Known(msgspec.Struct, frozen=True):
    """What became of a configuration."""

    found: Found | None
    credentials: Credentials | None = None
    error: str = ""


NOTHING = Known(None)


class Descriptions:
    """All configurations that were met so far."""

    def __init__(self, gateway: Gateway, created: int) -> None:
        """`gateway`: whose settings of server and Envoy hold for all of them; `created` dates
        their models."""
        self._gateway = gateway
        self._created = created
        self._texts: dict[Texts, Known] = {}
        self._known: dict[bytes, Known] = {}

    def find(self, texts: Texts) -> Found | None:
        """What they describe; None: nothing. Raises Misdescribed."""
        known = self._texts.get(texts)
        if known is None:
            known = self._read(texts)
            if len(self._texts) >= MOST_TEXTS:
                self._texts.clear()
            self._texts[texts] = known
        if known.error:
            raise Misdescribed(known.error)
        return known.found

    def refresh(self) -> None:
        """Looks for secrets that have changed."""
        for known in self._known.values():
            if known.credentials is not None:
                known.credentials.refresh()

    def _read(self, texts: Texts) -> Known:
        try:
            said = [metadata(text, NAMESPACE) for text in texts]
        except WireError as error:
            return _wrong([Problem(file="", line=0, key="", message=str(error))])
        objects = Objects(**dict(zip(Objects.__struct_fields__, said, strict=True)))
        if not objects.describes:
            return NOTHING
        key = msgspec.json.encode(said, order="deterministic")
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST:
                self._known.clear()
                self._texts.clear()
            known = self._known[key] = self._compiled(objects)
        return known

    def _compiled(self, objects: Objects) -> Known:
        try:
            found = described(objects, self._gateway.extproc.metadata_secrets)
        except ConfigError as error:
            return _wrong(error.problems)
        own = self._gateway
        settings: dict[str, Any] = {"extproc": own.extproc, "envoy": own.envoy}
        gateway = found.gateway.model_copy(update=settings).priced(own.listed)
        plan = compile_plan(gateway, self._created, time.time())
        credentials = Credentials(wanted_secrets(gateway))
        log.info("configuration in metadata", backends=[*gateway.backends], hash=plan.hash)
        return Known(Found(plan, credentials, found.backend), credentials)


def _wrong(problems: Sequence[Problem]) -> Known:
    """What is logged tells what is allowed, too, and of each problem."""
    for problem in problems[:SAID]:
        log.error("configuration in metadata cannot be used", problem=str(problem))
    first = msgspec.structs.replace(problems[0], allowed=())
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return Known(None, error=f"what Envoy's metadata say cannot be used: {first}{more}")
