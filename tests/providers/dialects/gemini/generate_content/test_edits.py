"""What Google would not take of a client of its own format is mended on the way."""

from providers.dialects.gemini.generate_content.edits import edits

ONE, TWO = {"type": "string"}, {"type": "integer"}


def test_a_choice_is_said_in_googles_word():
    schema = {"type": "object", "properties": {"a": {"oneOf": [ONE, {"one_of": [TWO]}]}}}
    body = {
        "generationConfig": {"responseSchema": schema, "topK": 1},
        "tools": [{"functionDeclarations": [{"name": "f", "parameters": schema}]}],
    }
    fitted = {"type": "object", "properties": {"a": {"anyOf": [ONE, {"anyOf": [TWO]}]}}}
    assert edits(body, "m", True) == {
        "generationConfig": {"responseSchema": fitted, "topK": 1},
        "tools": [{"functionDeclarations": [{"name": "f", "parameters": fitted}]}],
    }


def test_nothing_else_changes():
    schema = {"anyOf": [ONE, TWO]}
    assert edits({"generationConfig": {"responseSchema": schema}}, "m", True) == {}
    assert edits({"tools": [{"googleSearch": {}}], "generationConfig": None}, "m", True) == {}
    kept = {"generation_config": {"response_json_schema": {"oneOf": [ONE]}}}
    assert edits(kept, "m", True) == {}
