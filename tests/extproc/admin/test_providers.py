"""What the management API says of a backend."""

import orjson
import pytest

from extproc.admin import models
from extproc.admin.providers import UNBOUNDED, provider, providers
from extproc.config.load import parse
from tests.extproc.transport.certificates import Authority

SEED = {
    "network_config": {
        "base_url": "",
        "extra_headers": {},
        "default_request_timeout_in_seconds": 0,
        "max_retries": 0,
        "retry_backoff_initial": 0,
        "retry_backoff_max": 0,
        "insecure_skip_verify": True,
        "ca_cert_pem": "",
        "allow_private_network": False,
    },
    "concurrency_and_buffer_size": {"concurrency": 0, "buffer_size": 0},
    "proxy_config": {"url": "", "username": "", "password": "", "ca_cert_pem": ""},
    "send_back_raw_request": True,
    "send_back_raw_response": True,
    "store_raw_request_response": True,
    "custom_provider_config": {
        "is_key_less": True,
        "allowed_requests": dict.fromkeys(
            [
                "list_models",
                "text_completion",
                "text_completion_stream",
                "chat_completion",
                "chat_completion_stream",
                "responses",
                "responses_stream",
                "count_tokens",
                "embedding",
                "speech",
                "speech_stream",
                "transcription",
                "transcription_stream",
                "image_generation",
                "image_generation_stream",
                "batch_create",
                "batch_list",
                "batch_retrieve",
                "batch_cancel",
                "batch_results",
                "file_upload",
                "file_list",
                "file_retrieve",
                "file_delete",
                "file_content",
            ],
            True,
        ),
        "request_path_overrides": {},
    },
    "status": "",
    "description": "",
    "config_hash": "",
}
"""The documented answer, with a value of each field's type."""

KEY = {"api_key": "env:OPENAI_KEY"}
ENVIRONMENT = {"OPENAI_KEY": "sk-0123456789abcdefghij"}


def gateway(routes=(), **backend):
    own = {"provider": "openai", "credential": KEY, **backend}
    served = [{"models": ["m"], "backends": [{"backend": "own"}], **route} for route in routes]
    return parse({"version": 1, "backends": {"own": own}, "routes": served})


def told(routes=(), environment=ENVIRONMENT, **backend):
    found = provider("own", gateway(routes, **backend), environment)
    assert found is not None
    return orjson.loads(found.model_dump_json())


def lacks(wanted, found, at=""):
    """Where `found` has not what `wanted` has, or another type."""
    for name, value in wanted.items():
        if name not in found or type(found[name]) is not type(value):
            yield f"{at}{name}"
        elif isinstance(value, dict):
            yield from lacks(value, found[name], f"{at}{name}.")


def test_every_documented_field_is_there_with_its_type():
    assert [*lacks(SEED, told())] == []
    assert len(told()["custom_provider_config"]["allowed_requests"]) == 25


def test_a_backend_is_a_provider_under_its_own_name():
    found = told(description="for the team of search")
    assert found["name"] == "own"
    assert found["custom_provider_config"]["base_provider_type"] == "openai"
    assert found["description"] == "for the team of search"
    assert (found["provider_status"], found["status"]) == ("active", "success")
    assert provider("other", gateway()) is None
    assert [one.name for one in providers(gateway())] == ["own"]


def test_the_network_is_as_configured():
    found = told(
        [{"retry": {"attempts": 4, "backoff": "100ms", "max_backoff": "2s"}}],
        base_url="https://eu.example.com/v1",
        headers={"x-team": "search"},
        timeouts={"per_try": "1500ms"},
        tls={"insecure": True},
        max_in_flight=7,
    )
    assert found["network_config"] == {
        "base_url": "https://eu.example.com/v1",
        "extra_headers": {"x-team": "search"},
        "default_request_timeout_in_seconds": 2,
        "max_retries": 3,
        "retry_backoff_initial": 100,
        "retry_backoff_max": 2000,
        "insecure_skip_verify": True,
        "ca_cert_pem": "",
        "allow_private_network": True,
    }
    assert found["concurrency_and_buffer_size"] == {"concurrency": 7, "buffer_size": 7}


