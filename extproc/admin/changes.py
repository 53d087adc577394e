"""What a change of a provider's answer means for its backend in gateway.yaml.

A caller sends what GET would answer afterwards. What differs from what it answers now is put into
the backend; what cannot be said there is refused by name.
"""

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import partial
from typing import Any

import orjson
from pydantic import ValidationError
from ruamel.yaml.scalarstring import LiteralScalarString

from extproc.admin.allowing import OPERATIONS, allow, differing
from extproc.admin.models import Provider
from extproc.admin.providers import UNBOUNDED
from extproc.admin.requests import ASKED

Backend = MutableMapping[str, Any]
View = Mapping[str, Any]

BOUNDS = frozenset(
    {"concurrency_and_buffer_size.concurrency", "concurrency_and_buffer_size.buffer_size"}
)
ROUTED = frozenset(
    f"network_config.{name}"
    for name in ("max_retries", "retry_backoff_initial", "retry_backoff_max")
)
"""What a route may say instead."""
WHOLE = frozenset({"network_config.extra_headers", "custom_provider_config.request_path_overrides"})
"""Objects whose members are the caller's own."""
ALLOWED = "custom_provider_config.allowed_requests."
TOLD = frozenset({"provider_status", "status", "config_hash"})
"""What is said of a backend, and not by it: whatever comes back is no change."""
REFERENCE = re.compile(r"env[.:]([A-Za-z_][A-Za-z0-9_]{0,127})|(file:/.+)")


class Unfit(Exception):
    """A change that cannot be made, in words for the caller."""


def merged(view: View, change: View) -> dict[str, Any]:
    """`view` with a merge patch (RFC 7396) applied."""
    made = dict(view)
    for name, value in change.items():
        if value is None:
            made.pop(name, None)
        elif isinstance(value, Mapping):
            inner = made.get(name)
            made[name] = merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            made[name] = value
    return made


def checked(view: View) -> dict[str, Any]:
    """What a caller wants GET to answer; raises Unfit for what it could not."""
    try:
        return Provider.model_validate_json(orjson.dumps(view), strict=True).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"]))
        raise Unfit(f"{at}: {first['msg'].lower()}") from None


def differences(now: View, wanted: View) -> dict[str, Any]:
    """Dotted name → what is wanted, where that is something else."""
    before = dict(_leaves(now, ""))
    found = dict(_leaves(wanted, ""))
    return {name: value for name, value in found.items() if before.get(name) != value}


def _leaves(view: View, before: str) -> Iterator[tuple[str, Any]]:
    for name, value in view.items():
        dotted = f"{before}{name}"
        if isinstance(value, Mapping) and dotted not in WHOLE:
            yield from _leaves(value, f"{dotted}.")
        elif dotted not in TOLD:
            yield dotted, value


def apply(backend: Backend, wanted: Mapping[str, Any]) -> None:
    """Puts `wanted`, by dotted name, into a backend; raises Unfit."""
    if len({value for name, value in wanted.items() if name in BOUNDS}) > 1:
        raise Unfit("concurrency_and_buffer_size: both are one bound here")
    for name, value in wanted.items():
        write = WRITERS.get(name)
        if write is None:
            raise Unfit(f"{name}: cannot be changed here; docs/management.md says where it is said")
        write(backend, value)


def allowing(backend: Backend, wanted: View) -> None:
    """Raises Unfit where the backend cannot serve just what is `wanted`, the whole answer."""
    flags = wanted["custom_provider_config"]["allowed_requests"]
    for kind in differing(backend, flags):
        operation = OPERATIONS.get(kind, "routes")
        raise Unfit(f"{ALLOWED}{kind}: goes with the others of `{operation}`, if it can be served")


def fitting(view: View, wanted: Mapping[str, Any]) -> None:
    """Raises Unfit where a route decides of what is `wanted`, and the answer is another."""
    found = dict(_leaves(view, ""))
    for name in sorted(ROUTED & wanted.keys()):
        if found[name] != wanted[name]:
            raise Unfit(f"{name}: a route says it, by `routes[].retry` or by its priorities")


def keyed(backend: Backend, keys: list[Any]) -> None:
    """The backend's keys, each the name of an environment variable or file; raises Unfit."""
    names = [_reference("keys", key) for key in keys or [""]]
    backend["credential"] = {"api_key": names[0] if len(names) == 1 else names}


def _reference(field: str, value: Any) -> str:
    found = REFERENCE.fullmatch(str(value))
    if found is None:
        raise Unfit(f"{field}: a secret is named, never sent: env.NAME or file:/path")
    return f"env:{found[1]}" if found[1] else found[2]


