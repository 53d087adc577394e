"""Google: application default credentials, a file of credentials, and impersonation.

https://cloud.google.com/docs/authentication/application-default-credentials
"""

import json
from collections.abc import Mapping
from datetime import UTC
from functools import partial
from typing import Any

import google.auth
from google.auth import aws, identity_pool, impersonated_credentials, pluggable
from google.auth import external_account_authorized_user as workforce
from google.auth.transport.requests import Request
from google.oauth2 import credentials as users
from google.oauth2 import service_account

from extproc.credentials.clouds.by_proxy import way_of
from extproc.credentials.clouds.by_requests import session
from extproc.credentials.identity import NoToken, Token

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
LIFETIME = 3600
"""Seconds that an impersonated account's token lives; the most that needs no further right."""
TIMEOUT = 15
OF_AWS = "urn:ietf:params:aws:token-type:aws4_request"


def ask(given: Mapping[str, str]) -> Token:
    """An access token; everything is read anew, so that nothing is remembered."""
    way = way_of(given)
    request = partial(Request(None if way is None else session(way)), timeout=TIMEOUT)
    credentials = _source(given, request)
    if "impersonate" in given:
        credentials = impersonated_credentials.Credentials(
            source_credentials=credentials,
            target_principal=given["impersonate"],
            target_scopes=list(SCOPES),
            lifetime=LIFETIME,
        )
    credentials.refresh(request)
    if not credentials.token:
        raise NoToken("Google's SDK gives no token")
    end = credentials.expiry
    return Token(
        {"bearer": credentials.token},
        None if end is None else end.replace(tzinfo=UTC).timestamp(),
    )


def _source(given: Mapping[str, str], request: Any) -> Any:
    if "service_account" not in given:
        return google.auth.default(scopes=SCOPES, request=request)[0]
    try:
        described = json.loads(given["service_account"])
    except ValueError:
        raise NoToken("service_account is not JSON") from None
    if not isinstance(described, dict):
        raise NoToken("service_account is no JSON object")
    return _described(described)


def _described(described: Mapping[str, Any]) -> Any:
    """The credentials of a file, by its type (https://google.aip.dev/auth/4110)."""
    match described.get("type"):
        case "service_account":
            return service_account.Credentials.from_service_account_info(described, scopes=SCOPES)
        case "external_account":
            return _federated(described)
        case "authorized_user":
            # A user's token has the scopes to which the user has agreed.
            return users.Credentials.from_authorized_user_info(described)
        case "external_account_authorized_user":
            return workforce.Credentials.from_info(described)
        case "impersonated_service_account":
            return _impersonated(described)
    raise NoToken("service_account has a type that is not known here")


def _impersonated(described: Mapping[str, Any]) -> Any:
    """What `gcloud auth application-default login --impersonate-service-account` writes."""
    if not isinstance(described.get("source_credentials"), dict):
        raise NoToken("service_account names no source_credentials")
    made = impersonated_credentials.Credentials
    return made.from_impersonated_service_account_info(described, scopes=list(SCOPES))


def _federated(described: Mapping[str, Any]) -> Any:
    source = described.get("credential_source") or {}
    if described.get("subject_token_type") == OF_AWS:
        return aws.Credentials.from_info(described, scopes=SCOPES)
    if "executable" in source:
        return pluggable.Credentials.from_info(described, scopes=SCOPES)
    return identity_pool.Credentials.from_info(described, scopes=SCOPES)
