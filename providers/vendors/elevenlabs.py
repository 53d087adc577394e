"""ElevenLabs: voices and transcripts (https://elevenlabs.io/docs/api-reference)."""

from providers.operations import Operation
from providers.signing.sign import xi_api_key
from providers.vendors.provider import Provider

PROVIDERS = (
    Provider(
        name="elevenlabs",
        title="ElevenLabs",
        docs="https://elevenlabs.io/docs/api-reference/introduction",
        checked="2026-11",
        about="Voices and transcripts.",
        examples={"speech": "eleven_multilingual_v2", "transcription": "scribe_v1"},
        notes={"speech": "The voice is an id of ElevenLabs'."},
        base_url="https://api.elevenlabs.io",
        dialects={
            Operation.SPEECH: ("elevenlabs.speech", "elevenlabs.timed_speech"),
            Operation.TRANSCRIPTION: ("elevenlabs.transcripts",),
        },
        signer=xi_api_key,
    ),
)
