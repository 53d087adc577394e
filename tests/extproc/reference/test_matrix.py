"""Every cell that other gateways serve is served here, or says why not."""

from pathlib import Path

import pytest
import yaml

from extproc.reference.capabilities import CAPABILITIES, NOT_YET
from extproc.reference.cells import every_cell
from providers.catalog import PROVIDERS

HERE = Path(__file__).parent
OTHERS = yaml.safe_load((HERE / "others.yaml").read_text())
UNSERVED = yaml.safe_load((HERE / "unserved.yaml").read_text())
EVERYWHERE = {one.key for one in CAPABILITIES if one.operation in NOT_YET}
KNOWN = {one.key for one in CAPABILITIES}

CELLS = sorted(
    {
        (provider, capability, kind == "streams")
        for table in OTHERS.values()
        for provider, row in table.items()
        for kind, names in row.items()
        for capability in names
    }
)


def serves(provider: str, capability: str, streams: bool) -> bool:
    """Whether ours has that cell."""
    if provider not in PROVIDERS:
        return False
    found = {cell.capability.key: cell for cell in every_cell(PROVIDERS[provider])}
    return capability in found and not (streams and found[capability].stream == "no")


def reason(provider: str, capability: str) -> str:
    """Why ours has it not; empty: it should."""
    reasons = UNSERVED.get(provider, {})
    return reasons.get(capability) or reasons.get("*") or ""


@pytest.mark.parametrize(("provider", "capability", "streams"), CELLS)
def test_a_cell_is_served_or_says_why_not(provider, capability, streams):
    if capability in EVERYWHERE:
        assert not serves(provider, capability, streams)
    else:
        assert serves(provider, capability, streams) != bool(reason(provider, capability))


def test_a_reason_is_for_a_cell_that_somebody_serves():
    asked = {(provider, capability) for provider, capability, _ in CELLS}
    for provider, reasons in UNSERVED.items():
        for capability in reasons:
            wanted = capability == "*" or (provider, capability) in asked
            assert wanted, (provider, capability)
