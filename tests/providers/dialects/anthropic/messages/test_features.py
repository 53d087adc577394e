"""Every feature that Messages says it carries changes what is sent, and no other does."""

import msgspec
import pytest

from providers.bridging.fidelity import Feature
from providers.dialects.anthropic.messages import DIALECT
from providers.neutral.chat import Citation, NativeTool, Signature
from tests.features import BASE, PDF, Pair, changes_the_body_where_it_is_carried, uses

MODEL = "claude-sonnet-4-5"
PLACE = {
    "type": "web_search_result_location",
    "url": "https://a.test",
    "title": "t",
    "cited_text": "x",
    "encrypted_index": "e",
}
USES: dict[Feature, Pair] = uses(
    NativeTool(dialect=DIALECT.name, value={"type": "web_search_20250305", "name": "web_search"}),
    Signature(origin="anthropic", value="sig"),
    Citation(url="https://a.test", native=PLACE, dialect=DIALECT.name),
    paper=PDF,
)
# Its tiers are not those of others.
USES[Feature.SERVICE_TIER] = (msgspec.structs.replace(BASE, service_tier="auto"), BASE)


@pytest.mark.parametrize("feature", Feature)
def test_a_feature_changes_the_body_exactly_where_it_is_carried(feature: Feature) -> None:
    pair = (msgspec.structs.replace(request, model=MODEL) for request in USES[feature])
    changes_the_body_where_it_is_carried(DIALECT, feature, *pair)
