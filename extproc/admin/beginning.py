"""Whom a first backend can be of: providers that need no more than a key, or an address."""

from extproc.admin.answers import Maker, Makers
from extproc.config.nameable import variable
from providers.catalog import PROVIDERS
from providers.operations import Operation

ADDRESS = "base_url"


def makers() -> Makers:
    """All of them, by their titles."""
    found = [
        Maker(
            name=one.name,
            title=one.title,
            docs=one.docs,
            example=one.examples.get("chat", ""),
            variable=variable(one.name),
            keyless=one.keyless,
            base_url=ADDRESS in one.options,
        )
        for one in PROVIDERS.values()
        if Operation.CHAT in one.dialects and one.options <= {ADDRESS}
    ]
    return Makers(providers=sorted(found, key=lambda one: one.title.lower()))
