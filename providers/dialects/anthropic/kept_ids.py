"""Where ids of what is kept stand in Anthropic's formats."""

import re

from providers.bridging.kept_ids import Ids

KINDS = frozenset(
    {
        *("file", "file_deleted", "message_batch", "message_batch_deleted"),
        *("skill", "skill_deleted"),
    }
)

IDS = Ids(
    kind="type",
    kinds=KINDS,
    names=frozenset({"container", "file_id", "skill_id"}),
    apart=frozenset({"input", "input_schema", "metadata"}),
    # https://platform.claude.com/docs/en/agents-and-tools/agent-skills/overview: `pptx` and its kin
    # are the vendor's own.
    elsewhere=re.compile(r"[a-z]{2,16}"),
)