def _proxied(key: str) -> Callable[[Backend, Any], None]:
    def write(backend: Backend, value: Any) -> None:
        proxy = backend.pop("proxy", None)
        whole = {"url": proxy} if isinstance(proxy, str) else dict(proxy or {})
        _set(key)(whole, value)
        if value or key != "url":
            backend["proxy"] = whole["url"] if [*whole] == ["url"] else whole

    return write


def _password(backend: Backend, value: str) -> None:
    said = _reference("proxy_config.password", value) if value else ""
    _proxied("password")(backend, said)


def _set(key: str) -> Callable[[Backend, Any], None]:
    def write(backend: Backend, value: Any) -> None:
        if value in ("", {}):
            backend.pop(key, None)
        else:
            backend[key] = value

    return write


def _authorities(backend: Backend, value: str) -> None:
    """In place of a file of them, if there is one."""
    backend.pop("ca", None)
    # A line of the file for each line of a certificate.
    _set("ca_pem")(backend, LiteralScalarString(value.replace("\r\n", "\n")) if value else "")


def _trusting(backend: Backend, value: str) -> None:
    tls = backend.setdefault("tls", {})
    _authorities(tls, value)
    if not tls:
        del backend["tls"]


def _trusting_proxy(backend: Backend, value: str) -> None:
    proxy = backend.get("proxy")
    whole = {"url": proxy} if isinstance(proxy, str) else dict(proxy or {})
    _authorities(whole, value)
    backend["proxy"] = whole["url"] if [*whole] == ["url"] else whole


def _flag(key: str) -> Callable[[Backend, Any], None]:
    def write(backend: Backend, value: bool) -> None:
        if value:
            backend[key] = True
        else:
            backend.pop(key, None)

    return write


def _private(backend: Backend, value: bool) -> None:
    if value:
        backend.pop("private_network", None)
    else:
        backend["private_network"] = False


def _inside(part: str, key: str, said: Callable[[Any], Any]) -> Callable[[Backend, Any], None]:
    def write(backend: Backend, value: Any) -> None:
        backend.setdefault(part, {})[key] = said(value)

    return write


def _bound(backend: Backend, value: int) -> None:
    if value == UNBOUNDED:
        backend.pop("max_in_flight", None)
    else:
        backend["max_in_flight"] = value


def _allow(kind: str, backend: Backend, value: bool) -> None:
    allow(backend, kind, wanted=value)


def _keyless(backend: Backend, value: bool) -> None:
    if value:
        backend["credential"] = "none"
    elif "credential" not in backend or backend["credential"] == "none":
        raise Unfit("custom_provider_config.is_key_less: say which `keys` there are")


def _paths(backend: Backend, value: Mapping[str, str]) -> None:
    paths: dict[str, str] = {}
    for kind, path in value.items():
        known = ASKED.get(kind.removesuffix("_stream"))
        if known is None:
            raise Unfit(f"custom_provider_config.request_path_overrides: no path for {kind[:64]}")
        operation = known[0].value
        if paths.setdefault(operation, path) != path:
            raise Unfit(f"custom_provider_config.request_path_overrides: two paths of {operation}")
    others = {ASKED[kind][0].value for kind in ASKED}
    kept = {name: path for name, path in backend.get("paths", {}).items() if name not in others}
    _set("paths")(backend, {**kept, **paths})


WRITERS: Mapping[str, Callable[[Backend, Any], None]] = {
    "description": _set("description"),
    "network_config.base_url": _set("base_url"),
    "network_config.extra_headers": _set("headers"),
    "network_config.default_request_timeout_in_seconds": _inside(
        "timeouts", "per_try", lambda value: f"{value}s"
    ),
    "network_config.max_retries": _inside("retry", "attempts", lambda value: value + 1),
    "network_config.retry_backoff_initial": _inside("retry", "backoff", lambda value: f"{value}ms"),
    "network_config.retry_backoff_max": _inside("retry", "max_backoff", lambda value: f"{value}ms"),
    "network_config.ca_cert_pem": _trusting,
    "network_config.allow_private_network": _private,
    "network_config.insecure_skip_verify": _inside("tls", "insecure", bool),
    "proxy_config.url": _proxied("url"),
    "proxy_config.username": _proxied("username"),
    "proxy_config.password": _password,
    "proxy_config.ca_cert_pem": _trusting_proxy,
    "concurrency_and_buffer_size.concurrency": _bound,
    "concurrency_and_buffer_size.buffer_size": _bound,
    "send_back_raw_request": _flag("send_back_raw_request"),
    "send_back_raw_response": _flag("send_back_raw_response"),
    "store_raw_request_response": _flag("store_raw"),
    "custom_provider_config.base_provider_type": _set("provider"),
    "custom_provider_config.is_key_less": _keyless,
    "custom_provider_config.request_path_overrides": _paths,
    **{f"{ALLOWED}{kind}": partial(_allow, kind) for kind in OPERATIONS},
}
"""Dotted name of a field → how gateway.yaml says it."""
