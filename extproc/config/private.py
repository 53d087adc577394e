"""Which addresses and names of hosts everybody means the same by."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry (checked 2026-11). What embeds an IPv4
# address (mapped, NAT64, 6to4, Teredo) could lead to any of them; what is not in 2000::/3 is out
# anyway.
SPECIAL = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
RELAYS = ipaddress.IPv4Network("192.88.99.0/24")
"""6to4's anycast, withdrawn by RFC 7526."""

# https://www.iana.org/assignments/special-use-domain-names and RFC 9476 (checked 2026-11).
SUFFIXES = ("localhost", "local", "internal", "home.arpa", "alt", "onion", "test", "invalid")
"""Ends of names that are in no public DNS."""


def is_public(address: Address) -> bool:
    """Whether everybody means the same host by it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and address not in RELAYS
    if address.scope_id is not None or address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in SPECIAL)


def is_private(host: str) -> bool:
    """Whether a host, as a URL has it, can be one of a private network, or this machine.

    A name is judged by its form; nobody looks it up.
    """
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        name = f".{host.lower().rstrip('.')}"
        # Resolvers may take 0x7f.1 for an address, and append a domain to a single label.
        odd = name.count(".") == 1 or not name.rpartition(".")[2][:1].isalpha()
        return odd or name.endswith(tuple(f".{end}" for end in SUFFIXES))
