"""Each rule: a right configuration, one thing changed, what is then said."""

import pytest

from tests.extproc.config.conftest import RIGHT

ONE = "    provider: openai\n    credential: {api_key: env:ONE}\n"


def test_an_unknown_key_gets_a_guess_and_the_keys_that_are_allowed(folder):
    (said,) = folder.added("extprc: {}\n")
    assert said == (
        "gateway.yaml:14: extprc: unknown key; did you mean 'extproc'? allowed: version, listen, "
        "backends, routes, default_model, prices, limits, clients, resources, extproc, limiter, "
        "admin, telemetry, usage, envoy"
    )


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("extproc: {log: {colour: 1}}", "extproc.log.colour", "format, level"),
        ("envoy: {dns: {x: 1}}", "envoy.dns.x", "family, refresh"),
        ("clients: {api_keys: {file: clients.yaml, x: 1}}", "clients.api_keys.x", "file"),
        ("limits: [{x: 1, per: model, tokens: 1, every: day}]", "limits[0].x", "per, requests"),
    ],
)
def test_an_unknown_key_is_found_at_any_depth(folder, text, key, allowed):
    folder.clients.write_text("a: env:ONE")
    (said,) = folder.added(text + "\n")
    assert said.startswith(f"gateway.yaml:14: {key}: unknown key; allowed: {allowed}")


def test_an_unknown_key_inside_a_credential_is_found(folder):
    (said,) = folder.changed("{api_key: env:ONE}", "{api_key: env:ONE, wieght: 1}")
    assert said == ("gateway.yaml:5: backends.one.credential.wieght: unknown key; allowed: api_key")


def test_an_unknown_provider_gets_a_guess_and_the_list(folder):
    (said,) = folder.changed("provider: openai", "provider: opnai")
    assert said.startswith(
        "gateway.yaml:4: backends.one.provider: unknown provider; did you mean 'openai'? allowed: "
    )
    assert "vllm" in said


def test_a_missing_key_is_named_at_its_mapping(folder):
    (said,) = folder.changed("    provider: openai\n", "")
    assert said == "gateway.yaml:3: backends.one.provider: a required key is missing"


def test_an_option_that_the_provider_needs_is_missed(folder):
    (said,) = folder.changed("    base_url: http://127.0.0.1:8000\n", "")
    assert said == "gateway.yaml:6: backends.two.base_url: required by the provider vllm"


@pytest.mark.parametrize(
    ("provider", "option", "known"),
    [
        ("openai", "region: us", ""),
        ("gemini", "project: p", ""),
        ("openai", 'api_version: "2024-10-21"', ""),
        ("azure\n    instance: i", "region: us", "; allowed: api_version, instance"),
    ],
)
def test_an_option_that_the_provider_has_not_is_refused(folder, provider, option, known):
    credential = "    credential: {api_key: env:ONE}\n"
    (said,) = folder.changed(ONE, f"    provider: {provider}\n{credential}    {option}\n")
    name = provider.partition("\n")[0]
    key = option.partition(":")[0]
    assert f"backends.one.{key}: the provider {name} has none{known}" in said


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("operations: [models]", "operations[0]", "has no operation 'models'"),
        ("operations: [chatt]", "operations[0]", "did you mean 'chat'?"),
        ("paths: {models: /v1/models}", "paths.models", "has no operation 'models'"),
        ("paths: {chat: /a/../b}", "paths.chat", "must not hold '.', '..' or empty segments"),
        ("dialect: bedrock.converse", "dialect", "does not speak it; allowed: openai.chat"),
        ("dialect: openai.caht", "dialect", "unknown dialect; did you mean 'openai.chat'?"),
        ("dialect: {chat: x}", "dialect.chat", "unknown dialect; allowed: openai.chat"),
        ("dialect: {models: x}", "dialect.models", "has no operation 'models'"),
        ("base_url: http://u:p@h", "base_url", "must not hold a user or a password"),
        ("headers: {authorization: x}", "headers.authorization", "is a credential"),
        ("headers: {host: x}", "headers.host", "is set by Envoy"),
        ("headers: {x: ' y'}", "headers.x", "visible ASCII"),
        ("tls: {certificate: a.pem}", "tls.key", "given together"),
        ("proxy: socks5://p", "proxy", "must begin with http:// or https://"),
        ("proxy: http://p/x", "proxy", "must not hold a path"),
        ("proxy: http://u:p@h", "proxy", "must not hold a user or a password"),
        ("proxy: {url: 'http://p', username: a}", "proxy.password", "given together"),
        ("proxy: {url: 'http://p', username: 'a:b'}", "proxy.username", "without a colon"),
        ("proxy: http://p\n    base_url: http://h", "proxy", "needs a provider with https"),
        ("passthrough: [POST v1/a]", "passthrough[0]", "must be a path"),
        ("passthrough: [POST /v1/*/a]", "passthrough[0]", "may have one *"),
        ("timeouts: {connect: 5}", "timeouts.connect", "must be a duration"),
        ("ejection: {first: 2m}", "ejection.first", "is longer than `most`"),
        ("max_in_flight: 0", "max_in_flight", "must be at least 1"),
        ("max_in_flight: true", "max_in_flight", "must be a whole number"),
        ("api_version: 5", "api_version", "must be text; put it in quotes"),
        ("region: a/b", "region", "it stands in a URL"),
    ],
)
def test_a_backend_is_checked(folder, text, key, says):
    (said,) = folder.changed(ONE, f"{ONE}    {text}\n")
    assert said.startswith(f"gateway.yaml:6: backends.one.{key}: ")
    assert says in said


