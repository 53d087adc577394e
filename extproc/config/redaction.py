"""What may be shown of text that a person wrote: a secret may stand where none belongs."""

import re

SECRET = re.compile(
    r"""
      \b(?:sk|csk|xai|pplx|nvapi|rk|dop_v1|tgp_v1|fw|r8|hf|gsk|glpat|sk_live|sk_test)
        [-_](?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}      # keys of model vendors
    | \b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}            # AWS access key ids
    | \b(?:AIza|ya29\.|gh[pousr]_|github_pat_|xox[abprs]-)[A-Za-z0-9_.-]{16,}
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}         # JWT
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY
    | \b[Bb]earer\s+[^\s{]{8,}
    """,
    re.VERBOSE,
)
"""Text that is a secret by its shape."""

OPAQUE = re.compile(r"(?=[A-Za-z+/=]*[0-9])(?=[0-9+/=]*[A-Za-z])[A-Za-z0-9+/=]{24,}")
"""Letters and digits mixed, longer than a word: perhaps a secret, perhaps an identifier."""


def looks_secret(text: str) -> bool:
    """True for text that can hardly be anything but a secret."""
    return SECRET.search(text) is not None


def masked(text: str) -> str:
    """`…` for text that may hold a secret; a path is looked at segment by segment."""
    words = text.split("/") if text.removeprefix("file:").startswith("/") else [text]
    opaque = looks_secret(text) or any(OPAQUE.search(word) for word in words)
    return "…" if opaque else text


def shown(text: str) -> str:
    """`text` for a message: one printable line of at most 100 characters, or `…` for a secret."""
    text = masked(text)
    printable = "".join(character if character.isprintable() else "�" for character in text)
    return printable if len(printable) <= 100 else printable[:99] + "…"
