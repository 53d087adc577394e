"""Where ids of what is kept stand in Anthropic's formats."""

from providers.bridging.kept_ids import Ids

IDS = Ids(
    kind="type",
    kinds=frozenset({"file", "file_deleted", "message_batch", "message_batch_deleted"}),
    names=frozenset({"container", "file_id"}),
    apart=frozenset({"input", "input_schema", "metadata"}),
)
