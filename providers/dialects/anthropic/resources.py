"""What Anthropic keeps for its clients: files, skills, and batches of messages.

https://platform.claude.com/docs/en/api/creating-message-batches and
https://platform.claude.com/docs/en/build-with-claude/files
"""

from typing import Any

import msgspec

from providers.bridging.dialect import Seen
from providers.bridging.pages import ByTime
from providers.bridging.resource import Act, Kept
from providers.dialects.anthropic.batches import AT as BATCHES_AT
from providers.dialects.anthropic.batches import RUNNING, used
from providers.dialects.anthropic.errors import parse_error, render_error
from providers.dialects.anthropic.kept_ids import IDS
from providers.operations import Operation

VERSION = "anthropic-version"
FILES_BETA = "files-api-2025-04-14"
SKILLS_BETA = "skills-2025-10-02"
OWN = frozenset({VERSION, "anthropic-beta", "anthropic-workspace-id"})
MODELS = (("requests", "*", "params", "model"),)

# https://platform.claude.com/docs/en/api/listing-message-batches
PAGES = ByTime(
    items="data",
    sizes=("limit",),
    begins=("after_id",),
    alone=frozenset({"before_id"}),
    most=1_000,
)
# https://platform.claude.com/docs/en/api/files-list: older SDKs go on behind an id.
OF_FILES = msgspec.structs.replace(
    PAGES, pointer=("page", "next_page"), alone=PAGES.alone | {"ids", "ids[]"}
)


def _kept(
    operation: Operation, root: str, headers: dict[str, str], *acts: Act, **facts: Any
) -> Kept:
    return Kept(
        name=f"anthropic.{operation.value}",
        operation=operation,
        client=(),
        upstream=(),
        prefixes=("/v1", "/anthropic/v1"),
        root=root,
        acts=acts,
        ids=lambda body: IDS,
        urls=frozenset({"results_url"}),
        marked=VERSION,
        parse_error=parse_error,
        render_error=render_error,
        watch=lambda body: Seen(),
        charged=False,
        request_headers={VERSION: "2023-06-01", **headers},
        own_headers=OWN,
        request_id="request-id",
        **facts,
    )


FILES = _kept(
    Operation.FILES,
    "/files",
    {"anthropic-beta": FILES_BETA},
    Act(method="POST", path="/files"),
    Act(method="GET", path="/files", listed=True, pages=OF_FILES),
    Act(method="GET", path="/files/{file}"),
    Act(method="DELETE", path="/files/{file}"),
    Act(method="GET", path="/files/{file}/content", content=True),
)

BATCHES = _kept(
    Operation.BATCHES,
    BATCHES_AT,
    {},
    Act(method="POST", path=BATCHES_AT, models=MODELS),
    Act(method="GET", path=BATCHES_AT, listed=True, pages=PAGES),
    Act(method="GET", path=f"{BATCHES_AT}/{{batch}}"),
    Act(method="DELETE", path=f"{BATCHES_AT}/{{batch}}"),
    Act(method="POST", path=f"{BATCHES_AT}/{{batch}}/cancel"),
    Act(
        method="GET",
        path=f"{BATCHES_AT}/{{batch}}/results",
        content=True,
        told=used,
        share=0.5,
    ),
    doing=RUNNING,
    does=(Operation.FILES, Operation.BATCHES),
)

# https://platform.claude.com/docs/en/build-with-claude/skills-guide; a list has the vendor's own.
SKILLS = _kept(
    Operation.SKILLS,
    "/skills",
    {"anthropic-beta": SKILLS_BETA},
    Act(method="POST", path="/skills"),
    Act(method="GET", path="/skills", listed=True),
    Act(method="GET", path="/skills/{skill}"),
    Act(method="DELETE", path="/skills/{skill}"),
    Act(method="POST", path="/skills/{skill}/versions"),
    Act(method="GET", path="/skills/{skill}/versions"),
    Act(method="GET", path="/skills/{skill}/versions/*"),
    Act(method="DELETE", path="/skills/{skill}/versions/*"),
    Act(method="GET", path="/skills/{skill}/versions/*/content", content=True),
)

RESOURCES = (FILES, BATCHES, SKILLS)
