import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from extproc.config import ConfigError, digest, load, schema
from extproc.config.document import read
from tests.extproc.config.conftest import RIGHT
from tests.extproc.config.mutations import places, written

EVERYTHING = """\
version: 1
listen:
  address: 0.0.0.0
  port: 8443
  tls: {certificate: /tls.crt, key: /tls.key, client_ca: /ca.crt}
  http2: true
backends:
  openai: {provider: openai, credential: {api_key: env:OPENAI_API_KEY}}
  claude: {provider: anthropic, credential: {api_key: [env:A, {ref: env:B, weight: 2}]}}
  bedrock-eu: {provider: bedrock, region: eu-west-1, credential: {aws: {bearer: file:/key}}}
  local:
    provider: vllm
    base_url: http://127.0.0.1:8000/openai/v1
    credential: none
    paths: {chat: /v2/chat}
    headers: {x-team: blue}
    operations: [chat]
    dialect: {chat: openai.chat}
    tls: {ca: /ca.pem, insecure: false, sni: local.test, certificate: /c.pem, key: /k.pem}
    timeouts: {connect: 500ms, per_try: 1m, idle: 2m}
    max_in_flight: 100
  theirs: {provider: groq, credential: {header: x-groq-key, fallback: {api_key: env:GROQ}}}
  role:
    provider: bedrock
    region: eu-west-1
    credential:
      header: {access_key_id: x-id, secret_access_key: x-secret, session_token: x-token}
      fallback:
        aws:
          role_arn: "arn:aws:iam::123456789012:role/x"
          session_name: me
          external_id: e-1
          sts_endpoint: https://sts.test
  vertex:
    provider: vertex
    region: global
    project: p
    credential: {gcp: {service_account: file:/sa.json, impersonate: a@p.iam.gserviceaccount.com}}
  azure:
    provider: azure
    instance: i
    credential: {entra: {tenant_id: t, client_id: c, certificate: file:/c.pem, cloud: china}}
  machine: {provider: azure, instance: i, credential: {entra: {managed_identity: true}}}
  databricks:
    provider: openai-compatible
    base_url: https://databricks.test
    credential:
      oauth:
        token_url: https://databricks.test/oidc/v1/token
        client_id: env:CLIENT
        client_secret: env:SECRET
        scope: all-apis
        audience: a
        auth_style: body
  passed: {provider: xai, credential: {header: x-their-key, fallback: none}, dialect: openai.chat}
routes:
  - models: [smart, gpt-4*, "/^claude-.*/"]
    backends:
      - {backend: openai, model: gpt-4o-2024-11-20, weight: 3}
      - {backend: bedrock-eu, model: "eu.anthropic.claude-sonnet-4-20250514-v1:0", priority: 1}
    retry: {attempts: 2, on: [5xx, "429", 503, connect-failure], per_try_timeout: 60s}
    request:
      defaults: {temperature: 0.2}
      override: {max_tokens: 4096}
      remove: [logit_bias, metadata.internal]
    price: {input: 2.50, output: 10.00, cache_read: 1.25, cache_write: 3}
    timeouts: {request: 5m, stream_idle: 30s}
  - models: "*"
    backends: [{backend: local}]
limits:
  - {per: "header:x-user-id", tokens: 100000, every: minute}
  - {per: [client, model], models: [smart], cost_usd: 0.5, every: day}
clients: {api_keys: {file: clients.yaml}}
extproc:
  workers: 2
  transport: lean
  sockets: /run/extproc
  tcp: {host: 127.0.0.1, port: 9000, tls: {certificate: /c, key: /k}}
  log: {format: console, level: debug}
  drain: 30s
  fetch:
    hosts: [images.example.com, "*.example.com", "10.0.0.7:8080", "*"]
    max_bytes: 10MiB
    max_total_bytes: 20MiB
    max_files: 16
    timeout: 10s
    redirects: 3
    http: false
limiter: {storage: env:REDIS_URL, on_error: deny}
envoy:
  admin_port: 9901
  max_body_bytes: 50MiB
  timeouts: {request: 600s, per_try: 60s, stream_idle: 60s, connect: 5s}
  access_log: null
  dns: {family: v4_only, refresh: 10s}
"""

SHIPPED = sorted(Path(__file__).parents[3].glob("envoy/**/gateway*.yaml"))


def valid(text):
    validator = jsonschema.Draft202012Validator(schema())
    file = yaml.safe_load(text) if isinstance(text, str) else read(text)[0].root.plain()
    return [error.message for error in validator.iter_errors(file)]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_schema_and_the_models_accept_everything_that_there_is(folder):
    file = folder.write(EVERYTHING)
    assert valid(file) == []
    assert len(load(file).backends) == 11


@pytest.mark.parametrize("file", [None, *SHIPPED], ids=lambda file: file and file.name)
def test_the_examples_are_valid(folder, file):
    file = file or folder.write(RIGHT)
    assert valid(file) == []
    load(file)


