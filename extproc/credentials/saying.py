"""What an SDK says when there is no token, for the log: one line, without a secret."""

import os
import re
from collections.abc import Iterable, Mapping

from extproc.config.redaction import OPAQUE, SECRET
from extproc.credentials.redaction import SHORTEST, SHOWN, redacted

LONGEST = 300
SECRET_NAMES = re.compile(r"SECRET|TOKEN|PASSWORD|KEY|ASSERTION|HEADER")
"""Environment variables whose values are no business of a log."""


def said(error: Exception, secrets: Iterable[str], environ: Mapping[str, str] = os.environ) -> str:
    """The kind of `error`, and what it says as far as that may be shown."""
    values = (value for name, value in environ.items() if SECRET_NAMES.search(name.upper()))
    hidden = [text for text in (*secrets, *values) if len(text) >= SHORTEST]
    # The longest first: another may be a part of it.
    unique = tuple(sorted({*hidden}, key=lambda text: (-len(text), text)))
    shown = redacted(str(error).encode(errors="replace"), unique).decode(errors="replace")
    shown = OPAQUE.sub(SHOWN.decode(), SECRET.sub(SHOWN.decode(), shown))
    line = " ".join("".join(c if c.isprintable() else " " for c in shown).split())
    short = line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
    return f"{type(error).__name__}: {short}" if short else type(error).__name__
