"""Where orders come from, and which of them win."""

import pytest

from extproc.lab.simulator import directives
from extproc.lab.simulator.directives import BadDirectiveError


def test_later_layers_win_and_orders_for_another_server_are_left_out():
    merged = directives.merge(
        [{"status": 500, "seed": 1}, {"at": "other", "seed": 9}, {"at": "here", "status": 503}],
        "here",
    )
    assert (merged.status, merged.seed) == (503, 1)


def test_text_may_hold_several_orders_and_the_model_sees_none():
    text = 'say [[sim: {"status": 503}]] hi [[sim:{"at": "b", "headers": {"a": "b"}}]]'
    assert [list(each) for each in directives.from_text(text)] == [["status"], ["at", "headers"]]
    assert directives.without_directives(text) == "say hi "


def test_headers_are_json_or_plain_text():
    found = directives.from_headers(
        [
            ("x-sim", '{"status": 503}'),
            ("x-sim-retry-after", "7"),
            ("x-sim-drop", "mid"),
            ("x-simple", "no"),
        ]
    )
    assert found == {"status": 503, "retry_after": 7, "drop": "mid"}


def test_the_longest_model_prefix_wins():
    table = {"slow": {"delay_ms": 1}, "slow-x": {"delay_ms": 2}}
    assert directives.by_prefix("slow-xl", table) == {"delay_ms": 2}
    assert directives.by_prefix("fast", table) == {}


@pytest.mark.parametrize("orders", [{"statsu": 1}, {"drop": "sometimes"}, {"status": "bad"}])
def test_a_misspelt_directive_is_an_error(orders):
    with pytest.raises(BadDirectiveError):
        directives.convert(orders)


@pytest.mark.parametrize("text", ["[[sim: {status: 1}]]"])
def test_an_order_that_is_no_json_is_an_error(text):
    with pytest.raises(BadDirectiveError):
        directives.from_text(text)