def test_the_schemas_own_examples_are_valid():
    for example in schema()["examples"]:
        assert valid(json.dumps(example)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("provider: openai, ", "provder: openai, "),
        ("env:OPENAI_API_KEY", "sk-123"),
        ("port: 8443", "port: 99999"),
        ("5m", "5"),
        ("per: [client, model]", "per: []"),
        ("drain: 30s", "drain: 30"),
        ("max_files: 16", "max_files: 0"),
        ("timeout: 10s", "timeout: 10"),
        ('"10.0.0.7:8080"', '"http://10.0.0.7/"'),
        ("every: day", "every: dya"),
        ("weight: 3", "weight: 0"),
        ("workers: 2", "workers: 0"),
        ("http://127.0.0.1:8000/openai/v1", "ftp://x"),
    ],
)
def test_the_schema_refuses_what_the_models_refuse(folder, old, new):
    assert old in EVERYTHING
    assert valid(folder.write(EVERYTHING.replace(old, new, 1)))


def objects(value):
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from objects(item)


def test_every_key_and_every_mapping_is_described():
    found = schema()
    assert "$id" not in found
    assert found["$schema"].endswith("2020-12/schema")
    named = [found, *found["$defs"].values()]
    for definition in named:
        assert definition.get("title") or definition == {}
        for name, field in definition.get("properties", {}).items():
            assert field.get("description", "").strip(), f"{definition['title']}.{name}"
            assert "\n" not in field["description"]


def test_no_mapping_of_the_format_takes_unknown_keys():
    for item in objects(schema()):
        if "properties" in item and "title" in item:
            assert item.get("additionalProperties") is False, item["title"]


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def test_the_hash_does_not_depend_on_the_order_of_keys(folder):
    one = digest(folder.load(EVERYTHING))
    plain = read(folder.gateway)[0].root.plain()
    assert digest(folder.load(json.dumps(reordered(plain)))) == one
    assert len(one) == 64


def test_the_hash_does_not_depend_on_defaults_being_written(folder):
    written = RIGHT + "listen: {port: 8080}\nextproc: {workers: auto, drain: 30000ms}\n"
    assert digest(folder.load(RIGHT)) == digest(folder.load(written))


@pytest.mark.parametrize(
    ("old", "new"), [("model: up", "model: down"), ("env:ONE", "env:TWO"), ("small", "large")]
)
def test_the_hash_changes_with_what_is_said(folder, old, new):
    assert digest(folder.load(RIGHT)) != digest(folder.load(RIGHT.replace(old, new)))


def test_the_hash_covers_the_clients(folder):
    gateway = folder.load(RIGHT)
    assert digest(gateway, {"a": ("env:A",)}) != digest(gateway, {"a": ("env:B",)})


def test_the_hash_is_the_same_in_every_process(folder):
    gateway = folder.load(EVERYTHING)
    code = "import sys; from pathlib import Path; from extproc.config import digest, load; "
    code += "print(digest(load(Path(sys.argv[1]))))"
    seeds = ("1", "2")
    printed = {
        subprocess.run(
            [sys.executable, "-c", code, str(folder.gateway)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()
        for seed in seeds
    }
    assert printed == {digest(gateway)}


VALUES = [None, 0, 1, 1.0, 1.5, True, "", "x", "yes", "5", "1m", "10MiB", "env:A", "/a", "*", "é"]
VALUES += [429, "429", 10**20, [], ["a"], [1], {}, {"a": 1}, ...]
"""What may stand in place of a node; `...`: nothing."""


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_what_check_takes_the_schema_takes(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("schema") / "gateway.yaml"
    file.write_text(EVERYTHING)
    whole = read(file)[0].root.plain()
    at = data.draw(st.sampled_from([at for at in places(whole) if at]))
    value = data.draw(st.sampled_from(VALUES))
    file.write_bytes(written(whole, at, value))
    try:
        load(file)
    except ConfigError:
        return
    assert valid(file) == [], (at, value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("provider: vllm", "provider: vlm"),
        ("on: [5xx,", "on: [6xx,"),
        ("on: [5xx,", "on: [200,"),
        ("per: [client, model]", "per: [client, modell]"),
        ("insecure: false", "insecure: 1"),
        ("dialect: {chat: openai.chat}", "dialect: {chat: openai.chatt}"),
        ("dialect: openai.chat}", "dialect: openai}"),
        ("  local:\n", "  'lo cal':\n"),
        ("headers: {x-team: blue}", "headers: {x team: blue}"),
        ("headers: {x-team: blue}", "headers: {host: blue}"),
        ("headers: {x-team: blue}", 'headers: {x-team: " blue"}'),
        ("ca: /ca.pem", 'ca: "/ca\\n.pem"'),
        ("sni: local.test", "sni: local..test"),
        ("address: 0.0.0.0", "address: localhost"),
        ("models: [smart, gpt-4*", "models: [smart, gp*t-4"),
        ("models: [smart, gpt-4*", "models: [smart, ''"),
        ("remove: [logit_bias,", "remove: [logit..bias,"),
        ("override: {max_tokens: 4096}", "override: {max..tokens: 4096}"),
        ("session_name: me", "session_name: m/e"),
        ("arn:aws:iam::123456789012:role/x", "arn:aws:iam::12:role/x"),
        ("impersonate: a@p", "impersonate: p"),
        ("idle: 2m", "idle: 0.0m"),
        ('"10.0.0.7:8080"', '"a b"'),
        ("connect: 500ms", "connect: 0.5"),
    ],
)
def test_both_refuse_what_is_no_word_of_theirs(folder, old, new):
    assert old in EVERYTHING
    file = folder.write(EVERYTHING.replace(old, new, 1))
    assert valid(file)
    with pytest.raises(ConfigError):
        load(file)
