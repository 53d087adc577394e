from extproc.exchange.client_headers import ATTRIBUTE, KEY, ClientHeaders
from extproc.exchange.events import GO_ON, Change, RequestHeaders
from extproc.exchange.passing import Passing
from tests.plans import Pairs


def headers(said: str = "", **sent: str) -> ClientHeaders:
    attributes = {ATTRIBUTE: said} if said else {}
    return ClientHeaders(RequestHeaders(Pairs(**sent), attributes, False))


ALL = Passing()


def told(action: Change) -> str:
    assert action.metadata is not None
    return str(action.metadata[KEY])


def test_a_first_attempt_undoes_nothing_and_tells_what_it_changes():
    first = headers(x_one="1", x_two="2")
    assert first.undone(ALL) == ()
    assert first.foreign() == ()
    assert told(first.report(("x-one", "x-new"), ALL)) == '{"x-one":"1","x-new":null}'


def test_the_next_attempt_finds_the_headers_as_they_came():
    said = told(headers(x_one="1").report(("x-one", "x-new"), ALL))
    second = headers(said, x_new="of the first", x_two="2")
    assert second.get("x-one") == "1"
    assert second.get("x-two") == "2"
    assert second.get("x-new") is None
    assert second.undone(ALL) == (("x-one", "1"),)
    assert second.undone(Passing(denied=frozenset({"x-one"}))) == ()
    assert second.foreign() == ("x-new",)


def test_a_third_attempt_knows_what_both_have_changed():
    said = told(headers(x_one="1").report(("x-one",), ALL))
    again = told(headers(said, x_two="2").report(("x-one", "x-two"), ALL))
    assert again == '{"x-one":"1","x-two":"2"}'


def test_nothing_is_told_where_nothing_new_changes():
    assert headers(x_one="1").report((), ALL) is GO_ON
    assert headers('{"x-one":"1"}').report(("x-one",), ALL) is GO_ON


def test_what_may_not_pass_here_is_kept_for_the_next_attempt_unless_it_never_passes():
    strict = Passing(allowed=frozenset({"x-new"}))
    sent = headers(x_own="1", x_stainless_os="Linux", cookie="secret")
    assert told(sent.report(("x-new",), strict)) == '{"x-new":null,"x-own":"1"}'
