"""ElevenLabs, as its clients see it."""
