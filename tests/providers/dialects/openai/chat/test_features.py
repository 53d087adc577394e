"""Every feature that OpenAI chat says it carries changes what is sent, and no other does."""

import msgspec
import pytest

from providers.bridging.fidelity import Feature
from providers.dialects.openai.chat import DIALECT
from providers.neutral.chat import Citation, NativeTool, Signature
from tests.features import BASE, FILE, Pair, changes_the_body_where_it_is_carried, uses

USES: dict[Feature, Pair] = uses(
    NativeTool(dialect=DIALECT.name, value={"type": "custom"}),
    Signature(origin="openai", value="sig"),
    Citation(),
    paper=FILE,
)
del USES[Feature.CITATIONS]
# What is not stored has no metadata.
STORED = msgspec.structs.replace(BASE, store=True)
USES[Feature.METADATA] = (msgspec.structs.replace(STORED, metadata={"a": "b"}), STORED)


@pytest.mark.parametrize("feature", USES)
def test_a_feature_changes_the_body_exactly_where_it_is_carried(feature: Feature) -> None:
    changes_the_body_where_it_is_carried(DIALECT, feature, *USES[feature])


def test_every_feature_but_an_answers_citations_is_tried() -> None:
    assert set(Feature) - set(USES) == {Feature.CITATIONS}
