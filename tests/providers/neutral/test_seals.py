"""Signatures of others in the guise of the reader's own."""

from base64 import b64decode

import pytest

from providers.neutral.chat import Signature, seal
from providers.neutral.seals import BEGINNING, decoded, encoded, is_sealed

FOREIGN = Signature(origin="gemini", value="next:Zw==")


@pytest.mark.parametrize("value", ["Zw==", "next:Zw==", "é"])
def test_a_foreign_signature_is_base64_and_comes_back(value: str) -> None:
    foreign = Signature(origin="gemini", value=value)
    shown = encoded(foreign, "anthropic")
    assert b64decode(shown, validate=True)
    assert is_sealed(shown)
    assert decoded(shown, "anthropic") == foreign


def test_an_own_signature_stays_as_it_is() -> None:
    own = Signature(origin="anthropic", value="EmwK")
    assert encoded(own, "anthropic") == "EmwK"
    assert decoded("EmwK", "anthropic") == own
    assert not is_sealed("EmwK")


def test_a_seal_in_plain_letters_is_known_too() -> None:
    plain = seal(FOREIGN, "anthropic")
    assert is_sealed(plain)
    assert decoded(plain, "anthropic") == FOREIGN


@pytest.mark.parametrize("rest", ["", "!", "/w=="])
def test_a_seal_that_was_cut_is_nobodys(rest: str) -> None:
    assert decoded(BEGINNING + rest, "anthropic").value.startswith(BEGINNING)
