"""Turns that have a role, and results that stand together."""

from typing import Any

import pytest

from providers.chat import Message, Role, Text, ToolResult
from providers.errors import InvalidRequest
from providers.turns import merged, role_of


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
