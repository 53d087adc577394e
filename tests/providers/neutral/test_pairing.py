"""Calls and results in the order that providers demand, whatever a client kept."""

from providers.neutral.chat import Message, Native, Part, Role, Text, ToolCall, ToolResult
from providers.neutral.pairing import PARAGRAPH, UNANSWERED, distinct, paired


def user(text: str) -> Message:
    return Message(role=Role.USER, parts=(Text(text=text),))


def call(id: str) -> ToolCall:
    return ToolCall(id=id, name="look", arguments="{}")


def said(*parts: Part) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def result(id: str, text: str = "r") -> ToolResult:
    return ToolResult(call_id=id, name="look", parts=(Text(text=text),))


def results(*parts: Part) -> Message:
    return Message(role=Role.TOOL, parts=parts)


def told(result: ToolResult) -> Message:
    return Message(role=Role.USER, parts=(Text(text="The result of look:"), *result.parts))


HI, GO = user("hi"), user("go")
A, B = call("a"), call("b")


def test_what_is_in_order_stays_the_same_object():
    for messages in (
        (HI,),
        (HI, said(A, B), results(result("b"), result("a")), said(Text(text="so")), GO),
        (HI, said(Text(text="x"), A), results(result("a")), said(B), results(result("b"))),
    ):
        assert paired(messages) is messages


def test_a_result_that_comes_after_the_user_is_put_before():
    assert paired((HI, said(A), GO, results(result("a")))) == (
        HI,
        said(A),
        results(result("a")),
        GO,
    )


def test_a_result_that_comes_a_turn_late_is_told_in_its_place():
    assert paired((HI, said(A), GO, said(Text(text="x")), results(result("a")), GO)) == (
        HI,
        said(A),
        results(result("a", UNANSWERED)),
        GO,
        said(Text(text="x")),
        told(result("a")),
        GO,
    )


def test_a_call_without_a_result_gets_one():
    missing = result("b", UNANSWERED)
    assert paired((HI, said(A, B), results(result("a")), GO)) == (
        HI,
        said(A, B),
        results(result("a"), missing),
        GO,
    )
    assert paired((HI, said(B))) == (HI, said(B), results(missing))


def test_a_result_has_the_name_of_its_call():
    other = ToolCall(id="a", name="find", arguments="{}")
    wrong = ToolResult(call_id="a", name="look", parts=(Text(text="r"),))
    right = ToolResult(call_id="a", name="find", parts=wrong.parts)
    assert paired((HI, said(other), results(wrong))) == (HI, said(other), results(right))
    again = ToolCall(id="a_2", name="look", arguments="{}")
    assert paired((HI, said(other, call("a")), results(wrong, wrong))) == (
        HI,
        said(other, again),
        results(right, result("a_2")),
    )


def test_a_result_without_a_call_is_told():
    assert paired((HI, results(result("a")), GO)) == (HI, told(result("a")), GO)
    assert paired((results(result("a")),)) == (told(result("a")),)


def test_a_second_result_is_left_out_or_told_where_it_differs():
    first, other = result("a"), result("a", "other")
    assert paired((HI, said(A), results(first, first), GO)) == (HI, said(A), results(first), GO)
    assert paired((HI, said(A), results(first, other), GO)) == (
        HI,
        said(A),
        results(first),
        told(other),
        GO,
    )


def test_two_turns_of_the_model_are_one():
    one, other = Text(text="one"), Text(text="other")
    both = Text(text=f"one{PARAGRAPH}other")
    assert paired((HI, said(one), said(other), GO)) == (HI, said(both), GO)
    assert paired((HI, said(A), said(B), results(result("b"), result("a")))) == (
        HI,
        said(A, B),
        results(result("b"), result("a")),
    )


def test_every_call_has_an_id_of_its_own():
    first, second = result("l", "1"), result("l", "2")
    again = (HI, said(call("l")), results(first), GO, said(call("l"), call("l")))
    assert paired((*again, results(first, second))) == (
        HI,
        said(call("l")),
        results(first),
        GO,
        said(call("l_2"), call("l_3")),
        results(result("l_2", "1"), result("l_3", "2")),
    )


def test_a_call_that_only_its_dialect_knows_keeps_its_result():
    custom = Native(dialect="openai.chat", value={"id": "c", "type": "custom"})
    messages = (HI, said(custom), results(result("c")), GO)
    assert paired(messages) == messages


def test_results_in_a_turn_of_the_model_come_after_it():
    assert paired((HI, said(A, result("a"), Text(text="so")), GO)) == (
        HI,
        said(A, Text(text="so")),
        results(result("a")),
        GO,
    )


def test_an_id_is_distinct_in_the_form_that_is_shown():
    assert distinct("a", {"b"}) == "a"
    assert distinct("a", {"a", "a_2"}) == "a_3"
    assert distinct("a:1", {"A:1"}, str.upper) == "a:1_2"
