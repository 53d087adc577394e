"""Claude, whoever hosts it: what each generation takes, and the words to ask for it.

A signature of Claude's holds on every platform, so its origin is `anthropic` everywhere
(https://platform.claude.com/docs/en/build-with-claude/thinking#thinking-encryption).
"""
