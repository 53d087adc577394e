"""While one configuration takes another's place, a request goes by the one that Envoy follows."""

from extproc.config import parse
from extproc.exchange.choosing import chosen
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import RequestHeaders
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL


def plan(backend: str, *models: str) -> Plan:
    return compile_plan(
        parse(
            {
                "version": 1,
                "backends": {backend: {"provider": "openai", "credential": "none"}},
                "routes": [{"models": [*models], "backends": [{"backend": backend}]}],
            }
        )
    )


class Headers:
    def get(self, name: str) -> None:
        return None


def asked(backend: str, model: str, call: str = "body") -> RequestHeaders:
    said = f"{call}\n/v1/chat/completions\n{model}"
    attributes = {BACKEND: backend, CALL: said} if backend else {CALL: said}
    return RequestHeaders(headers=Headers(), attributes=attributes, end=False)


PLANS = (plan("new", "m"), plan("old", "m", "n"))


def test_the_one_in_force_comes_first():
    assert chosen(PLANS, asked("new", "m")) == 0


def test_a_backend_that_was_renamed_is_served_by_the_plan_before():
    assert chosen(PLANS, asked("old", "m")) == 1


def test_a_model_that_is_gone_is_served_where_it_still_led_to_the_backend():
    assert chosen(PLANS, asked("old", "n")) == 1
    assert chosen(PLANS, asked("new", "n")) == 0


def test_what_no_backend_was_chosen_for_is_answered_by_the_one_in_force():
    assert chosen(PLANS, asked("", "m")) == 0


def test_what_is_kept_needs_the_backend_alone():
    assert chosen(PLANS, asked("old", "files", "kept")) == 1
