"""TLS on both sides of Envoy."""

import ipaddress
from collections.abc import Iterable
from pathlib import Path

from envoy_data_plane.envoy.config.core.v3 import TransportSocket
from envoy_data_plane.envoy.extensions.transport_sockets.raw_buffer.v3 import RawBuffer
from envoy_data_plane.envoy.extensions.transport_sockets.tls.v3 import (
    CertificateValidationContext,
    CertificateValidationContextTrustChainVerification,
    CommonTlsContext,
    DownstreamTlsContext,
    SubjectAltNameMatcher,
    SubjectAltNameMatcherSanType,
    TlsCertificate,
    TlsParameters,
    TlsParametersTlsProtocol,
    UpstreamTlsContext,
)
from envoy_data_plane.envoy.type.matcher.v3 import StringMatcher

from extproc.config.backend import BackendTls
from extproc.config.process import ServerTls
from extproc.render.typed import file, inline, transport_socket
from extproc.render.upstream import Place

# Where Linux distributions keep the authorities that they trust, one file of PEM certificates
# (the list of Go's crypto/x509, https://go.dev/src/crypto/x509/root_linux.go).
SYSTEM_CA = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch; Envoy's own images
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # RHEL 7 and later
    "/etc/ssl/cert.pem",  # Alpine, macOS
)

VERSIONS = TlsParameters(
    tls_minimum_protocol_version=TlsParametersTlsProtocol.TLSv1_2,
    tls_maximum_protocol_version=TlsParametersTlsProtocol.TLSv1_3,
)


def system_ca(candidates: Iterable[str] = SYSTEM_CA) -> str:
    """The authorities that this machine trusts; Debian's path where it has none."""
    found = [path for path in candidates if Path(path).is_file()]
    return found[0] if found else SYSTEM_CA[0]


def plain_text() -> TransportSocket:
    """No TLS."""
    return transport_socket("envoy.transport_sockets.raw_buffer", RawBuffer())


def client_side(place: Place, tls: BackendTls, *, ca: str, http2: bool) -> TransportSocket:
    """TLS to a provider; `ca` is used where the backend names none of its own."""
    name = tls.sni or place.host
    context = CommonTlsContext(
        tls_params=VERSIONS,
        alpn_protocols=["h2", "http/1.1"] if http2 else ["http/1.1"],
        validation_context=_trust(name, tls, ca),
    )
    if tls.certificate and tls.key:
        context.tls_certificates = [_certificate(tls.certificate, tls.key)]
    # An IP address is no server name (RFC 6066, section 3).
    sni = "" if _is_address(name) else name.rstrip(".")
    return transport_socket(
        "envoy.transport_sockets.tls", UpstreamTlsContext(common_tls_context=context, sni=sni)
    )


def server_side(tls: ServerTls, *, http2: bool) -> TransportSocket:
    """TLS to clients; with `client_ca`, they must show a certificate."""
    context = CommonTlsContext(
        tls_params=VERSIONS,
        alpn_protocols=["h2", "http/1.1"] if http2 else ["http/1.1"],
        tls_certificates=[_certificate(tls.certificate, tls.key)],
    )
    if tls.client_ca:
        context.validation_context = CertificateValidationContext(trusted_ca=file(tls.client_ca))
    return transport_socket(
        "envoy.transport_sockets.tls",
        DownstreamTlsContext(
            common_tls_context=context, require_client_certificate=True if tls.client_ca else None
        ),
    )


def _certificate(certificate: str, key: str) -> TlsCertificate:
    return TlsCertificate(certificate_chain=file(certificate), private_key=file(key))


def _trust(name: str, tls: BackendTls, ca: str) -> CertificateValidationContext:
    if tls.insecure:
        return CertificateValidationContext(
            trust_chain_verification=(
                CertificateValidationContextTrustChainVerification.ACCEPT_UNTRUSTED
            )
        )
    kinds = SubjectAltNameMatcherSanType
    return CertificateValidationContext(
        trusted_ca=inline(tls.ca_pem) if tls.ca_pem else file(tls.ca or ca),
        match_typed_subject_alt_names=[
            SubjectAltNameMatcher(
                san_type=kinds.IP_ADDRESS if _is_address(name) else kinds.DNS,
                matcher=StringMatcher(exact=name.rstrip(".")),
            )
        ],
    )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
