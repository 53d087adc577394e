"""Every feature that Converse says it carries changes what is sent, and no other does."""

import msgspec
import pytest

from providers.bridging.fidelity import Feature
from providers.dialects.bedrock.converse import DIALECT
from providers.neutral.chat import Citation, NativeTool, Signature
from tests.features import PDF, Pair, changes_the_body_where_it_is_carried, uses

MODEL = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
ADAPTIVE = "anthropic.claude-opus-4-7"
"""With a budget Claude shows its thoughts by itself; newer models are told to."""
MODELS = {Feature.REASONING_SHOW: ADAPTIVE, Feature.REASONING_SUMMARY: ADAPTIVE}
USES: dict[Feature, Pair] = uses(
    NativeTool(dialect=DIALECT.name, value={"systemTool": {"name": "nova_grounding"}}),
    Signature(origin="anthropic", value="sig"),
    Citation(native={"title": "t"}, dialect=DIALECT.name),
    paper=PDF,
    link="s3://bucket/file",
)


@pytest.mark.parametrize("feature", Feature)
def test_a_feature_changes_the_body_exactly_where_it_is_carried(feature: Feature) -> None:
    model = MODELS.get(feature, MODEL)
    pair = (msgspec.structs.replace(request, model=model) for request in USES[feature])
    changes_the_body_where_it_is_carried(DIALECT, feature, *pair)