def test_a_backend_has_a_proper_name(folder):
    said = folder.changed("  two:", "  'a b':")
    assert "gateway.yaml:6: backends.a b: must be a name" in said[0]


def test_a_route_names_backends_that_exist(folder):
    (said,) = folder.changed("backend: two", "backend: tow")
    assert said == (
        "gateway.yaml:13: routes[0].backends[1].backend: there is no such backend; "
        "did you mean 'two'? allowed: one, two"
    )


def test_a_backend_that_is_broken_still_exists(folder):
    (said,) = folder.changed("provider: vllm", "provider: vlm")
    assert "backends.two.provider" in said


def test_a_route_names_a_backend_once(folder):
    (said,) = folder.changed("backend: two, model: up", "backend: one, model: up")
    assert said.startswith(
        "gateway.yaml:13: routes[0].backends[1].backend: the same as backends[0]"
    )


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("priority: 1", "priority: 2", "backends[1].priority"),
        ("- backend: one", "- {backend: one, priority: 3}", "backends[0].priority"),
    ],
)
def test_priorities_have_no_gap(folder, old, new, key):
    said = folder.changed(old, new)
    assert f"routes[0].{key}: no backend has priority" in said[0]


def test_priorities_begin_with_0(folder):
    said = folder.said(RIGHT.replace("- backend: one", "- {backend: one, priority: 1}"))
    assert len(said) == 2
    assert all("no backend has priority 0; they begin with 0" in line for line in said)


@pytest.mark.parametrize("weight", [0, -1, 1.5, "x"])
def test_a_weight_is_a_whole_number_from_1(folder, weight):
    (said,) = folder.changed("- backend: one", f"- {{backend: one, weight: {weight}}}")
    assert "routes[0].backends[0].weight: must be" in said


def test_a_model_pattern_stands_once(folder):
    more = "  - models: ['gpt-4*', other]\n    backends: [{backend: one}]\n"
    (said,) = folder.added(more)
    assert said == "gateway.yaml:14: routes[1].models[0]: the same as routes[0].models[1]"


@pytest.mark.parametrize(
    ("request_", "key", "says"),
    [
        ("{override: {model: x}}", "override.model", "is decided by the gateway"),
        ("{defaults: {stream: true}}", "defaults.stream", "is decided by the gateway"),
        ("{remove: [model]}", "remove[0]", "cannot be removed"),
        ("{remove: [stream.x]}", "remove[0]", "cannot be removed"),
        ("{remove: [a..b]}", "remove[0]", "names joined by dots"),
        ("{defaults: {a..b: 1}}", "defaults.a..b", "joined by dots"),
        ("{override: {stream.x: 1}}", "override.stream.x", "is decided by the gateway"),
        ("{defaults: {a.b: 1}, override: {a: {}}}", "defaults.a.b", "has no effect"),
        ("{remove: [a], override: {a.b: 2}}", "remove[0]", "also in defaults or override"),
        ("{override: {a: 18446744073709551616}}", "override.a", "64 bits"),
        ("{defaults: {a: 1}, override: {a: 2}}", "defaults.a", "has no effect"),
        ("{remove: [a], override: {a: 2}}", "remove[0]", "also in defaults or override"),
    ],
)
def test_edits_of_a_body_are_checked(folder, request_, key, says):
    (said,) = folder.added(f"    request: {request_}\n")
    assert said.startswith(f"gateway.yaml:14: routes[0].request.{key}: ")
    assert says in said


