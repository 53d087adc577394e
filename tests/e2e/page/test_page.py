"""The page in a real browser, before a gateway that has served real requests."""

import json
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.e2e.page.browser import NARROW, PROGRAM, Tab, browser
from tests.e2e.page.world import DORA, KEY, World, world

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs Debian's package chromium")

AXE = Path(__file__).with_name("axe.min.js")
SIGNS = {
    "traffic": "Requests a minute",
    "models": "claude-sonnet-4-5",
    "backends": "unavailable, status 503",
    "spend": "dora",
    "limits": "1000000 tokens per day",
    "errors": "unavailable",
    "playground": "POST /v1/chat/completions",
    "configuration": "What was changed here",
    "start": "1. Who serves",
}
"""What is read in a view once it is there."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("g")) as one:
        one.work()
        yield one


@pytest.fixture(scope="module")
def tab(gateway, tmp_path_factory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("b")) as one:
        one.look()
        one.open(gateway.page)
        one.sees("Key of the management API")
        yield one


def go(tab: Tab, view: str, query: str = "") -> None:
    """Opens a view, signed in; what was there before is gone."""
    tab.run(f"sessionStorage.setItem('extproc.key', {json.dumps(KEY)}); location.hash = ''")
    tab.run(f"location.hash = '#/{view}{query}'; document.querySelector('main').replaceChildren()")
    tab.until(f"document.querySelector('nav [aria-current]')?.hash === '#/{view}'")
    tab.until("document.querySelector('main h1') !== null")


def quiet(tab: Tab) -> None:
    """Nothing was said on the console, and no policy was violated."""
    assert tab.complaints == []


def test_a_wrong_key_is_said_and_the_right_one_opens_it(gateway, tab):
    tab.write("Key of the management API", "wrong")
    tab.press("Open")
    tab.sees("This key is not the one of admin.key.")
    # The browser notes each answer of 401, whoever waits for it.
    tab.complaints.clear()
    tab.write("Key of the management API", KEY)
    tab.press("Open")
    tab.sees("Requests a minute")
    assert tab.run("document.cookie + JSON.stringify({...localStorage})") == "{}"
    quiet(tab)


def test_traffic_is_what_was_asked_and_goes_on(gateway, tab):
    go(tab, "traffic")
    tab.until("document.querySelectorAll('.plot canvas').length === 3")
    shown = "Number(document.querySelector('.tile dd').innerText)"
    before = tab.until(shown)
    assert before >= 7
    gateway.ask("smart")
    tab.until(f"{shown} > {before}")
    tab.press("The same as a table")
    tab.sees("Mean time", "details")
    quiet(tab)


def test_models_lead_to_their_backends_and_to_a_trial(gateway, tab):
    go(tab, "models")
    tab.sees("gpt-4o*")
    assert "priority 1, weight 1" in tab.text("main")
    assert tab.run("document.querySelector('td a[href*=playground]').hash") == (
        "#/playground?model=smart"
    )
    quiet(tab)


HOSTILE = "<script>document.title='x'</script><img/src=x/onerror=alert(1)>"
MANY = [HOSTILE, "long-" + "x" * 250, *(f"one-of-many-{number}" for number in range(60))]


def test_names_of_any_length_form_and_number_leave_the_page_as_it_is(gateway, tab):
    target = {"backend": "openai", "model": "gpt-4o-mini"}
    gateway.api("routes", "POST", json={"models": MANY, "backends": [target]})
    gateway.until("routes", lambda said: MANY[-1] in said["names"], "the new models")
    go(tab, "models")
    tab.sees(HOSTILE)
    tab.sees("and 50 more")
    assert tab.run("document.querySelectorAll('main script, main img').length") == 0
    fits = (
        "document.querySelector('table').scrollWidth <= document.querySelector('.wide').clientWidth"
    )
    assert tab.run(fits)
    tab.write("Find a model", "many-59")
    tab.until("document.querySelectorAll('tbody tr').length === 1")
    assert "one-of-many-59" in tab.text("tbody")
    tab.write("Find a model", "none of these")
    tab.sees("No route has such a name.")
    go(tab, "backends")
    tab.until("document.querySelector('.card')?.innerText.includes('more')")
    gateway.api("history/undo", "POST")
    gateway.until("routes", lambda said: MANY[-1] not in said["names"], "the old models")
    quiet(tab)


def test_backends_are_shown_with_their_health_and_what_they_lack(gateway, tab):
    go(tab, "backends")
    tab.sees("claude healthy")
    text = tab.text("main")
    assert "unavailable, status 503" in text
    assert "the environment variable NOT_THERE is not set" in text
    assert "in use" in text
    quiet(tab)


def test_spend_is_summed_up_as_one_likes(gateway, tab):
    go(tab, "spend")
    tab.sees("dora")
    tab.until("document.querySelector('.plot canvas') !== null")
    tab.write("By", "backend")
    tab.sees("claude")
    assert "dora" not in tab.text("table")
    quiet(tab)


def test_limits_are_shown_with_what_is_left(gateway, tab):
    go(tab, "limits")
    tab.sees("dora")
    left = tab.run("document.querySelector('td:last-child').innerText").replace(",", "")
    assert 900_000 < int(left) < 1_000_000
    tab.write("Value of a header", "red")
    tab.press("Look")
    tab.sees("red")
    tab.sees("$50")
    quiet(tab)


def test_errors_are_shown_with_their_reason(gateway, tab):
    go(tab, "errors")
    tab.sees("unavailable")
    assert "503" in tab.text("td .badge")
    with pytest.raises(openai.AuthenticationError):
        gateway.ask("smart", "key-of-nobody")
    tab.sees("unknown_api_key: not one of the clients' keys")
    go(tab, "traffic")
    tab.until(f"{tile('Refused requests')} === '1'")
    quiet(tab)


def tile(words: str) -> str:
    """What the tile with that heading says, as a script."""
    said = f"(one) => one.innerText === {json.dumps(words)}"
    return f"[...document.querySelectorAll('.tile dt')].find({said})?.nextElementSibling.innerText"


def trial(tab: Tab, dialect: str, prompt: str) -> None:
    """A call with that prompt, in that format."""
    go(tab, "playground", "?model=smart")
    tab.sees("POST /v1")
    tab.write("Client's format", dialect)
    tab.write("Key of the client", DORA)
    tab.write("Prompt", prompt)
    drafted = "document.querySelector('textarea.file').value"
    tab.until(f"{drafted}.includes({json.dumps(json.dumps(prompt)[1:-1])})")
    tab.press("Send")


@pytest.mark.parametrize("dialect", ["openai.chat", "anthropic.messages", "bedrock.converse"])
def test_a_call_tells_what_was_answered_and_what_it_cost(gateway, tab, dialect):
    trial(tab, dialect, "Say <img src=x onerror=alert(1)> and no more.")
    tab.sees("Time", ".facts")
    assert "Say <img src=x onerror=alert(1)> and no more." in tab.text(".answer")
    told = tab.text(".facts")
    assert "Status\n200" in told
    assert "Dropped\nnothing" in told
    assert "Cost\n$0.0" in told
    assert tab.run("document.querySelectorAll('main img').length") == 0
    quiet(tab)


def test_a_stream_is_shown_while_it_comes_and_can_be_stopped(gateway, tab):
    trial(tab, "openai.chat", '[[sim: {"hang": "mid", "after": 4}]] one two three four five')
    tab.sees("gpt-4o-mini", ".answer")
    assert tab.run("document.querySelector('.answer').getAttribute('aria-busy')") == "true"
    tab.press("Stop")
    tab.sees("Stopped.", ".answer")
    assert tab.run("document.querySelector('.answer').getAttribute('aria-busy')") is None
    quiet(tab)


MESSAGES = [{"role": "user", "content": "hello there"}]


def test_a_request_can_be_edited_and_what_was_dropped_is_told(gateway, tab):
    go(tab, "playground", "?model=deep")
    tab.sees("POST /v1")
    tab.write("Key of the client", DORA)
    tab.until("document.querySelector('textarea.file').value.includes('deep')")
    tab.write("Request", json.dumps({"model": "deep", "seed": 7, "messages": MESSAGES}))
    tab.press("Send")
    tab.sees("Time", ".facts")
    assert "Dropped\nseed" in tab.text(".facts")
    tab.write("Request", "{")
    tab.press("Send")
    tab.sees("The request is not JSON")
    quiet(tab)


def test_what_the_gateway_refuses_is_shown(gateway, tab):
    go(tab, "playground", "?model=smart")
    tab.sees("POST /v1")
    tab.write("Key of the client", "wrong")
    tab.press("Send")
    tab.sees("refused it with 401", ".answer")
    quiet(tab)


def test_a_configuration_is_tried_saved_and_taken_back(gateway, tab):
    go(tab, "configuration")
    tab.until("document.querySelector('textarea').value.includes('smart')")
    text = tab.run("document.querySelector('textarea').value")
    tab.write("gateway.yaml", text.replace('"openai",', '"opnai",', 1))
    tab.press("Check")
    tab.sees("The gateway would not take this")
    assert "did you mean 'openai'" in tab.text("main")
    assert tab.run(
        "[...document.querySelectorAll('button')].find((one) => one.innerText === 'Save').disabled"
    )
    tab.write("gateway.yaml", text.replace('"smart",', '"smart", "bright",', 1))
    tab.press("Check")
    tab.sees("The gateway would take this")
    tab.until("document.querySelector('.diff .added').innerText.includes('bright')")
    tab.press("Save")
    tab.sees("Saved.")
    tab.sees("replace", "table")
    gateway.until("routes", lambda said: "bright" in said["names"], "the new model")
    tab.press("Take the last change back")
    tab.sees("The last change is taken back.")
    gateway.until("routes", lambda said: "bright" not in said["names"], "the old models")
    quiet(tab)


def test_a_backend_is_added_step_by_step_and_called(gateway, tab):
    go(tab, "start")
    tab.until("document.querySelectorAll('option').length > 20")
    tab.write("Provider", "vllm")
    tab.write("Its address", gateway.local.url)
    tab.write("Model, as clients call it", "homemade")
    tab.press("Add it to gateway.yaml")
    tab.sees("In force.")
    tab.press("Make a call")
    tab.until("document.querySelector('textarea.file')?.value.includes('homemade')")
    quiet(tab)


@pytest.mark.parametrize("view", SIGNS)
def test_everybody_can_use_it(gateway, tab, view):
    """By the rules of axe-core for WCAG 2.2 AA, in the dark and in the light; and on a telephone
    nothing sticks out."""
    go(tab, view)
    tab.sees(SIGNS[view])
    if not tab.run("typeof axe === 'object'"):
        tab.call("Runtime.evaluate", expression=AXE.read_text())
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    for dark in (True, False):
        tab.look(dark=dark)
        found = tab.run(f"axe.run({json.dumps(rules)}).then((said) => said.violations)")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    tab.look(size=NARROW)
    assert tab.run("document.documentElement.scrollWidth") <= NARROW[0]
    tab.look()
    quiet(tab)


def test_a_keyboard_is_enough(gateway, tab):
    go(tab, "traffic")
    tab.open(gateway.page)
    tab.sees("Requests a minute")
    seen = []
    for _ in range(12):
        for kind in ("rawKeyDown", "keyUp"):
            tab.call(
                "Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9
            )
        seen.append(tab.run("document.activeElement.innerText"))
    assert seen[:3] == ["Skip to the content", "extproc", "Traffic"]
    assert "Forget the key" in seen
    tab.press("Forget the key")
    tab.sees("Key of the management API")
    assert tab.run("sessionStorage.length") == 0
    assert tab.run("document.activeElement.type") == "password"
    quiet(tab)
