"""The openai.compaction dialect: a conversation's items made shorter, some of them sealed.

What comes back only its vendor can read, so it is asked for where the vendor has it, and nowhere
else. https://platform.openai.com/docs/api-reference/responses/compact
"""

from providers.bridging.dialect import Dialect, Endpoint, Seen
from providers.dialects.openai.kept_ids import IDS
from providers.dialects.openai.usage import parse_usage
from providers.operations import Operation
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json
from providers.wire.splice import model_edit

NAME = "openai.compaction"


def watch(answer: Json) -> Seen:
    """Usage; the model is not said."""
    return Seen(usage=parse_usage(answer.get("usage")))


DIALECT = Dialect(
    name=NAME,
    operation=Operation.COMPACTION,
    client=(
        Endpoint(path="/v1/responses/compact", stream=False),
        Endpoint(path="/openai/v1/responses/compact", stream=False),
        Endpoint(path="/openai/responses/compact", stream=False),
    ),
    upstream=(Endpoint(path="/responses/compact", stream=False),),
    request_id="x-request-id",
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    edits=model_edit,
    ids=lambda body: IDS,
)

DIALECTS = (DIALECT,)
COMPACTS = {DIALECT.operation: (NAME,)}