def test_edits_may_hold_nested_values_and_text_of_several_lines(folder):
    request = "    request: {defaults: {metadata: {a: [1, null, 'x']}, system: \"a\\nb\"}}\n"
    gateway = folder.load(RIGHT + request)
    assert gateway.routes[0].request.defaults == {
        "metadata": {"a": [1, None, "x"]},
        "system": "a\nb",
    }


@pytest.mark.parametrize(
    ("retry", "key", "says"),
    [
        ("{on: [5x]}", "on[0]", "must be a status from 400 to 599, or one of 5xx"),
        ("{on: ['399']}", "on[0]", "must be a status"),
        ("{attempts: 11}", "attempts", "must be at most 10"),
        ("{per_try_timeout: 60}", "per_try_timeout", "must be a duration"),
    ],
)
def test_a_retry_is_checked(folder, retry, key, says):
    (said,) = folder.added(f"    retry: {retry}\n")
    assert f"routes[0].retry.{key}: {says}" in said


@pytest.mark.parametrize(
    "price", ["{input: -1, output: 1}", "{input: x, output: 1}", "{inputs: 1}"]
)
def test_a_price_is_checked(folder, price):
    (said,) = folder.added(f"    price: {price}\n")
    assert "routes[0].price" in said


@pytest.mark.parametrize(
    ("limit", "key", "says"),
    [
        ("{per: model, every: day}", "", "has no amounts; exactly one is given; allowed: requests"),
        ("{per: model, tokens: 1, requests: 1, every: day}", "", "has 2 amounts"),
        ("{per: modle, tokens: 1, every: day}", ".per", "must be one of client, model, backend"),
        ("{per: [], tokens: 1, every: day}", ".per", "must hold at least 1"),
        ("{per: [model, model], tokens: 1, every: day}", ".per", "twice"),
        ("{per: 'header:a b', tokens: 1, every: day}", ".per", "the name of an HTTP header"),
        ("{per: client, tokens: 1, every: day}", ".per", "needs `clients`"),
        ("{per: model, tokens: 1, every: dya}", ".every", "did you mean 'day'?"),
        ("{per: model, tokens: 0, every: day}", ".tokens", "must be at least 1"),
        ("{per: model, tokens: 1.5, every: day}", ".tokens", "must be a whole number"),
        ("{per: model, cost_usd: 0, every: day}", ".cost_usd", "must be more than 0"),
        ("{per: model, cost_usd: 1, every: day}", ".cost_usd", "no route has a `price`"),
        ("{per: model, tokens: 1, every: day, models: [x]}", ".models[0]", "no route serves it"),
        ("{per: model, tokens: 1, every: day, models: [smal]}", ".models[0]", "mean 'small'?"),
    ],
)
def test_a_limit_is_checked(folder, limit, key, says):
    (said,) = folder.added(f"limits:\n  - {limit}\n")
    assert said.startswith(f"gateway.yaml:15: limits[0]{key}")
    assert says in said


@pytest.mark.parametrize("model", ["small", "gpt-4o", "claude-3"])
def test_a_limit_may_name_any_model_that_a_pattern_serves(folder, model):
    limit = f"limits: [{{per: 'header:X-User', tokens: 1, every: day, models: {model}}}]\n"
    assert folder.load(RIGHT + limit).limits[0].per == ("header:x-user",)


def test_two_limits_of_the_same_thing_are_refused(folder):
    limit = "  - {per: model, tokens: 1, every: day}\n"
    (said,) = folder.added(f"limits:\n{limit}{limit.replace('1', '2')}")
    assert said == "gateway.yaml:16: limits[1]: limits the same as limits[0]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("listen: {port: 9901}", "gateway.yaml:14: listen.port: the same port as envoy.admin_port"),
        (
            "envoy: {admin_port: 8080}",
            "gateway.yaml:1: listen.port: the same port as envoy.admin_port",
        ),
        (
            "listen: {port: 1}\nextproc: {tcp: {port: 1}}",
            "gateway.yaml:14: listen.port: the same port as extproc.tcp.port",
        ),
    ],
)
def test_ports_do_not_clash(folder, text, says):
    assert folder.added(text + "\n") == [says]


