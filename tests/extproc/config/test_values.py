import pytest
from pydantic import TypeAdapter, ValidationError

from extproc.config.patterns import ModelPattern, Pattern, split
from extproc.config.values import Duration, Port, SecretRef, Segment, Size
from extproc.config.web import BaseUrl, HeaderValue, IpAddress, OwnHeaderName, UrlPath


def read(kind, value):
    return TypeAdapter(kind).validate_python(value)


def refused(kind, value):
    with pytest.raises(ValidationError):
        read(kind, value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60.0), ("500ms", 0.5), ("2m", 120.0), ("1.5h", 5400.0), ("1d", 86400.0)],
)
def test_a_duration_has_a_unit(text, seconds):
    assert read(Duration, text) == seconds


@pytest.mark.parametrize(
    "text", ["60", 60, "0s", "-1s", "1 s", "1w", "", "366d", "inf", True, None]
)
def test_what_is_no_duration_is_refused(text):
    refused(Duration, text)


@pytest.mark.parametrize(
    ("text", "size"), [(1, 1), ("1", 1), ("50MiB", 52_428_800), ("1 kB", 1000), ("2GiB", 2**31)]
)
def test_a_size_may_have_a_unit(text, size):
    assert read(Size, text) == size


@pytest.mark.parametrize("text", ["50 mib", -1, "1.5MiB", True, None, ""])
def test_what_is_no_size_is_refused(text):
    refused(Size, text)


@pytest.mark.parametrize("text", ["env:A", "env:_A9", "file:/a", "file:/run/secrets/a b"])
def test_a_secret_is_named(text):
    found = read(SecretRef, text)
    assert isinstance(found, SecretRef)
    assert found == text


@pytest.mark.parametrize(
    "text", ["sk-123", "env:", "env:9A", "env:A-B", "file:a", "file:/", "A", 1]
)
def test_a_secret_itself_is_refused_and_never_shown(text):
    with pytest.raises(ValidationError) as caught:
        read(SecretRef, text)
    assert "sk-123" not in str([error["msg"] for error in caught.value.errors()])


@pytest.mark.parametrize("value", [-1, 65_536, True, "x", 1.5])
def test_what_is_no_port_is_refused(value):
    refused(Port, value)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("HTTPS://API.Example.COM/", "https://api.example.com"),
        ("http://host/openai/v1/", "http://host/openai/v1"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1"),
        ("http://my_service.ns.svc.cluster.local.", "http://my_service.ns.svc.cluster.local."),
    ],
)
def test_a_base_url_is_made_uniform(text, url):
    assert read(BaseUrl, text) == url


@pytest.mark.parametrize(
    "text",
    [
        "ftp://host",
        "host:80",
        "//host",
        "http://",
        "http://user@host",
        "http://u:p@host",
        "http://host?x",
        "http://host#x",
        "http://host?",
        "http://ho st",
        "http://host:0",
        "http://host:99999",
        "http://host:",
        "http://host\r\nx: y",
        "http://host\\@evil",
        "http://1.2.3",
        "http://[::1%25eth0]",
        "http://-a.b",
        "http://a..b",
        "http://höst",
        "http://host/a/../b",
        "http://host/%2e%2e",
        "http://host/{model}",
        "http://host//a",
    ],
)
def test_what_is_no_base_url_is_refused(text):
    refused(BaseUrl, text)


@pytest.mark.parametrize("text", ["/", "/v1/chat", "/v1/{model}:generate", "/a%20b", "/v1/"])
def test_a_path_is_taken_as_it_is(text):
    assert read(UrlPath, text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v1",
        "//host",
        "/a//b",
        "/../a",
        "/a/..",
        "/a/./b",
        "/%2e%2e/a",
        "/.%2e/a",
        "/a%2fb",
        "/a%5cb",
        "/a%252e",
        "/a%0d%0ab",
        "/a%",
        "/a?b",
        "/a#b",
        "/a b",
        "/a\r\nb",
        "/{other}",
        "/{model",
        "/a\\b",
    ],
)
def test_a_path_cannot_leave_its_place(text):
    refused(UrlPath, text)


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a:", ":path", "a\r\n", "Authorization", "X-API-Key", "Host", "Content-Length",
     "x-envoy-upstream", "x-ai-backend", "ä"],
)  # fmt: skip
def test_a_header_that_is_not_the_users_is_refused(name):
    refused(OwnHeaderName, name)


