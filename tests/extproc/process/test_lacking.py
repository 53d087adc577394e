"""Which backends Envoy need not ask, for they have no token."""

from pathlib import Path

import pytest

from extproc.config import parse
from extproc.credentials import snapshot
from extproc.credentials.snapshot import Entry
from extproc.exchange.compile import wanted_identities
from extproc.process.lacking import lacking

OAUTH = {"oauth": {"token_url": "https://t.test/", "client_id": "c", "client_secret": "env:S"}}
NOW = 1_000.0


def gateway() -> dict:
    one = {"provider": "openai-compatible", "base_url": "https://a.test/v1"}
    theirs = {"header": "x-key", "fallback": OAUTH}
    return {
        "version": 1,
        "backends": {
            "a": {**one, "credential": OAUTH},
            "b": {**one, "credential": OAUTH},
            "own": {**one, "credential": theirs},
            "key": {**one, "credential": {"api_key": "env:K"}},
        },
    }


@pytest.mark.parametrize(
    ("entry", "gone"),
    [
        (None, False),
        (Entry({"bearer": "t"}), False),
        (Entry({"bearer": "t"}, expires=NOW + 1, failures=3), False),
        (Entry({"bearer": "t"}, expires=NOW), True),
        (Entry(failures=1), True),
    ],
)
def test_who_has_lost_his_token_is_passed_over(tmp_path: Path, entry: Entry | None, gone: bool):
    made = parse(gateway())
    (key,) = wanted_identities(made)
    tokens = tmp_path / snapshot.NAME
    if entry is not None:
        snapshot.write(tokens, {key: entry})
    assert lacking(made, tokens, NOW) == ({"a", "b"} if gone else set())
