"""Clients that show a JWT instead of a key, through a real Envoy."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator

ENV = {**os.environ, "KEY": "sk-key-of-ours"}
ISSUER = "https://issuer.example.com"
HELLO = [{"role": "user", "content": "hello"}]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def token(key: rsa.RSAPrivateKey = KEY, **claims: Any) -> str:
    usual = {
        "iss": ISSUER,
        "aud": "llm",
        "exp": int(time.time()) + 600,
        "email": "ann@example.com",
        "org": {"team": "red"},
    }
    said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode(said, key, "RS256", {"kid": "one"})


def config(sim: RunningSimulator, jwks: str) -> dict[str, Any]:
    backend = {"provider": "openai", "base_url": sim.url, "credential": {"api_key": "env:KEY"}}
    return {
        "backends": {"a": backend},
        "routes": [
            {"models": ["gpt-4o"], "backends": [{"backend": "a"}]},
            {"models": ["dear"], "backends": [{"backend": "a"}], "clients": ["group:team"]},
        ],
        "limits": [{"per": "claim:team", "models": ["dear"], "requests": 2, "every": "day"}],
        "clients": {
            "jwt": {
                "issuer": ISSUER,
                "audiences": ["llm"],
                "jwks": {"file": jwks},
                "name": "email",
                "claims": {"team": "org.team"},
            },
            "groups": {"team": ["ann@example.com", "bob@example.com", "eve@example.com"]},
        },
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[tuple[Local, RunningSimulator]]:
    jwks = tmp_path_factory.mktemp("tokens") / "jwks.json"
    public = {**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "one", "alg": "RS256"}
    jwks.write_text(json.dumps({"keys": [public]}))
    with RunningSimulator() as sim, Local(config(sim, str(jwks)), ENV) as local:
        yield local, sim


def ask(world, shown: str | None, model: str = "gpt-4o", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if shown is not None:
        named["authorization"] = f"Bearer {shown}"
    body = {"model": model, "messages": HELLO}
    return httpx.post(f"{world[0].url}/v1/chat/completions", json=body, headers=named, timeout=30)


def test_a_token_is_accepted_and_names_the_client(world):
    local, sim = world
    assert ask(world, token()).status_code == 200
    local.wait_for(lambda: [r for r in local.records() if r.get("client")], "the access log")
    assert local.records()[-1]["client"] == "ann@example.com"
    sent = sim.requests[-1]
    assert sent.header("authorization") == "Bearer sk-key-of-ours"
    assert not [name for name, _ in sent.headers if name.lower().startswith("x-ai-")]


@pytest.mark.parametrize("header", ["x-api-key", "api-key", "x-goog-api-key", "xi-api-key"])
def test_it_may_stand_where_sdks_put_keys(world, header):
    assert ask(world, None, **{header: token()}).status_code == 200
    assert world[1].requests[-1].header(header) == ""


@pytest.mark.parametrize(
    ("shown", "status", "says"),
    [
        (lambda: None, 401, "You didn't provide a token"),
        (lambda: "no-token", 401, "The token is not accepted: Jwt is not in the form"),
        (lambda: token(STRANGER), 401, "The token is not accepted: Jwt verification fails"),
        (lambda: token(exp=int(time.time()) - 600), 401, "not accepted: Jwt is expired"),
        (lambda: token(exp=None), 401, "The token is not accepted"),
        (lambda: token(iss="https://other.example.com"), 401, "Jwt issuer is not configured"),
        (lambda: token(aud="mail"), 403, "That is not allowed"),
        (lambda: token(email=None), 403, "That is not allowed"),
    ],
)
def test_what_is_not_right_is_refused(world, shown, status, says):
    before = len(world[1].requests)
    answer = ask(world, shown(), x_ai_client="ann@example.com", x_ai_claim_team="red")
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]
    assert len(world[1].requests) == before


def test_the_client_is_told_so_in_its_own_format(world):
    client = anthropic.Anthropic(base_url=world[0].url, auth_token="x.y.z", max_retries=0)
    with pytest.raises(anthropic.AuthenticationError, match="The token is not accepted"):
        client.messages.create(model="gpt-4o", messages=HELLO, max_tokens=9)


def test_a_token_says_which_models_there_are(world):
    mallory = token(email="mallory@example.com")
    assert ask(world, mallory, "dear").status_code == 404
    assert ask(world, token(email="eve@example.com"), "dear").status_code == 200


def test_a_claim_has_a_budget(world):
    def status(email: str, team: str) -> int:
        shown = token(email=email, org={"team": team})
        return ask(world, shown, "dear", x_ai_claim_team=email).status_code

    found = [status(f"{who}@example.com", "blue") for who in ("ann", "bob", "ann")]
    assert found == [200, 200, 429]
    assert status("ann@example.com", "green") == 200


def test_health_needs_no_token(world):
    assert httpx.get(f"{world[0].url}/healthz").status_code == 200
    assert httpx.get(f"{world[0].url}/v1/models").status_code == 401
