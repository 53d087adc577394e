"""ElevenLabs' wire formats."""
