"""Proxies on the way to providers, which are asked for a connection by CONNECT.

Where a backend has one, its connections begin with a CONNECT for its host, inside of which all
else is as ever. Envoy sends that to an IP address or a Unix socket alone, and without a credential:
so there is a listener of our own between the two (`connecting.py`).
"""

from ipaddress import ip_address

from envoy_data_plane.envoy.config.core.v3 import TransportSocket
from envoy_data_plane.envoy.config.endpoint.v3 import (
    ClusterLoadAssignment,
    Endpoint,
    LbEndpoint,
    LocalityLbEndpoints,
)
from envoy_data_plane.envoy.extensions.transport_sockets.http_11_proxy.v3 import (
    Http11ProxyUpstreamTransport,
)

from extproc.config.backend import BackendTls
from extproc.config.gateway import Gateway
from extproc.config.process import Extproc
from extproc.config.proxy import Proxy
from extproc.config.sockets import proxy_socket
from extproc.exchange.ids import code_of
from extproc.render import tls
from extproc.render.typed import pipe, socket, transport_socket
from extproc.render.upstream import Place, place_of


def proxies_of(gateway: Gateway) -> dict[str, tuple[str, Proxy]]:
    """The code of each proxy → a backend that it leads to, and what is said of it."""
    found: dict[str, tuple[str, Proxy]] = {}
    for name, backend in gateway.backends.items():
        if backend.proxy is not None:
            found.setdefault(code(backend.proxy), (name, backend.proxy))
    return found


def code(proxy: Proxy) -> str:
    """The same for backends whose proxies are the same to Envoy."""
    return code_of(proxy.model_dump_json(exclude={"tokens", "media"}))


def through(transport: TransportSocket, proxy: Proxy, settings: Extproc) -> TransportSocket:
    """`transport` inside of a connection that the proxy makes."""
    return transport_socket(
        "envoy.transport_sockets.http_11_proxy",
        Http11ProxyUpstreamTransport(
            transport_socket=transport,
            default_proxy_address=pipe(proxy_socket(settings, code(proxy))),
        ),
    )


def stand_in(gateway: Gateway, name: str) -> str:
    """An address of nobody's for a backend that is reached by its name; each has its own."""
    number = [*gateway.backends].index(name) + 1
    # https://www.rfc-editor.org/rfc/rfc6666 and https://www.rfc-editor.org/rfc/rfc2544
    first = "100::" if gateway.envoy.dns.family == "v6_only" else "198.18.0.0"
    return str(ip_address(first) + number)


def name_of(where: Place) -> str:
    """How a backend is called where a proxy is asked for it."""
    return f"[{where.host}]" if ":" in where.host else where.host


def cluster_name(code: str) -> str:
    """The name of a proxy's cluster; unlike any backend's."""
    return f"proxy/{code}"


def endpoints(name: str, proxy: Proxy) -> ClusterLoadAssignment:
    """Where a proxy is."""
    where = place_of(proxy.url)
    endpoint = Endpoint(address=socket(where.host, where.port), hostname=where.host)
    one = LocalityLbEndpoints(lb_endpoints=[LbEndpoint(endpoint=endpoint)])
    return ClusterLoadAssignment(cluster_name=name, endpoints=[one])


def transport(proxy: Proxy, ca: str) -> TransportSocket:
    """How a proxy is spoken to."""
    where = place_of(proxy.url)
    if not where.secure:
        return tls.plain_text()
    return tls.client_side(where, BackendTls(ca=proxy.ca, ca_pem=proxy.ca_pem), ca=ca, http2=False)
