"""What OpenAI's formats share: `openai.chat`, `openai.responses` and `openai.completions`."""
