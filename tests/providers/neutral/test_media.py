"""Data URIs as clients write them."""

import pytest

from providers.neutral.media import Data, parse_data_uri, render_data_uri, standard_base64

PNG = Data(base64="AA+/AA==", media_type="image/png")


@pytest.mark.parametrize(
    "uri",
    [
        "data:image/png;base64,AA+/AA==",
        "DATA:IMAGE/PNG;name=a;BASE64,AA-_AA",
        "data:image/png;base64,AA%2B%2FAA%3D%3D",
        "data:image/png;base64,AA+/\r\nAA==",
    ],
)
def test_the_bytes_of_a_data_uri_become_standard_base64(uri: str) -> None:
    assert parse_data_uri(uri) == PNG


def test_a_data_uri_without_a_type_holds_bytes() -> None:
    assert parse_data_uri("data:;base64,AAAA") == Data(
        base64="AAAA", media_type="application/octet-stream"
    )


@pytest.mark.parametrize("uri", ["https://a.test/b", "data:text/plain,a;base64,AAAA", "data:", ""])
def test_any_other_uri_is_none(uri: str) -> None:
    assert parse_data_uri(uri) is None


def test_a_rendered_data_uri_is_parsed_again() -> None:
    assert parse_data_uri(render_data_uri(PNG)) == PNG


def test_padding_is_added_where_it_is_missing() -> None:
    assert [standard_base64(text) for text in ("AA", "AAA", "AAAA")] == ["AA==", "AAA=", "AAAA"]
