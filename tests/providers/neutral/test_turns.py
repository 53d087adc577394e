"""Turns that have a role, and results that stand together."""

from typing import Any

import pytest

from providers.errors import InvalidRequest
from providers.neutral.chat import Image, Message, Role, Text, ToolResult
from providers.neutral.media import Url
from providers.neutral.turns import details, merged, role_of


@pytest.mark.parametrize("role", list(Role))
def test_every_role_is_known(role: Role) -> None:
    assert role_of({"role": role.value}, "messages[0].") is role
    assert role_of({"role": role.value.title()}, "messages[0].") is role


@pytest.mark.parametrize("word", ["king", "", None, 5])
def test_no_other_is(word: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        role_of({"role": word}, "messages[0].")
    assert caught.value.param == "messages[0].role"


def test_a_run_of_results_is_one_turn() -> None:
    first, second, third = (
        Message(role=Role.TOOL, parts=(ToolResult(call_id=id),)) for id in ("a", "b", "c")
    )
    user = Message(role=Role.USER, parts=(Text(text="hi"),))
    both = Message(role=Role.TOOL, parts=(*first.parts, *second.parts))
    assert list(merged([user, user, first, second, user, third])) == [user, user, both, user, third]


def test_every_picture_says_how_closely_it_is_to_be_looked_at() -> None:
    low, high, any = (Image(source=Url(url="u"), detail=d) for d in ("low", "high", None))
    result = ToolResult(call_id="c", parts=(high,))
    turns = [Message(role=Role.USER, parts=(low,)), Message(role=Role.TOOL, parts=(result,))]
    assert details(turns) == {"low", "high"}
    assert details([*turns, Message(role=Role.USER, parts=(any,))]) == {"low", "high", None}
    assert details([Message(role=Role.USER, parts=(Text(text="hi"),))]) == set()