def test_envoy_sends_no_secret_to_a_collector(folder):
    traces = "{endpoint: 'http://c.test/v1/traces', envoy: true, headers: {x: env:ONE}}"
    (said,) = folder.added(f"telemetry: {{traces: {traces}}}\n")
    assert "telemetry.traces.envoy: Envoy sends no `headers`" in said


def test_bodies_are_stored_somewhere(folder):
    text = RIGHT.replace("provider: vllm", "provider: vllm\n    store_raw: true")
    (said,) = folder.said(text)
    assert said.endswith("backends.two.store_raw: say where: usage: {store: …}")
    assert folder.said(f"{text}usage: {{store: 'sqlite:///u.db'}}\n") == []


def test_port_0_clashes_with_nothing(folder):
    assert folder.added("listen: {port: 0}\nenvoy: {admin_port: 0}\n") == []


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("listen: {address: localhost}", "listen.address", "must be an IP address"),
        ("listen: {port: -1}", "listen.port", "must be at least 0"),
        ("listen: {tls: {key: a}}", "listen.tls.certificate", "required key is missing"),
        ("extproc: {workers: 0}", "extproc.workers", "must be `auto` or a number from 1 to 256"),
        ("extproc: {workers: many}", "extproc.workers", "must be `auto`"),
        ("extproc: {transport: grpc}", "extproc.transport", "did you mean 'grpcio'?"),
        ("extproc: {sockets: run}", "extproc.sockets", "absolute path of at most 80 bytes"),
        (f"extproc: {{sockets: /{'x' * 90}}}", "extproc.sockets", "at most 80 bytes"),
        ("extproc: {log: {level: warn}}", "extproc.log.level", "did you mean 'warning'?"),
        ("extproc: {fetch: {}}", "extproc.fetch.hosts", "required key is missing"),
        ("extproc: {fetch: {hosts: []}}", "extproc.fetch.hosts", "at least 1"),
        ("extproc: {fetch: {hosts: [a/b]}}", "extproc.fetch.hosts[0]", "must be a host"),
        ("extproc: {fetch: {hosts: [a], timeout: 2m}}", "extproc.fetch.timeout", "at most 60"),
        ("extproc: {fetch: {hosts: [a], max_bytes: 0}}", "extproc.fetch.max_bytes", "at least 1"),
        ("limiter: {storage: 'redis://h'}", "limiter.storage", "name it, env:NAME"),
        ("limiter: {storage: 5}", "limiter.storage", "must be `memory`, or where"),
        ("limiter: {on_error: fail}", "limiter.on_error", "allowed: allow, deny"),
        ("envoy: {max_body_bytes: 4GiB}", "envoy.max_body_bytes", "must be at most 2147483647"),
        ("envoy: {timeouts: {request: 0s}}", "envoy.timeouts.request", "more than 0s"),
        ("envoy: {dns: {family: v4}}", "envoy.dns.family", "allowed: auto, v4_only"),
        ("listen: 5", "listen", "must be a mapping"),
        ("limits: {}", "limits", "must be a list"),
    ],
)
def test_the_process_and_envoy_are_checked(folder, text, key, says):
    (said,) = folder.added(text + "\n")
    assert said.startswith(f"gateway.yaml:14: {key}: ")
    assert says in said


def test_the_version_is_1(folder):
    (said,) = folder.changed("version: 1", "version: 2")
    assert said.startswith("gateway.yaml:1: version: ")
    assert said.endswith("allowed: 1")


@pytest.mark.parametrize("text", ['"a\\r\\nb"', '"a\\0b"', '"a\\u2028b"', '"a\\tb"'])
@pytest.mark.parametrize("key", ["provider", "base_url", "project", "dialect"])
def test_line_breaks_and_control_characters_are_refused_everywhere(folder, key, text):
    changed = ONE.replace("openai\n", "openai\n" + f"    {key}: {text}\n")
    if key == "provider":
        changed = ONE.replace("openai", text)
    assert any(f"backends.one.{key}: " in line for line in folder.changed(ONE, changed))


@pytest.mark.parametrize("text", ['"a\\r\\nb"', '"a\\u2028b"'])
def test_a_path_for_envoy_has_no_line_breaks(folder, text):
    (said,) = folder.added(f"envoy: {{access_log: {text}}}\n")
    assert "envoy.access_log: must " in said
    assert "line breaks or control characters" in said


