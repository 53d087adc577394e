"""Veo's operations once they are begun; their films are files like others.

https://ai.google.dev/gemini-api/docs/video, https://ai.google.dev/api/files
"""

from providers.bridging.dialect import Seen
from providers.bridging.jobs import Doing
from providers.bridging.resource import Act, Kept
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.kept_ids import FILMED
from providers.dialects.gemini.video.response import parse_job, path
from providers.operations import Operation

ROOT = "/models/*/operations"

OPERATIONS = Kept(
    name="gemini.video",
    operation=Operation.VIDEO,
    client=(),
    upstream=(),
    prefixes=("/v1beta", "/v1alpha"),
    root=ROOT,
    acts=(Act(method="GET", path=f"{ROOT}/{{operation}}"),),
    ids=lambda body: FILMED,
    urls=frozenset({"uri"}),
    doing=Doing(path=path, parse=parse_job),
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda body: Seen(),
    charged=False,
)
