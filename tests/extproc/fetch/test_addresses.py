"""Which addresses are everybody's."""

import ipaddress

import pytest

from extproc.fetch.addresses import addresses, is_public, resolve
from extproc.fetch.hosts import Origin, Trust
from extproc.fetch.refusal import Refused


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1"],
)
def test_a_public_address_is_one(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8"),
        *("169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1"),
        *("192.168.1.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
        *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::808:808"),
        *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1"),
        *("fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    ],
)
def test_an_address_of_some_network_only_is_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


def origin(host, trust):
    return Origin("https", host, 443, trust)


async def test_of_several_addresses_only_the_public_ones_are_left_ipv4_first():
    async def resolve(host, port):
        return ["2606:4700::1111", "10.0.0.1", "1.1.1.1", "::1"]

    assert await addresses(origin("a.test", Trust.MATCHED), resolve) == [
        "1.1.1.1",
        "2606:4700::1111",
    ]
    assert len(await addresses(origin("a.test", Trust.LISTED), resolve)) == 4


async def test_an_address_is_not_looked_up():
    async def resolve(host, port):
        raise AssertionError("looked up")

    assert await addresses(origin("127.0.0.1", Trust.LISTED), resolve) == ["127.0.0.1"]
    assert await addresses(origin("::1", Trust.LISTED), resolve) == ["::1"]


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
async def test_however_it_is_spelt_a_pattern_does_not_lead_to_loopback(host):
    with pytest.raises(Refused) as caught:
        await addresses(origin(host, Trust.MATCHED), resolve)
    assert "127.0.0.1" in caught.value.detail
    assert "127.0.0.1" not in caught.value.reason