def test_a_header_name_is_made_lower_case():
    assert read(OwnHeaderName, "OpenAI-Beta") == "openai-beta"


@pytest.mark.parametrize("value", ["", " a", "a ", "a\r\nb: c", "a\x00", "ä", "a\tb", "x" * 5000])
def test_a_header_value_is_visible_ascii_on_one_line(value):
    refused(HeaderValue, value)


@pytest.mark.parametrize("value", ["localhost", "1.2.3", "", "::1%eth0x y"])
def test_a_listener_has_an_ip_address(value):
    refused(IpAddress, value)


@pytest.mark.parametrize("value", ["a/b", "../a", "a b", "", "-a", "a.", "a@b", "a?b", "x" * 200])
def test_what_stands_in_a_url_is_one_segment_of_it(value):
    refused(Segment, value)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("gpt-4o", Pattern("exact", "gpt-4o")),
        ("meta-llama/Llama-3.1:free", Pattern("exact", "meta-llama/Llama-3.1:free")),
        ("gpt-4*", Pattern("prefix", "gpt-4")),
        ("*", Pattern("prefix", "")),
        ("/^claude-.*/", Pattern("regex", "^claude-.*")),
        (r"/o[1-9](-mini)?/", Pattern("regex", r"o[1-9](-mini)?")),
        (r"/(?i:GPT)-\d{1,3}/", Pattern("regex", r"(?i:GPT)-\d{1,3}")),
        (r"/(?P<f>a|b)\.[^/]+/", Pattern("regex", r"(?P<f>a|b)\.[^/]+")),
        (r"/(a+)+/", Pattern("regex", r"(a+)+")),
    ],
)
def test_a_model_pattern_is_exact_a_prefix_or_an_expression(text, pattern):
    assert split(read(ModelPattern, text)) == pattern


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a*b", "star"),
        ("**", "star"),
        ("", "model name"),
        ("a\nb", "model name"),
        (" a", "model name"),
        ("ä", "model name"),
        ("x" * 300, "model name"),
        ("//", "between slashes"),
        ("/", "between slashes"),
        ("/abc", "between slashes"),
        ("/(/", "missing ): ("),
        ("/a**/", "bad repetition operator: **"),
        (r"/(a)\1/", r"invalid escape sequence: \1"),
        (r"/(?P<n>a)(?P=n)/", "RE2"),
        (r"/a(?=b)/", "invalid perl operator: (?="),
        (r"/(?<!b)a/", "RE2"),
        (r"/(?>a)b/", "RE2"),
        (r"/a++/", "bad repetition operator: ++"),
        (r"/(a)?(?(1)b|c)/", "RE2"),
        (r"/a\Z/", "RE2"),
        (r"/\u0041/", "RE2"),
        (r"/(?#c)a/", "RE2"),
        (r"/(?x) a/", "RE2"),
        (r"/(?a)\w/", "RE2"),
        (r"/[a\b]/", "RE2"),
        ("/é/", "ASCII"),
        (r"/a{1001}/", "invalid repetition size: {1001}"),
        (r"/(a{100}){100}/", "RE2"),
        ("/" + "a" * 300 + "/", "256"),
    ],
)
def test_a_pattern_that_envoy_would_refuse_is_refused(text, why):
    with pytest.raises(ValidationError) as caught:
        read(ModelPattern, text)
    assert why in caught.value.errors()[0]["msg"]
