"""What Envoy's rate limit filter sends for each limit, as plain data in Envoy's own words.

A descriptor is `limit: NAME`, then one entry for each of the limit's `per`. What it is about comes
from dynamic metadata, not from headers: a charge is put together when the stream is done, and by
then the filter before the provider has taken our headers off (tried on Envoy 1.40: a charge that
reads a removed header is dropped in silence). So a `header_to_metadata` filter that stands after
the model finder copies them first (`header_rules`). Where a header is absent, or over 8 KiB long,
nothing is copied, no descriptor is sent, and the limit does not hold for that request.

Two more descriptors, for which no other rate limit service has a limit, let ours reserve: `reserve`
comes with the checks and says how large a request is, `held` comes with the charges and is what the
service has reserved.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from extproc import NAMESPACE
from extproc.ratelimit.limit import Limit, Unit

DOMAIN = "extproc"
"""The rate limit domain."""
LIMITS_NAMESPACE = "ai.limits"
"""Dynamic metadata namespace of what the limits are about."""

LIMIT = "limit"
"""Key of a descriptor's first entry; its value is the limit's name."""
MODEL = "model"
BACKEND = "backend"
SEPARATOR = "|"
"""Between the backends that a request may go to."""
RESERVE = "reserve"
"""Key of the first entry of a descriptor about the request; its value: the prices of a token of the
prompt and of one of the answer, in millionths of a USD."""
SIZE = "size"
ASKING = "client"
PRICE = "price"
"""Key of an entry, and of our dynamic metadata: the prices, as above, of the backend that a request
has gone to."""
BASE = "base"
"""Key of an entry: those at which it was reserved."""
MOVE = "move"
"""Key of a descriptor's first entry: what was reserved for a request that costs more now."""
HELD = "held"
"""Key of a descriptor's only entry, and of the service's dynamic metadata."""
KIND = "kind"
"""Key of the service's dynamic metadata: what is spent where it refuses."""
ABOVE = "above"
"""Key of the service's dynamic metadata: the limits in shadow that would have refused."""
SERVICE_NAMESPACE = "envoy.filters.http.ratelimit"
"""Dynamic metadata namespace of what the rate limit service answers."""

USED: dict[Unit, str] = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "tokens": "total_tokens",
    "cost_usd": "cost_microusd",
}
"""The metadata key that says how much was used."""
DUE: dict[Unit, str] = {unit: f"due_{key}" for unit, key in USED.items()}
"""The same of a session, less what was charged while it ran."""

CHOSEN = {MODEL: "request_model", BACKEND: BACKEND}
"""The keys of our dynamic metadata that say where a request goes."""

HEADERS = {"client": "x-ai-client", MODEL: "x-ai-model"}
HEADER = "header:"
CLAIM = "claim:"
CLAIM_HEADER = "x-ai-claim-"
"""How the headers begin in which Envoy says what a client's token claims."""

Json = dict[str, Any]


def header_rules(limits: Iterable[Limit]) -> list[Json]:
    """`request_rules` of Envoy's header_to_metadata filter: what the limits are about."""
    return [
        {
            "header": _named(part),
            "on_header_present": {
                "metadata_namespace": LIMITS_NAMESPACE,
                "key": part,
                "type": "STRING",
            },
            "remove": False,
        }
        for part in subjects(limits)
    ]


def subjects(limits: Iterable[Limit]) -> list[str]:
    """What the limits are about that is known when a request comes."""
    wanted = {part for limit in limits for part in (*limit.per, *((MODEL,) * bool(limit.models)))}
    wanted.discard(BACKEND)
    return sorted(wanted)


def _named(part: str) -> str:
    """The header in which it is said."""
    if part.startswith(CLAIM):
        return CLAIM_HEADER + part.removeprefix(CLAIM)
    return part.removeprefix(HEADER) if part.startswith(HEADER) else HEADERS[part]


def rate_limits(  # noqa: PLR0913  (each changes what Envoy sends)
    limits: Iterable[Limit],
    *,
    models: Sequence[str] | None,
    backends: Sequence[str],
    prices: tuple[float, float] = (0, 0),
    reserves: bool = True,
    moves: bool = False,
    used: Mapping[Unit, str] = USED,
) -> list[Json]:
    """`RateLimitPerRoute.rate_limits` of a route, the checks before the charges.

    `models` are the exact names that lead to the route, None where it has a pattern; `backends`
    are all that it may choose from; `prices` are those of a million tokens, in USD, and `moves`:
    whether some backend has others; `used` are the metadata keys of what is charged.
    """
    held = [limit for limit in limits if concerns(limit, models)]
    candidates = {BACKEND: _generic(BACKEND, SEPARATOR.join(backends))}
    chosen = {BACKEND: _generic(BACKEND, *backends) if len(backends) == 1 else _told(BACKEND)}
    checks = [
        _check(_actions(limit, models, candidates), at_once=_counts_at_once(limit, backends))
        for limit in held
    ]
    charges = [
        _charge(limit, _actions(limit, models, chosen), used)
        for limit in held
        if not _counts_at_once(limit, backends)
    ]
    if not (reserves and charges):
        return checks + charges
    known = prices if any(limit.unit == "cost_usd" for limit in held) else (0, 0)
    return [*checks, _about(known), *charges, _held(known if moves else None)]


