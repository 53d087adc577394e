"""A secret that comes back is not shown, however it is written."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.credentials.redaction import begun, redacted, texts

PRINTABLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=60)


def forms(secret: str, before: str, after: str) -> dict[str, str]:
    around = f"{before}{secret}{after}".encode()
    return {
        "plain": secret,
        "json": json.dumps(secret),
        "slashes": json.dumps(secret).replace("/", r"\/"),
        "codes": json.dumps(secret).replace("+", r"\u002B").replace("<", r"\u003c"),
        "url": quote(secret, safe=""),
        "base64": b64encode(around).decode(),
        "url base64": urlsafe_b64encode(around).decode(),
    }


@given(secret=PRINTABLE, before=st.text("ab:", max_size=4), after=st.text("ab", max_size=4))
def test_no_form_of_a_secret_is_shown(secret, before, after):
    for form, shown in forms(secret, before, after).items():
        said = redacted(f"key <{shown}> is wrong".encode(), (secret,)).decode()
        assert "[redacted]" in said, form
        assert secret not in said, form


@pytest.mark.parametrize("cut", range(1, 11))
def test_a_cut_secret_is_known_by_its_beginning(cut):
    assert begun(b"no such key: " + b"sk-1234567"[:cut], ("sk-1234567",)) == cut % 10
    assert begun(b"sk-", ("other-one", "sk-1234567")) == 3


def test_what_is_secret_of_a_credential_and_of_the_headers_made_of_it():
    aws = {"secret_access_key": "aws-secret", "session_token": "aws-token", "region": "eu-west-1"}
    signed = {"authorization": "AWS4 Credential=A, Signature=abcdef", "x-amz-date": "20260101T00Z"}
    assert texts(aws, signed) == ("aws-secret", "aws-token", "Signature=abcdef")
    assert texts({"key": "none"}, {"authorization": "Bearer none"}) == ()


def test_without_a_secret_nothing_is_looked_for():
    assert redacted(b"as it is", ()) == b"as it is"
