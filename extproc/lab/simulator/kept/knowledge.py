"""Sessions of Bedrock's knowledge bases: AWS names them, and they are gone on with.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_RetrieveAndGenerate.html
"""

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.kept.shelf import Shelf

DIALECT = "bedrock.retrieve_and_generate"
KIND = "knowledge_session"


def go_on(shelf: Shelf, asked: Json, said: Json) -> None:
    """Keeps the session of an answer; raises Refusal for one that AWS has not named."""
    id = asked.get("sessionId")
    if id is not None and shelf.things.get(id, {}).get("object") != KIND:
        raise Refusal(f"Session with Id {id} is not valid. Please check and try again.")
    shelf.put({"id": said["sessionId"], "object": KIND})