def test_a_key_that_says_who_calls_cannot_be_forwarded(folder):
    folder.clients.write_text("a: env:ONE")
    clients = "clients: {api_keys: {file: clients.yaml}}\n"
    text = RIGHT.replace("credential: {api_key: env:ONE}", "credential: forward", 1)
    assert any("with `clients`, a key" in said for said in folder.said(text + clients))


@pytest.mark.parametrize(
    ("balance", "key", "says"),
    [
        ("{policy: random, hash_on: conversation}", "balance.hash_on", "without the policy hash"),
        ("{sticky_to: address}", "balance.sticky_to", "without the policy hash"),
        ("{client_order: true}", "balance.client_order", "with a single backend"),
        ("{policy: hash, hash_on: talk}", "balance.hash_on", "conversation"),
        ("{policy: hash, hash_on: {header: 'a b'}}", "balance.hash_on.header", "HTTP header"),
        ("{policy: hash, hash_on: [{body: a..b}]}", "balance.hash_on[0].body", "joined by dots"),
        ("{policy: hash, hash_on: [{query: a}]}", "balance.hash_on[0]", "body"),
        ("{policy: sticky}", "balance.policy", "latency, hash"),
    ],
)
def test_balancing_says_what_has_an_effect(folder, balance, key, says):
    route = f"  - {{models: [z], backends: [{{backend: one}}], balance: {balance}}}\n"
    said = folder.changed("routes:\n", f"routes:\n{route}")
    assert any(f"routes[0].{key}" in each and says in each for each in said), said


def test_a_client_and_the_server_cannot_both_say_who_is_next(folder):
    backends = "[{backend: one}, {backend: two}]"
    order = "balance: {client_order: true}, retry: {lossless: true}"
    route = f"  - {{models: [z], backends: {backends}, {order}}}\n"
    (said,) = folder.changed("routes:\n", f"routes:\n{route}")
    assert "routes[0].balance.client_order: cannot stand beside retry.lossless" in said


def test_weights_have_no_effect_on_a_random_choice(folder):
    backends = "[{backend: one, weight: 2}]"
    route = f"  - {{models: [z], backends: {backends}, balance: {{policy: random}}}}\n"
    (said,) = folder.changed("routes:\n", f"routes:\n{route}")
    assert "routes[0].backends[0].weight: has no effect with the policy random" in said


@pytest.mark.parametrize(
    ("models", "model", "fits"),
    [
        ("[z]", "$0-x", True),
        ("[z]", "$1", False),
        ("['z*']", "$1", True),
        ("['z*', y]", "$1", False),
        ("['/z(.)(.)/']", "$2", True),
        ("['/z(.)(.)/']", "$3", False),
    ],
)
def test_parts_of_a_name_must_be_there(folder, models, model, fits):
    route = f"  - {{models: {models}, backends: [{{backend: one, model: '{model}'}}]}}\n"
    said = folder.changed("routes:\n", f"routes:\n{route}")
    told = [each for each in said if "routes[0].backends[0].model" in each]
    assert told == said
    assert bool(told) is not fits


def test_the_default_model_is_one_that_is_served(folder):
    (said,) = folder.added("default_model: nobody\n")
    assert said.endswith("default_model: no route serves it")


@pytest.mark.parametrize(
    ("credential", "said"),
    [
        ("forward", "backends.one.probe: the credential comes with requests"),
        ("{header: x-k}", "backends.one.probe: the credential comes with requests"),
    ],
)
def test_a_probe_needs_a_credential_of_the_gateways(folder, credential, said):
    (flaw,) = folder.changed(
        ONE, f"    provider: openai\n    credential: {credential}\n    probe: {{}}\n"
    )
    assert said in flaw


def test_a_probe_needs_to_know_where_models_are_listed(folder):
    own = "    provider: voyage\n    credential: {api_key: env:ONE}\n    probe: {}\n"
    (flaw,) = folder.changed(ONE, own)
    assert "backends.one.probe: say `path`" in flaw
    assert folder.changed(ONE, own.replace("{}\n", "{path: /v1/x}\n")) == []


def test_probes_are_not_too_many(folder):
    (flaw,) = folder.changed(ONE, f"{ONE}    probe: {{every: 1s}}\n")
    assert "backends.one.probe.every" in flaw
