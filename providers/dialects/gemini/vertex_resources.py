"""What Vertex AI keeps for its clients: cached contents, and jobs that predict in batches.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/projects.locations.cachedContents
and https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs
"""

from providers.bridging.dialect import Seen
from providers.bridging.resource import Act, Kept
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.kept_ids import MADE, SHOWN
from providers.dialects.gemini.resources import MASK, PAGES, pages, written
from providers.operations import Operation

PLACE = "projects/{project}/locations/{region}"
PREFIXES = ("/v1beta1/projects/*/locations/*", "/v1/projects/*/locations/*")
"""A client names a project and a place of its own; the backend's are those that count."""
MODELS = "publishers/google/models/"


def _kept(what: str, operation: Operation, collection: str, models_at: str, *acts: Act) -> Kept:
    root = f"/{collection}"
    return Kept(
        name=f"vertex.{what}",
        operation=operation,
        client=(),
        upstream=(),
        prefixes=PREFIXES,
        root=root,
        acts=(
            *acts,
            Act(method="GET", path=root, listed=True, pages=pages(collection)),
            Act(method="GET", path=f"{root}/{{name}}"),
            Act(method="DELETE", path=f"{root}/{{name}}"),
        ),
        ids=lambda body: MADE,
        shown=SHOWN,
        collection=f"{collection}/",
        models_at=models_at,
        queries=PAGES | MASK | {"readMask"},
        parse_error=parse_error,
        render_error=render_error,
        watch=lambda body: Seen(),
        charged=False,
    )


CACHES = _kept(
    "caches",
    Operation.CACHES,
    "cachedContents",
    f"{PLACE}/{MODELS}",
    Act(method="POST", path="/cachedContents", models=(("model",),), told=written),
    Act(method="PATCH", path="/cachedContents/{name}"),
)

# Where it reads and writes only Google's storage knows: what it has used is told there.
BATCHES = _kept(
    "batches",
    Operation.BATCHES,
    "batchPredictionJobs",
    MODELS,
    Act(method="POST", path="/batchPredictionJobs", models=(("model",),)),
    Act(method="POST", path="/batchPredictionJobs/{name}:cancel"),
)

RESOURCES = (CACHES, BATCHES)