def test_defaults_are_those_in_force():
    found = told([{}])
    network = found["network_config"]
    assert network["base_url"] == "https://api.openai.com"
    assert network["default_request_timeout_in_seconds"] == 600
    assert (network["max_retries"], network["retry_backoff_initial"]) == (1, 25)
    assert told()["network_config"]["max_retries"] == 1
    assert found["concurrency_and_buffer_size"]["concurrency"] == UNBOUNDED


def test_what_a_route_does_not_say_of_retries_its_backend_does():
    own = {"attempts": 6, "backoff": "10ms", "max_backoff": "20ms"}
    names = ("max_retries", "retry_backoff_initial", "retry_backoff_max")
    for routes in ([], [{}], [{}, {"models": ["n"], "retry": {"on": ["5xx"]}}]):
        network = told(routes, retry=own)["network_config"]
        assert [network[name] for name in names] == [5, 10, 20]
    network = told([{"retry": {"attempts": 2, "backoff": "1ms"}}], retry=own)["network_config"]
    assert [network[name] for name in names] == [1, 1, 20]


def test_only_certificates_are_shown_of_a_file_of_authorities(tmp_path):
    authority = Authority(tmp_path)
    _, key = authority.issue("server")
    file = tmp_path / "both.pem"
    file.write_bytes(key.read_bytes() + (tmp_path / "ca.pem").read_bytes())
    shown = told(tls={"ca": str(file)})["network_config"]["ca_cert_pem"]
    assert shown.encode() == (tmp_path / "ca.pem").read_bytes()
    assert told(tls={"ca": str(tmp_path / "none")})["network_config"]["ca_cert_pem"] == ""


def test_a_missing_secret_is_an_error_that_names_it():
    found = told(environment={})
    assert (found["provider_status"], found["status"]) == ("error", "credential_missing")
    assert found["description"] == "the environment variable OPENAI_KEY is not set"


def test_no_secret_is_said():
    said = orjson.dumps(told()).decode()
    assert ENVIRONMENT["OPENAI_KEY"] not in said


def test_what_is_allowed_is_what_is_served():
    everything = told()["custom_provider_config"]["allowed_requests"]
    assert all(everything.values())
    only = told(operations=["chat"])["custom_provider_config"]["allowed_requests"]
    assert {name for name, may in only.items() if may} == {
        "list_models",
        "text_completion",
        "text_completion_stream",
        "chat_completion",
        "chat_completion_stream",
        "responses",
        "responses_stream",
    }


@pytest.mark.parametrize(
    ("backend", "no", "yes"),
    [
        ({"provider": "anthropic"}, {"embedding", "speech"}, {"batch_results", "file_content"}),
        ({"provider": "groq"}, {"count_tokens", "image_generation"}, {"speech", "batch_create"}),
        ({"provider": "groq", "estimate_counts": True}, set(), {"count_tokens"}),
        (
            {"provider": "elevenlabs"},
            {"chat_completion", "batch_create"},
            {"speech", "transcription"},
        ),
    ],
)
def test_what_a_provider_lacks_is_not_allowed(backend, no, yes):
    found = told(**backend)["custom_provider_config"]["allowed_requests"]
    assert {name for name in no if found[name]} == set()
    assert {name for name in yes if not found[name]} == set()


def test_paths_of_ones_own_are_told_for_streams_too():
    found = told(paths={"chat": "/v2/talk", "embeddings": "/v2/embed"})
    assert found["custom_provider_config"]["request_path_overrides"] == {
        "chat_completion": "/v2/talk",
        "chat_completion_stream": "/v2/talk",
        "responses": "/v2/talk",
        "responses_stream": "/v2/talk",
        "embedding": "/v2/embed",
    }


def test_the_hash_changes_with_what_is_configured_and_with_nothing_else():
    first = told()["config_hash"]
    assert told(environment={})["config_hash"] == first
    assert told(timeouts={})["config_hash"] == first
    assert told(max_in_flight=7)["config_hash"] != first
    assert told([{}])["config_hash"] != first


def test_every_field_says_where_it_comes_from():
    for model in models.Answer.__subclasses__():
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
