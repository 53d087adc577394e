"""Envoy accepts what every setting of gateway.yaml becomes."""

from pathlib import Path
from typing import Any

import pytest

from extproc.config.gateway import Gateway
from extproc.ratelimit.limit import Limit
from extproc.render import render
from providers.catalog import PROVIDERS
from tests.extproc.render.support import backend, route, validate

CERTIFICATES = Path(__file__).parent / "certificates"
CA = str(CERTIFICATES / "ca.pem")
PAIR = {
    "certificate": str(CERTIFICATES / "server.pem"),
    "key": str(CERTIFICATES / "server.key"),
}
OPTIONS = {"region": "eu-west-1", "project": "p", "instance": "i"}
PLACED = {"base_url": "https://models.example.test:8443/v1"}


def pair(number: int) -> dict[str, Any]:
    return {f"b{number}": backend(1000 + number)}


def everyones_own() -> dict[str, Any]:
    """A backend of every provider that there is."""
    return {
        name: {
            "provider": name,
            "credential": "none",
            **{key: value for key, value in {**OPTIONS, **PLACED}.items() if key in row.options},
        }
        for name, row in PROVIDERS.items()
    }


SETTINGS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "ipv6": {"listen": {"address": "::"}},
    "http1": {"listen": {"http2": False}},
    "https": {"listen": {"tls": PAIR}},
    "mutual tls": {"listen": {"tls": {**PAIR, "client_ca": CA}}},
    "spans": {
        "telemetry": {"traces": {"endpoint": "http://127.0.0.1:4318/v1/traces", "envoy": True}}
    },
    "spans by https": {
        "telemetry": {"traces": {"endpoint": "https://c.example.test/v1/traces", "envoy": True}}
    },
    "no log": {"envoy": {"access_log": None}},
    "counted": {"usage": {"store": "sqlite:///usage.db"}, "envoy": {"access_log": None}},
    "probed": {"backends": {"b0": {**backend(1000), "probe": {}}}, "routes": []},
    "fetching": {"extproc": {"fetch": {"hosts": ["*"], "timeout": "1500ms"}}},
    "small bodies": {"envoy": {"max_body_bytes": 1024}},
    "large bodies": {"envoy": {"max_body_bytes": 2**31 - 1}},
    **{
        f"dns {family}": {"envoy": {"dns": {"family": family}}}
        for family in ("auto", "v4_only", "v6_only", "v4_preferred", "all")
    },
    "short times": {
        "envoy": {
            "timeouts": {"request": "1s", "per_try": "1ms", "stream_idle": "5ms", "connect": "1ms"}
        }
    },
    "tls of a backend": {
        "backends": {
            "b": backend(1, **PLACED, tls={"ca": CA, "sni": "other.test", **PAIR}),
            "c": backend(2, base_url="https://[::1]:8443", tls={"insecure": True}),
        },
        "routes": [route(["m"], "b", "c")],
    },
    "every pattern": {
        "backends": pair(1),
        "routes": [route(["a", "a*", "*", "/a.*/", 'quote"d', "back\\slash", "a: b", "~"], "b1")],
    },
    "expressions only": {"backends": pair(1), "routes": [route(["/a.*/"], "b1")]},
    "many priorities": {
        "backends": {name: value for n in range(128) for name, value in pair(n).items()},
        "routes": [route(["m"], *(f"b{n}" for n in range(128)))],
    },
    "every provider": {
        "backends": everyones_own(),
        "routes": [route([name], name) for name in PROVIDERS],
    },
    "every condition": {
        "backends": pair(1),
        "routes": [
            route(
                ["m"],
                "b1",
                retry={
                    "attempts": 10,
                    "on": [
                        "5xx",
                        "gateway-error",
                        "connect-failure",
                        "refused-stream",
                        "reset",
                        "reset-before-request",
                        "timeout",
                        "retriable-4xx",
                        "429",
                        "529",
                    ],
                },
            )
        ],
    },
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_envoy_accepts_a_setting(settings: dict[str, Any], tmp_path: Path) -> None:
    gateway = Gateway.model_validate({"version": 1, **settings})
    assert validate(render(gateway, ca=CA), tmp_path) == ""


@pytest.mark.parametrize("unit", ["requests", "input_tokens", "tokens", "cost_usd"])
@pytest.mark.parametrize("deny", [False, True])
def test_envoy_accepts_limits_and_keys(unit: Any, deny: bool, tmp_path: Path) -> None:
    settings = {
        "version": 1,
        "backends": pair(1) | pair(2),
        "routes": [route(["a", "b"], "b1", "b2"), route(["c*"], "b2")],
        "limiter": {"on_error": "deny" if deny else "allow"},
    }
    limits = [
        Limit(name="one", per=("client",), unit=unit, amount=5, every="day"),
        Limit(name="two", per=("backend", "model"), unit=unit, amount=5, every="day"),
        Limit(
            name="three", per=("header:x-team",), unit=unit, amount=5, every="day", models=("a",)
        ),
    ]
    text = render(
        Gateway.model_validate(settings),
        client_keys={"me": ['with "quotes" and: colons', "two"]},
        limits=limits,
        ca=CA,
    )
    assert validate(text, tmp_path) == ""
    assert ("failure_mode_deny: true" in text) == deny
