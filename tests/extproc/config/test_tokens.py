"""Clients that show tokens."""

import pytest

from tests.extproc.config.conftest import RIGHT

JWT = "{issuer: us, jwks: {file: /keys.json}, claims: {team: org.team}}"


@pytest.mark.parametrize(
    ("clients", "key", "says"),
    [
        ("{}", "clients", "needs either api_keys or jwt"),
        (f"{{api_keys: {{file: c.yaml}}, jwt: {JWT}}}", "clients", "needs either"),
        ("{jwt: {issuer: us, jwks: {}}}", "clients.jwt.jwks", "needs either file or uri"),
        ("{jwt: {issuer: us, jwks: {uri: ftp://x/y}}}", "clients.jwt.jwks.uri", "http"),
        ("{jwt: {issuer: us}}", "clients.jwt.jwks", "a required key is missing"),
        (JWT.join(["{jwt: ", "}"]).replace("org.team", "a b"), "clients.jwt.claims.team", "claim"),
    ],
)
def test_they_are_checked(folder, clients, key, says):
    found = folder.said(f"{RIGHT}clients: {clients}\n", "{}")
    assert any(f"gateway.yaml:14: {key}: " in said and says in said for said in found), found


def test_a_limits_claim_is_one_that_is_taken(folder):
    jwt = f"clients: {{jwt: {JWT}}}\n"
    limit = "limits: [{per: 'claim:teem', requests: 1, every: day}]\n"
    (said,) = folder.added(jwt + limit)
    assert said.startswith("gateway.yaml:15: limits[0].per: claim:teem is not among")
    assert "did you mean 'team'?" in said
    assert folder.added(jwt + limit.replace("teem", "team")) == []
    (said,) = folder.added(jwt + limit.replace("claim:teem", "claim:"))
    assert "must be one of" in said


def test_a_route_may_name_whom_an_issuer_names(folder):
    jwt = f"clients: {{jwt: {JWT}, groups: {{team: ['auth0|1']}}}}\n"
    assert folder.added(f"    clients: ['google-oauth2|2', 'group:team']\n{jwt}") == []
