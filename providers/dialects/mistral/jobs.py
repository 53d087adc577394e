"""Mistral's batches, which it calls jobs; its files are in OpenAI's format.

https://docs.mistral.ai/api/#tag/batch
"""

from providers.bridging.dialect import Seen
from providers.bridging.kept_ids import Ids
from providers.bridging.resource import Act, Kept
from providers.operations import Operation
from providers.wire.compatible_errors import parse_error, render_error

IDS = Ids(
    kind="object",
    kinds=frozenset({"batch"}),
    names=frozenset({"error_file", "input_files", "output_file"}),
    apart=frozenset({"metadata"}),
)

JOBS = Kept(
    name="mistral.jobs",
    operation=Operation.BATCHES,
    client=(),
    upstream=(),
    prefixes=("/v1",),
    root="/batch/jobs",
    acts=(
        Act(method="POST", path="/batch/jobs", models=(("model",),)),
        Act(method="GET", path="/batch/jobs", listed=True),
        Act(method="GET", path="/batch/jobs/{job}"),
        Act(method="POST", path="/batch/jobs/{job}/cancel"),
        Act(method="DELETE", path="/batch/jobs/{job}"),
    ),
    ids=lambda body: IDS,
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda body: Seen(),
    charged=False,
)

RESOURCES = (JOBS,)
