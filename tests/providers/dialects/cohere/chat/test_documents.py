"""Documents and citations in Cohere's requests: what is read, and what is sent."""

from typing import Any

import pytest

from providers.bridging.fidelity import Feature
from providers.dialects.cohere.chat import DIALECT
from providers.neutral.chat import Citation, Document, Role, Text, ToolCall
from providers.neutral.media import PlainText
from tests.providers.dialects.cohere.chat.wire import CALL, parse, rendered
from tests.providers.dialects.talk import asked, assistant, user


def test_a_document_of_other_members_keeps_them_all() -> None:
    request = parse(documents=[{"data": {"author": "A", "text": "t"}}, {"data": "plain"}])
    first, second, _ = request.messages[0].parts
    assert first.source == PlainText(text='{"author":"A","text":"t"}')
    assert second.source == PlainText(text="plain")


def test_documents_that_need_no_citations_turn_them_off() -> None:
    paper = Document(source=PlainText(text="t"), name="T", context="c")
    body, _ = rendered(asked(user(paper, Text(text="q"))))
    assert body["citation_options"] == {"mode": "OFF"}
    assert body["documents"] == [{"data": {"text": "t", "title": "T", "context": "c"}}]
    assert DIALECT.parse_request(body, "", False) == asked(user(paper, Text(text="q")))


def test_a_message_of_documents_alone_says_so() -> None:
    body, _ = rendered(asked(user(Document(source=PlainText(text="t"), cite=True))))
    assert body["messages"] == [{"role": "user", "content": "Read the documents."}]


def test_documents_without_a_user_make_one() -> None:
    request = parse(messages=[], documents=["d"])
    assert request.messages[0].role is Role.USER


def test_citations_of_an_earlier_answer_are_sent_back() -> None:
    native = {"start": 0, "end": 1, "text": "x", "sources": [{"type": "document", "id": "d"}]}
    request = parse(messages=[{"role": "assistant", "content": "xy", "citations": [native]}])
    assert request.messages[0].parts[0].citations[0].title == "d"
    body, dropped = rendered(request)
    where = {"type": "TEXT_CONTENT", "content_index": 0}
    assert body["messages"][0]["citations"] == [{**native, **where}]
    assert dropped == []
    foreign = Text(text="x", citations=(Citation(url="https://a.test/"),))
    body, dropped = rendered(asked(assistant(foreign)))
    assert body["messages"] == [{"role": "assistant", "content": "x"}]
    assert dropped == [Feature.CITATIONS]


def test_a_plans_citations_stay_the_plans() -> None:
    cited = {"start": 0, "end": 1, "text": "x", "type": "PLAN", "sources": []}
    message = {"role": "assistant", "tool_plan": "xy", "tool_calls": [CALL], "citations": [cited]}
    body, _ = rendered(parse(messages=[message]))
    assert body["messages"][0]["citations"] == [cited]
    own = Citation(start=0, end=1, native={"start": 0, "end": 1}, dialect="cohere.chat")
    call = ToolCall(id="c", name="f", arguments="{}")
    texts = (Text(text="ab"), Text(text="cd", citations=(own,)))
    moved, _ = rendered(asked(assistant(*texts, call)))
    assert moved["messages"][0]["citations"] == [
        {"start": 2, "end": 3, "text": "c", "type": "PLAN"}
    ]


@pytest.mark.parametrize(
    ("document", "name", "text"),
    [
        ({"data": {"title": "T", "snippet": "s"}}, "T", "s"),
        ({"id": "1", "data": {"snippet": "s"}}, "1", "s"),
        ({"id": "1", "data": {"title": "T", "text": "s"}}, "1", '{"title":"T","text":"s"}'),
        ({"id": "1", "data": "s"}, "1", "s"),
        ("s", None, "s"),
    ],
)
def test_a_document_is_called_what_citations_call_it(
    document: Any, name: str | None, text: str
) -> None:
    paper = parse(documents=[document]).messages[0].parts[0]
    assert paper == Document(source=PlainText(text=text), name=name, cite=True)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"text": "r"}, "r"),
        ('{"a":1}', '{"a":1}'),
        ({"title": "T", "text": "r"}, '{"title":"T","text":"r"}'),
        ({"a": 1}, '{"a":1}'),
    ],
)
def test_a_tools_documents_are_its_words(data: Any, text: str) -> None:
    blocks = [
        {"type": "document", "document": {"id": "0", "data": data}},
        {"type": "text", "text": "x"},
    ]
    request = parse(messages=[{"role": "tool", "tool_call_id": "c", "content": blocks}])
    assert request.messages[0].parts[0].parts == (Text(text=text), Text(text="x"))


def test_citations_of_thoughts_are_of_no_text() -> None:
    cited = {"start": 0, "end": 1, "type": "THINKING_CONTENT", "content_index": 0, "sources": []}
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "so"}]
    message = {"role": "assistant", "content": content, "citations": [cited]}
    assert parse(messages=[message]).messages[0].parts[1] == Text(text="so")


def test_who_says_nothing_of_citations_does_not_insist_on_them() -> None:
    def hints(**members: Any) -> frozenset[str]:
        body = {"model": "m", "messages": [{"role": "user", "content": "q"}], **members}
        return DIALECT.parse_request(body, "", False).hints

    assert hints(documents=["t"]) == {Feature.DOCUMENT_CITE}
    assert hints(documents=["t"], citation_options={}) == {Feature.DOCUMENT_CITE}
    assert hints(documents=["t"], citation_options={"mode": "ACCURATE"}) == frozenset()
    assert hints() == frozenset()
