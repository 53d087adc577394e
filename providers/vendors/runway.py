"""Runway: films, by its own models and by others that it hosts."""

from providers.operations import Operation
from providers.signing.sign import bearer
from providers.vendors.provider import Provider

PROVIDERS = (
    Provider(
        name="runway",
        title="Runway",
        docs="https://docs.dev.runwayml.com/api",
        checked="2026-11",
        about="Films by Gen-4 and models of others.",
        examples={"video": "gen4.5"},
        base_url="https://api.dev.runwayml.com",
        dialects={Operation.VIDEO: ("runway.video",)},
        keeps=frozenset({"runway.video"}),
        signer=bearer,
    ),
)
