"""Every feature that the Responses API says it carries changes what is sent, and no other does."""

import pytest

from providers.bridging.fidelity import Feature
from providers.dialects.openai.responses import DIALECT
from providers.neutral.chat import Citation, NativeTool, Signature
from tests.features import FILE, Pair, changes_the_body_where_it_is_carried, uses

USES: dict[Feature, Pair] = uses(
    NativeTool(dialect=DIALECT.name, value={"type": "web_search"}),
    Signature(origin="openai", value="sig"),
    Citation(url="https://a.test/", title="A", start=0, end=1),
    paper=FILE,
)


@pytest.mark.parametrize("feature", USES)
def test_a_feature_changes_the_body_exactly_where_it_is_carried(feature: Feature) -> None:
    changes_the_body_where_it_is_carried(DIALECT, feature, *USES[feature])


def test_every_feature_is_tried() -> None:
    assert set(Feature) == set(USES)
