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


def call(id):
    return {"functionCall": {"id": id, "name": "look", "args": {}}}


def result(id, said="teal"):
    return {"functionResponse": {"id": id, "name": "look", "response": {"output": said}}}


def turns(calls, results):
    return [{"role": "model", "parts": calls}, {"role": "user", "parts": results}]


def test_a_result_that_is_told_twice_goes_on_once():
    asked = [{"role": "user", "parts": [{"text": "look"}]}]
    snake = [{"function_response": each["functionResponse"]} for each in [result("a")] * 2]
    body = {"contents": [*asked, *turns([call("a")], snake), *turns([call("b")], [result("b")])]}
    told = [*asked, *turns([call("a")], snake[:1]), *turns([call("b")], [result("b")])]
    assert edits(body, "m", True) == {"contents": told}


def test_results_are_as_many_as_calls():
    one = [call("a"), call("a")], [result("a"), result("a"), result("a")]
    told = turns(one[0], one[1][:2])
    assert edits({"contents": turns(*one)}, "m", True) == {"contents": told}
    chunks = [{"role": "model", "parts": [call("a")]}] * 2
    whole = {"contents": [*chunks, {"parts": [result("a"), result("a")]}]}
    assert edits(whole, "m", True).get("contents", whole["contents"]) == whole["contents"]


def test_another_result_for_the_same_call_is_not_lost():
    both = turns([call("a")], [result("a"), result("a", "red"), {"text": "and?"}])
    assert edits({"contents": both}, "m", True).get("contents", both) == both
    without = turns([call("a")], [result(None), result(None), {}, 7])
    assert edits({"contents": [*without, None, {"parts": 7}]}, "m", True) == {}
