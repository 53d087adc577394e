"""ElevenLabs' speech with the times at which letters are heard.

https://elevenlabs.io/docs/api-reference/text-to-speech/convert-with-timestamps
"""

import base64
import re

import msgspec
import orjson

from extproc.lab.simulator.dialect import Turn
from extproc.lab.simulator.elevenlabs import speech


def whole(turn: Turn) -> bytes:
    """The sound in two pieces, with the letters that are heard in each."""
    data, text = speech.whole(turn), turn.asked.text
    found = []
    for sound_of, letters in ((data[:8], text[:2]), (data[8:], text[2:])):
        times = [number / 10 for number in range(len(letters))]
        alignment = {
            "characters": [*letters],
            "character_start_times_seconds": times,
            "character_end_times_seconds": [time + 0.1 for time in times],
        }
        piece = base64.b64encode(sound_of).decode()
        found.append(orjson.dumps({"audio_base64": piece, "alignment": alignment}) + b"\n\n")
    return b"".join(found) if turn.asked.body["pieces"] else found[0]


DIALECT = msgspec.structs.replace(
    speech.DIALECT,
    name="elevenlabs.timed_speech",
    path=re.compile(r".*/text-to-speech/(?P<voice>[^/]+)(?:/stream)?/with-timestamps"),
    whole=whole,
    content_type="application/json",
)
