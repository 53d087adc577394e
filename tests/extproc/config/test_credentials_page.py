"""What docs/credentials.md shows is a configuration."""

import re
from pathlib import Path
from textwrap import indent

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "credentials.md").read_text()
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.partition(":")[0])
def test_an_example_may_be_copied(folder, text):
    routes = text if text.startswith("routes:") else ""
    backends = indent(EXAMPLES[0] if routes else text, "  ")
    assert folder.load(f"version: 1\nbackends:\n{backends}{routes}").backends
