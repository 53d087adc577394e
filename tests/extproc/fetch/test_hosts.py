"""Which hosts may be asked."""

import httpx
import pytest

from extproc.fetch.hosts import Hosts, Trust
from extproc.fetch.refusal import Refused


def trust(url, *listed):
    return Hosts(listed, http=True).origin(httpx.URL(url)).trust


@pytest.mark.parametrize(
    ("url", "listed", "found"),
    [
        ("https://a.test/x", "a.test", Trust.LISTED),
        ("https://A.Test./x", "a.test", Trust.LISTED),
        ("https://a.test/x", "A.test.", Trust.LISTED),
        ("https://a.test:443/x", "a.test", Trust.LISTED),
        ("http://a.test/x", "a.test", Trust.LISTED),
        ("https://a.test:8443/x", "a.test:8443", Trust.LISTED),
        ("https://exämple.test/", "xn--exmple-cua.test", Trust.LISTED),
        ("https://[::1]/x", "::1", Trust.LISTED),
        ("https://[0:0::1]:8443/x", "[::1]:8443", Trust.LISTED),
        ("https://b.a.test/x", "*.a.test", Trust.MATCHED),
        ("https://c.b.a.test./x", "*.a.test", Trust.MATCHED),
        ("https://b.test/x", "*", Trust.MATCHED),
        ("https://1.1.1.1/x", "*", Trust.MATCHED),
    ],
)
def test_a_host_is_allowed(url, listed, found):
    assert trust(url, "other.test", listed) is found


@pytest.mark.parametrize(
    ("url", "listed"),
    [
        ("https://b.a.test/", "a.test"),
        ("https://a.test/", "*.a.test"),
        ("https://ba.test/", "*.a.test"),
        ("https://a.test.evil/", "a.test"),
        ("https://a.test%2f.evil/", "a.test"),
        ("https://a.test:8443/", "a.test"),
        ("https://a.test:0/", "a.test"),
        ("https://a.test/", "a.test:8443"),
        ("http://a.test:443/", "a.test"),
        ("https://a.test:80/", "*"),
        ("https://b.a.test:8443/", "*.a.test"),
        ("https://127.1/", "127.0.0.1"),
    ],
)
def test_a_host_is_not_allowed(url, listed):
    with pytest.raises(Refused):
        trust(url, listed)


def test_a_host_that_is_listed_is_trusted_beside_a_pattern():
    assert trust("https://a.test/", "*", "a.test") is Trust.LISTED
