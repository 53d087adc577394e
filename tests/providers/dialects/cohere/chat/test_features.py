"""Every feature that Cohere chat says it carries changes what is sent, and no other does."""

import msgspec
import pytest

from providers.bridging.fidelity import Feature
from providers.dialects.cohere.chat import DIALECT
from providers.neutral.chat import Citation, NativeTool, Reasoning, Signature
from tests.features import BASE, Pair, changes_the_body_where_it_is_carried, replaced, uses

USES: dict[Feature, Pair] = uses(
    NativeTool(dialect=DIALECT.name, value={"type": "custom"}),
    Signature(origin="cohere", value="thinking"),
    Citation(start=0, end=1, native={"start": 0, "end": 1}, dialect=DIALECT.name),
)

# Whoever is to think is to show it.
USES[Feature.REASONING_SHOW] = (replaced(reasoning=Reasoning(show=True)), BASE)
# Cohere takes no tools beside a response format.
for output in (Feature.JSON_MODE, Feature.JSON_SCHEMA):
    without, having = (msgspec.structs.replace(each, tools=()) for each in USES[output])
    USES[output] = without, having


@pytest.mark.parametrize("feature", USES)
def test_a_feature_changes_the_body_exactly_where_it_is_carried(feature: Feature) -> None:
    changes_the_body_where_it_is_carried(DIALECT, feature, *USES[feature])


def test_every_feature_is_tried() -> None:
    assert set(USES) == set(Feature)
