"""Veo's operations and films once they are asked for.

https://ai.google.dev/gemini-api/docs/video, https://ai.google.dev/api/files
"""

from typing import Any

from providers.bridging.dialect import Seen
from providers.bridging.jobs import Doing
from providers.bridging.kept_ids import Ids
from providers.bridging.resource import Act, Kept
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.video.response import parse_job, path
from providers.operations import Operation

NONE: frozenset[str] = frozenset()
IDS = Ids(kind="", kinds=NONE, names=NONE, paths=frozenset({"name", "uri"}))
ROOT = "/models/*/operations"


def _kept(name: str, root: str, act: Act, **facts: Any) -> Kept:
    return Kept(
        name=name,
        operation=Operation.VIDEO,
        client=(),
        upstream=(),
        prefixes=("/v1beta", "/v1alpha"),
        root=root,
        acts=(act,),
        ids=lambda body: IDS,
        parse_error=parse_error,
        render_error=render_error,
        watch=lambda body: Seen(),
        charged=False,
        **facts,
    )


OPERATIONS = _kept(
    "gemini.video",
    ROOT,
    Act(method="GET", path=f"{ROOT}/{{operation}}"),
    doing=Doing(path=path, parse=parse_job),
)
FILES = _kept(
    "gemini.video_files", "/files", Act(method="GET", path="/files/{file}:download", content=True)
)
