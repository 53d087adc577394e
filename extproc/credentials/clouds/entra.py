"""Microsoft Entra: an application's proof, a managed identity, or the SDK's chain.

https://learn.microsoft.com/python/api/overview/azure/identity-readme
"""

from collections.abc import Mapping
from typing import Any

from azure import identity
from azure.core.credentials import TokenCredential
from azure.core.pipeline.transport import RequestsTransport

from extproc.credentials.clouds.by_proxy import way_of
from extproc.credentials.clouds.by_requests import session
from extproc.credentials.identity import Token

AUTHORITIES = {
    "public": "https://login.microsoftonline.com",
    "government": "https://login.microsoftonline.us",
    "china": "https://login.chinacloudapi.cn",
}
# https://learn.microsoft.com/azure/ai-services/openai/how-to/managed-identity
SCOPES = {
    "public": "https://cognitiveservices.azure.com/.default",
    "government": "https://cognitiveservices.azure.us/.default",
    "china": "https://cognitiveservices.azure.cn/.default",
}


def ask(given: Mapping[str, str]) -> Token:
    """An access token; a new credential, so that nothing is remembered."""
    with _credential(given) as credential:
        token = credential.get_token(given.get("scope") or SCOPES[given["cloud"]])
    return Token({"bearer": token.token}, float(token.expires_on))


def _credential(given: Mapping[str, str]) -> Any:
    own = given.get("authority")
    directory: dict[str, Any] = {
        "authority": own or AUTHORITIES[given["cloud"]],
        # Microsoft's directory of directories knows none of one's own.
        "disable_instance_discovery": own is not None,
    }
    way = way_of(given)
    if way is not None:
        directory["transport"] = RequestsTransport(session=session(way))
    client = given.get("client_id")
    if "managed_identity" in given:
        return identity.ManagedIdentityCredential(client_id=client)
    found = _application(given, directory)
    if found is not None:
        return found
    if client is not None:
        directory |= {"managed_identity_client_id": client, "workload_identity_client_id": client}
    return identity.DefaultAzureCredential(**directory)


def _application(given: Mapping[str, str], directory: Mapping[str, Any]) -> TokenCredential | None:
    who: dict[str, Any] = {"tenant_id": given.get("tenant_id"), "client_id": given.get("client_id")}
    if "client_secret" in given:
        secret = given["client_secret"]
        return identity.ClientSecretCredential(**who, client_secret=secret, **directory)
    if "certificate" in given:
        return identity.CertificateCredential(
            **who,
            certificate_data=given["certificate"].encode(),
            password=given.get("certificate_password"),
            **directory,
        )
    if "federated_token" in given:
        token = given["federated_token"]
        return identity.ClientAssertionCredential(**who, func=lambda: token, **directory)
    return None
