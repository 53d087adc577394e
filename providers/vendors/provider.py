"""What is known of one who serves."""

from collections.abc import Callable, Mapping

import msgspec

from providers.bridging.dialect import Dialect
from providers.bridging.session import SessionDialect
from providers.operations import Operation
from providers.signing.sign import Signer, bearer


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """Who serves: where, with which credentials, in which dialects and with which quirks."""

    name: str
    """The word in gateway.yaml."""
    title: str
    """The name that the vendor gives itself."""
    docs: str
    """Where the facts in this row come from."""
    checked: str
    """The month in which they were last looked up there."""
    since: str = "0.1"
    """The first version of ours that has it."""
    about: str = ""
    """What it has to offer, in a sentence."""
    examples: Mapping[str, str] = {}
    """Operation → a model for it; no list of those that there are."""
    notes: Mapping[str, str] = {}
    """Operation → what its users must know."""
    base_url: str = ""
    """Scheme, host and port; `{option}` stands for a backend option. Empty: the user names it."""
    regions: Mapping[str, str] = {}
    """Region → base URL, where it is not by the same rule as those of other regions."""
    prefix: str = "/v1"
    """The path before an operation's own, up to and including the version segment."""
    prefixes: Mapping[str, str] = {}
    """Dialect → its own prefix, where it is not `prefix`."""
    paths: Mapping[Operation, str] = {}
    """Operation → path after the prefix, `{model}` where the model stands in the path."""
    locate: Callable[[str, str, Mapping[str, str]], tuple[str, str]] | None = None
    """(dialect, its path, options) → (prefix, path), where the options decide."""
    dialects: Mapping[Operation, tuple[str, ...]] = {}
    """Operation → the dialects spoken there; the first is the default."""
    keeps: frozenset[str] = frozenset()
    """What it keeps for clients, by name: `openai.files` and the like."""
    sessions: tuple[SessionDialect, ...] = ()
    """Formats of the sessions that it holds, in its own form of them."""
    speaks: Mapping[str, str] = {}
    """Dialect → expression of the only models that speak it; `re.search` decides, and in linear
    time."""
    asked_for: frozenset[str] = frozenset()
    """Dialects that are spoken only where the configuration says so."""
    forms: Mapping[str, Dialect] = {}
    """Dialect → the provider's own form of it."""
    options: frozenset[str] = frozenset()
    """Backend options that must be given, such as `base_url` or `region`."""
    signer: Signer = bearer
    identities: frozenset[str] = frozenset()
    """Kinds of credential beside a key from which the signer's key may come: `gcp`, `entra`."""
    keyless: bool = False
    """True where no credential is the usual case, as with servers in one's own network."""
    headers: Mapping[str, str] = {}
    """Sent with every request."""
    drops: frozenset[str] = frozenset()
    """Top-level parameters that the provider rejects, mere hints: left out and named."""
    refuses: frozenset[str] = frozenset()
    """Top-level parameters that the provider rejects and that change the meaning: 400."""
    renames: Mapping[str, str] = {}
    """Top-level parameters that the provider knows under another name."""
    functions_only: frozenset[str] = frozenset()
    """Dialects that have other tools that clients run, where the provider knows functions only."""
    counts: tuple[str, ...] = ()
    """Headers in which a whole answer says its input and output tokens, where its body does not."""
    stream_usage: bool = True
    """True where `stream_options.include_usage` is understood; false where it is an error."""
