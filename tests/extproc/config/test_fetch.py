"""Hosts from which media may be fetched."""

import pytest
from pydantic import ValidationError

from extproc.config.fetch import Fetch, Place, place, plain


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ("a.test", Place("a.test", None)),
        ("A.Test.", Place("a.test", None)),
        ("a_b-c.test:8443", Place("a_b-c.test", 8443)),
        ("10.0.0.7", Place("10.0.0.7", None)),
        ("10.0.0.7:80", Place("10.0.0.7", 80)),
        ("::1", Place("::1", None)),
        ("[::1]", Place("::1", None)),
        ("[0:0::1]:8443", Place("::1", 8443)),
    ],
)
def test_a_host_is_listed_by_name_or_address_perhaps_with_a_port(listed, found):
    assert place(listed) == found
    assert Fetch(hosts=(listed,)).hosts == (listed.lower(),)


@pytest.mark.parametrize("listed", ["*", "*.a.test", "*.test"])
def test_a_pattern_is_kept(listed):
    assert Fetch(hosts=(listed,)).hosts == (listed,)


@pytest.mark.parametrize(
    "listed",
    [
        *("", "a/b", "a?b", "a#b", "u@a", "http://a", "a b", "a\n", "a:0", "a:70000", "a:x", "a:"),
        *("*a", "a*", "a.*.b", "*.", "**", "*:80", "*.a:80", "*.10.0.0.7", "*.::1", "*.[::1]"),
        *("2130706433", "10.1", "fe80::1%eth0", "[::1", "-a", "a..b", "bücher.test"),
    ],
)
def test_what_is_no_host_is_refused(listed):
    with pytest.raises(ValidationError, match="must be a host or an address"):
        Fetch(hosts=(listed,))


def test_hosts_are_compared_in_one_spelling():
    assert plain("A.Test.") == "a.test"
    assert plain("0:0::1") == "::1"
    assert plain("::FFFF:7F00:1") == plain("::ffff:127.0.0.1")
