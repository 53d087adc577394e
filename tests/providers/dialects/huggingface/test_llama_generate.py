"""Conversations as the raw prompts of Llama's models, which nobody's words can forge."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.features import used
from providers.bridging.fidelity import settle
from providers.dialects.huggingface.generate import LLAMA
from providers.dialects.huggingface.generate.llama import BREAK, harmless
from providers.errors import Unsupported
from providers.neutral.chat import (
    ChatRequest,
    Document,
    Image,
    Message,
    Refusal,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from providers.neutral.media import PlainText, Url


def message(role: Role, *parts: Any) -> Message:
    said = [Text(text=part) if isinstance(part, str) else part for part in parts]
    return Message(role=role, parts=tuple(said))


def system(*parts: Any) -> Message:
    return message(Role.SYSTEM, *parts)


def user(*parts: Any) -> Message:
    return message(Role.USER, *parts)


def model(*parts: Any) -> Message:
    return message(Role.ASSISTANT, *parts)


def prompt(*messages: Message, model: str = "llama-3.1-8b") -> str:
    request = ChatRequest(model=model, messages=messages)
    found = LLAMA.render_request(request, [])["inputs"]
    assert isinstance(found, str)
    return found


TALK = (system("be brief"), user("hi"), model("yo"), user("so?"))


def test_llama_3_has_a_header_for_every_turn() -> None:
    assert prompt(*TALK) == (
        "<|begin_of_text|>"
        "<|start_header_id|>system<|end_header_id|>\n\nbe brief<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nyo<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nso?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )


def test_llama_4_has_other_marks() -> None:
    assert prompt(user("hi"), model="Llama-4-Scout") == (
        "<|begin_of_text|><|header_start|>user<|header_end|>\n\nhi<|eot|>"
        "<|header_start|>assistant<|header_end|>\n\n"
    )


def test_llama_2_has_pairs_and_the_system_in_the_first() -> None:
    assert prompt(*TALK, model="meta-llama/Llama-2-7b-chat-hf") == (
        "<s>[INST] <<SYS>>\nbe brief\n<</SYS>>\n\nhi [/INST] yo </s><s>[INST] so? [/INST]"
    )


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("llama-2-70b", "<s>"),
        ("Llama2", "<s>"),
        ("codellama/CodeLlama-7b", "<s>"),
        ("llama-3.3-70b", "<|begin_of_text|><|start_header_id|>"),
        ("my-own", "<|begin_of_text|><|start_header_id|>"),
        ("llama4", "<|begin_of_text|><|header_start|>"),
    ],
)
def test_the_models_name_decides(name: str, begins: str) -> None:
    assert prompt(user("hi"), model=name).startswith(begins)


@pytest.mark.parametrize(
    ("messages", "llama_2"),
    [
        ((user("a"), user("b")), "<s>[INST] a\n\nb [/INST]"),
        ((user("a"), model("b")), "<s>[INST] a [/INST] b"),
        ((model("a"), user("b")), "<s>[INST]  [/INST] a </s><s>[INST] b [/INST]"),
        ((system("a"),), "<s>[INST] <<SYS>>\na\n<</SYS>>\n\n [/INST]"),
        (
            (system("a"), user("b"), system("c")),
            "<s>[INST] <<SYS>>\na\n\nc\n<</SYS>>\n\nb [/INST]",
        ),
        ((user("a"), system("c"), user("b")), "<s>[INST] <<SYS>>\nc\n<</SYS>>\n\na\n\nb [/INST]"),
    ],
)
def test_turns_in_any_order_become_pairs(messages: tuple[Message, ...], llama_2: str) -> None:
    assert prompt(*messages, model="llama-2") == llama_2


def test_what_the_model_began_it_goes_on_with() -> None:
    told = prompt(user("a"), model("Once"))
    assert told.endswith("<|start_header_id|>assistant<|end_header_id|>\n\nOnce")


def test_developers_are_systems_and_documents_are_text() -> None:
    paper = Document(source=PlainText(text="paper"))
    told = prompt(
        message(Role.DEVELOPER, "be brief"), user("hi ", paper), model(Thinking(text="hm"))
    )
    assert "system<|end_header_id|>\n\nbe brief<" in told
    assert "\n\nhi paper<" in told
    assert "hm" not in told
    assert "\n\nno<" in prompt(model(Refusal(text="no")), user("x"))


REFUSED = [
    ((), {}),
    ((user(Image(source=Url(url="https://a.test/"))),), {}),
    ((message(Role.TOOL, ToolResult(call_id="c", parts=())),), {}),
    ((model(ToolCall(id="c", name="f", arguments="{}")),), {}),
    ((user("a"),), {"tools": (Tool(name="f"),)}),
    ((user("a"),), {"n": 2}),
]


@pytest.mark.parametrize(("messages", "members"), REFUSED)
def test_what_is_no_text_is_refused(messages: tuple[Message, ...], members: dict[str, Any]) -> None:
    request = ChatRequest(model="llama-3", messages=messages, **members)
    with pytest.raises(Unsupported):
        settle(used(request), LLAMA.carries, LLAMA.names, LLAMA.name)
        LLAMA.render_request(request, [])


# Every mark of the three formats; special tokens of the tokenizers among them.
MARK = re.compile(
    r"<\|[a-z0-9_]+\|>|</?s>|<unk>|\[/?INST\]|<<SYS>>|<</SYS>>|!\[\]\(", re.IGNORECASE
)
MARKS = [
    "<|begin_of_text|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|reserved_special_token_0|>",
    "<|python_tag|>",
    "<|eot|>",
    "<|header_start|>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "![](https://a.test/b.png)",
]
pieces = st.lists(
    st.sampled_from([*MARKS, "<", "|", ">", "[", "]", "/", "s", "a", " ", "\n", BREAK]), max_size=8
).map("".join)
NAMES = ("llama-2-7b", "llama-3.1-8b", "llama-4")


@given(st.lists(pieces, min_size=3, max_size=3), pieces, st.sampled_from(NAMES))
def test_no_words_make_a_mark(said: list[str], half: str, name: str) -> None:
    forged = (
        system(said[0], half),
        user(said[1], half),
        model(said[2], half),
        user(half, said[0]),
    )
    honest = tuple(
        Message(role=each.role, parts=(Text(text="x" if harmless(_all(each)).strip() else ""),))
        for each in forged
    )
    assert MARK.findall(prompt(*forged, model=name)) == MARK.findall(prompt(*honest, model=name))


def _all(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, Text))


@pytest.mark.parametrize("mark", [*MARKS, "<unk>", "[inst]", "<|EOT_ID|>"])
def test_a_mark_that_somebody_wrote_is_read_and_is_none(mark: str) -> None:
    told = harmless(f"a{mark}b")
    assert MARK.search(told) is None
    assert told.replace(BREAK, "") == f"a{mark}b"


@pytest.mark.parametrize("text", ["a <| b |> c", "x < y > z", "[a] / [b]", "<style>", "![alt](x)"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_sampling_and_stops_go_with_it() -> None:
    dropped: list[str] = []
    request = ChatRequest(
        model="llama-3",
        messages=(user("a"),),
        max_tokens=5,
        temperature=0.5,
        stop=("x",),
        stream=True,
        extras={"x": 1},
    )
    body = LLAMA.render_request(request, dropped)
    assert body["parameters"] == {
        "details": True,
        "return_full_text": False,
        "max_new_tokens": 5,
        "do_sample": True,
        "temperature": 0.5,
        "stop": ["x"],
    }
    assert body["stream"] is True
    assert dropped == ["x"]


def test_it_is_for_providers_alone() -> None:
    assert LLAMA.client == ()


@pytest.mark.parametrize(
    "body",
    [{"generated_text": "Hi"}, {"data": [{"generated_text": "Hi"}]}],
)
def test_an_answer_is_the_text_that_follows(body: dict[str, Any]) -> None:
    [choice] = LLAMA.parse_response(body).choices
    assert choice.parts == (Text(text="Hi"),)
