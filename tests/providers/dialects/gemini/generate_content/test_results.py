"""What a function returned is data, whatever it looks like."""

from typing import Any

import orjson
import pytest

from providers.dialects.gemini.generate_content.calls import response_of, result_text


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ('{"a": 1}', {"a": 1}),
        ("plain", {"output": "plain"}),
        ('{"$ref": "b"}', {"output": '{"$ref": "b"}'}),
        ('{"a": [{"$ref": "b"}]}', {"output": '{"a": [{"$ref": "b"}]}'}),
        ('{"\\u0024ref": "b"}', {"output": '{"\\u0024ref": "b"}'}),
        ('{"a": "{\\"$ref\\": 1}"}', {"a": '{"$ref": 1}'}),
        ('{"error": "x"}', {"output": {"error": "x"}}),
        ('{"output": "x", "b": 1}', {"output": {"output": "x", "b": 1}}),
    ],
)
def test_data_is_never_taken_for_syntax(text: str, response: dict[str, Any]) -> None:
    assert response_of(text, is_error=False) == response
    back, is_error = result_text(response)
    assert not is_error
    assert back == text or orjson.loads(back) == orjson.loads(text)


def test_an_error_is_told_as_one() -> None:
    assert response_of('{"a": 1}', is_error=True) == {"error": '{"a": 1}'}