def placed_limits(
    limits: Sequence[Limit], *, reserves: bool, used: Mapping[Unit, str]
) -> list[Json]:
    """The same of a route behind a server that has chosen model and backend by itself, and has said
    in its metadata which; Envoy knows none of them before."""
    known = {part: _told(part) for part in CHOSEN}
    checks = [
        _check(_actions(limit, None, known), at_once=limit.unit == "requests") for limit in limits
    ]
    charges = [
        _charge(limit, _actions(limit, None, known), used)
        for limit in limits
        if limit.unit != "requests"
    ]
    if not (reserves and charges):
        return checks + charges
    return [*checks, _about_chosen(), *charges, _held(None)]


def _about_chosen() -> Json:
    """What is known of a request that goes to one backend, at its own price."""
    model = _told(MODEL)
    client = _metadata(LIMITS_NAMESPACE, ASKING)
    for entry in (model, client):
        entry["metadata"]["skip_if_absent"] = True
    price = _metadata(NAMESPACE, PRICE, RESERVE)
    price["metadata"]["default_value"] = "0 0"
    return {"actions": [price, _header("content-length", SIZE), model, client]}


def _about(prices: tuple[float, float]) -> Json:
    """What is known of a request when it comes; a chunked one does not say its size."""
    return {
        "actions": [
            _generic(RESERVE, f"{prices[0]:g} {prices[1]:g}"),
            _header("content-length", SIZE),
            _header(HEADERS[MODEL], MODEL),
            _header(HEADERS[ASKING], ASKING),
        ]
    }


def _held(base: tuple[float, float] | None) -> Json:
    """Not sent where nothing was reserved; where others serve at other prices than `base`, at
    which."""
    actions = [_metadata(SERVICE_NAMESPACE, HELD)]
    if base is not None:
        price = _metadata(NAMESPACE, PRICE)
        price["metadata"]["skip_if_absent"] = True
        actions += [_generic(BASE, f"{base[0]:g} {base[1]:g}"), price]
    return {"actions": actions, "apply_on_stream_done": True}


def concerns(limit: Limit, models: Sequence[str] | None) -> bool:
    """Whether a limit may hold on a route to which these names lead, or any."""
    return models is None or not limit.models or not set(models).isdisjoint(limit.models)


def _counts_at_once(limit: Limit, backends: Sequence[str]) -> bool:
    """A request counts when it comes, if it is known by then what it counts for."""
    return limit.unit == "requests" and (BACKEND not in limit.per or len(backends) == 1)


def _check(actions: list[Json], *, at_once: bool) -> Json:
    return {"actions": actions, **({} if at_once else {"hits_addend": {"number": 0}})}


def _charge(limit: Limit, actions: list[Json], used: Mapping[Unit, str]) -> Json:
    hits: Json = {"number": 1}
    if limit.unit != "requests":
        hits = {"format": f"%DYNAMIC_METADATA({NAMESPACE}:{used[limit.unit]})%"}
    return {"actions": actions, "hits_addend": hits, "apply_on_stream_done": True}


def _actions(limit: Limit, models: Sequence[str] | None, known: Mapping[str, Json]) -> list[Json]:
    """`known`: the entries of parts that are not noted of a request when it comes."""
    parts = about(limit, models)
    entries = [known.get(part) or _metadata(LIMITS_NAMESPACE, part) for part in parts]
    return [_generic(LIMIT, limit.name), *entries]


def _told(part: str) -> Json:
    """What the server has said of where a request goes."""
    return _metadata(NAMESPACE, CHOSEN[part], part)


def about(limit: Limit, models: Sequence[str] | None) -> tuple[str, ...]:
    """The entries that follow the limit's name."""
    # Where the route alone does not tell whether the limit holds, the service decides by the model.
    undecided = limit.models and (models is None or not set(models) <= set(limit.models))
    return (*limit.per, MODEL) if undecided and MODEL not in limit.per else limit.per


def _generic(key: str, value: str) -> Json:
    return {"generic_key": {"descriptor_key": key, "descriptor_value": value}}


def _header(name: str, key: str) -> Json:
    """An entry that is left out where there is no such header."""
    return {"request_headers": {"header_name": name, "descriptor_key": key, "skip_if_absent": True}}


def _metadata(namespace: str, key: str, entry: str = "") -> Json:
    """`entry`: the key of the descriptor's entry, if it is another one."""
    return {
        "metadata": {
            "descriptor_key": entry or key,
            "metadata_key": {"key": namespace, "path": [{"key": key}]},
            "source": "DYNAMIC",
        }
    }
