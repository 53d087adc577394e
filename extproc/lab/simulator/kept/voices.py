"""Voices of one's own at OpenAI, and what their speakers have agreed to.

https://platform.openai.com/docs/api-reference/audio
"""

from collections.abc import Sequence
from functools import partial

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.forms import File
from extproc.lab.simulator.kept.answers import page
from extproc.lab.simulator.kept.shelf import Ask, Rule, json, rule
from extproc.lab.simulator.play import Answer

VOICE, CONSENT = "audio.voice", "audio.voice_consent"
SAMPLE = {"name", "type", "audio_sample", "consent"}
PROMPT = {"name", "type", "prompt", "model", "script_hint"}


def agree(ask: Ask) -> Answer:
    """What a speaker says."""
    body = ask.body
    recording = body.get("recording")
    if not isinstance(recording, File):
        raise Refusal("Missing required parameter: 'recording'.", param="recording")
    _named(body, {"name", "language", "recording"}, ("name", "language"))
    thing = {name: body[name] for name in ("name", "language")}
    thing |= {"id": ask.shelf.new_id("cons_"), "object": CONSENT, "created_at": ask.shelf.now}
    return json(ask.shelf.put(thing, recording["data"]))


def make(ask: Ask) -> Answer:
    """Of a sample, whose speaker has agreed, or of words."""
    body = ask.body
    by_words = body.get("type") == "prompt"
    needed = ("name", "prompt") if by_words else ("name", "audio_sample", "consent")
    _named(body, PROMPT if by_words else SAMPLE, needed)
    if not by_words:
        ask.shelf.get(body["consent"], CONSENT)
    thing = {
        "id": ask.shelf.new_id("voice_"),
        "object": VOICE,
        "created_at": ask.shelf.now,
        "name": body["name"],
        "type": body.get("type", "audio_sample"),
    }
    return json(ask.shelf.put(thing))


def change(ask: Ask) -> Answer:
    """Another name for what was said."""
    thing = ask.shelf.get(ask.ids[0], CONSENT)
    _named(ask.body, {"name"}, ("name",))
    thing["name"] = ask.body["name"]
    return json(thing)


def drop(kind: str, said: str, ask: Ask) -> Answer:
    ask.shelf.drop(ask.ids[0], kind)
    return json({"id": ask.ids[0], "object": said, "deleted": True})


def _named(body: Json, known: set[str], needed: Sequence[str]) -> None:
    for name in sorted(body.keys() - known):
        raise Refusal(f"Unknown parameter: {name!r}.", param=name)
    for name in needed:
        if name not in body:
            raise Refusal(f"Missing required parameter: {name!r}.", param=name)


RULES: tuple[Rule, ...] = (
    rule("POST", "/audio/voices", make),
    rule("DELETE", "/audio/voices/*", partial(drop, VOICE, f"{VOICE}.deleted")),
    rule("POST", "/audio/voice_consents", agree),
    rule("GET", "/audio/voice_consents", lambda ask: page(ask, ask.shelf.all(CONSENT))),
    rule("GET", "/audio/voice_consents/*", lambda ask: json(ask.shelf.get(ask.ids[0], CONSENT))),
    rule("POST", "/audio/voice_consents/*", change),
    rule("DELETE", "/audio/voice_consents/*", partial(drop, CONSENT, CONSENT)),
)
