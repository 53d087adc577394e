"""Replicate: films, by models of many makers."""

from providers.operations import Operation
from providers.signing.sign import bearer
from providers.vendors.provider import Provider

PROVIDERS = (
    Provider(
        name="replicate",
        title="Replicate",
        docs="https://replicate.com/docs/reference/http",
        checked="2026-11",
        about="Films by models of many makers; a model is its owner and its name.",
        examples={"video": "bytedance/seedance-1-pro"},
        notes={
            "video": "Veo 3, Kling 2, Seedance 1 and Hailuo are known; others are told words alone."
        },
        base_url="https://api.replicate.com",
        dialects={Operation.VIDEO: ("replicate.video",)},
        keeps=frozenset({"replicate.video"}),
        signer=bearer,
    ),
)
