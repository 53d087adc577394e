"""How Cohere says that a prompt does not fit."""

from providers.wire import overflow

TOO_LONG = overflow.form(
    "^too many tokens:",
    "too many tokens: the prompt cannot exceed {most} - received {given}. Try a shorter prompt.",
    "too many tokens",
)
