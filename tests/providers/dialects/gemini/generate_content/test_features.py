"""Every feature that Gemini says it carries changes what is sent, and no other does."""

import msgspec
import pytest

from providers.bridging.fidelity import Feature
from providers.dialects.gemini.generate_content import DIALECT
from providers.neutral.chat import Citation, NativeTool, Signature
from providers.neutral.media import FileId
from tests.features import PDF, Pair, changes_the_body_where_it_is_carried, uses

MODEL = "gemini-2.5-flash"
USES: dict[Feature, Pair] = uses(
    NativeTool(dialect=DIALECT.name, value={"googleSearch": {}}),
    Signature(origin="gemini", value="c2ln"),
    Citation(url="https://a.test"),
    paper=PDF,
    link="gs://bucket/file",
    file=FileId(id="files/abc", media_type="application/pdf"),
)


@pytest.mark.parametrize("feature", Feature)
def test_a_feature_changes_the_body_exactly_where_it_is_carried(feature: Feature) -> None:
    pair = (msgspec.structs.replace(request, model=MODEL) for request in USES[feature])
    changes_the_body_where_it_is_carried(DIALECT, feature, *pair)
