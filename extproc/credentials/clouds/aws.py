"""AWS: botocore's chain of credentials, a role assumed with them, or Bedrock's API key.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

import os
from collections.abc import Mapping
from typing import Any

from botocore.config import Config
from botocore.session import Session

from extproc.credentials.clouds.by_proxy import Way, way_of
from extproc.credentials.identity import NoToken, Token

BEARER = "AWS_BEARER_TOKEN_BEDROCK"
"""An API key of Bedrock, which AWS's SDKs prefer to all else.
https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html"""
SESSION = "extproc"
PATIENT = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})


def ask(given: Mapping[str, str]) -> Token:
    """What the identity signs with now; a new session, so that nothing is remembered."""
    bearer = os.environ.get(BEARER, "").strip()
    if bearer and not given.keys() & {"profile", "access_key_id", "role_arn"}:
        return Token({"bearer": bearer})
    session = Session(profile=given.get("profile"))
    session.set_config_variable("region", given["region"])
    session.set_default_client_config(PATIENT.merge(_by(way_of(given))))
    if "access_key_id" in given:
        token = given.get("session_token")
        session.set_credentials(given["access_key_id"], given["secret_access_key"], token)
    return _assumed(session, given) if "role_arn" in given else _own(session)


def _by(way: Way | None) -> Config:
    """How the SDK's own requests find their way; without one, by the environment's proxies."""
    if way is None:
        return Config()
    if not f"{way.username}{way.password}".isascii():
        raise NoToken("the AWS SDK tells a proxy no password with letters beyond ASCII")
    bundle = way.bundle
    trusted = {"proxy_ca_bundle": bundle} if bundle else {}
    return Config(proxies={"https": way.whole}, proxies_config=trusted)


def _own(session: Session) -> Token:
    credentials = session.get_credentials()
    if credentials is None:
        raise NoToken("the AWS SDK finds no credentials")
    frozen = credentials.get_frozen_credentials()
    # Only those that must be fetched end.
    end = getattr(credentials, "_expiry_time", None)
    return _token(frozen.access_key, frozen.secret_key, frozen.token, end)


def _assumed(session: Session, given: Mapping[str, str]) -> Token:
    client = session.create_client("sts", endpoint_url=given.get("sts_endpoint"))
    external = given.get("external_id")
    answer = client.assume_role(
        RoleArn=given["role_arn"],
        RoleSessionName=given.get("session_name", SESSION),
        **({} if external is None else {"ExternalId": external}),
    )
    found = answer["Credentials"]
    parts = found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]
    return _token(*parts, found["Expiration"])


def _token(key_id: str, secret: str, session: str | None, end: Any) -> Token:
    parts = {"access_key_id": key_id, "secret_access_key": secret}
    if session:
        parts["session_token"] = session
    return Token(parts, None if end is None else end.timestamp())
