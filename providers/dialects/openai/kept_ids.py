"""Where ids of what is kept stand in OpenAI's formats."""

import re

import msgspec

from providers.bridging.kept_ids import Ids
from providers.wire.members import Json

KINDS = {
    "assistant",
    "batch",
    "chat.completion.deleted",
    "container",
    "container.deleted",
    "conversation",
    "conversation.deleted",
    "eval",
    "eval.deleted",
    "file",
    "fine_tuning.job",
    "response",
    "response.deleted",
    "skill",
    "skill.deleted",
    "thread",
    "upload",
    "vector_store",
    "vector_store.deleted",
    "vector_store.file",
    "vector_store.file.deleted",
    "vector_store.files_batch",
    "assistant.deleted",
    "thread.deleted",
}
NAMES = {
    "assistant_id",
    "batch_id",
    "container",
    "container_id",
    "conversation",
    "conversation_id",
    "error_file_id",
    "eval_id",
    "file_id",
    "file_ids",
    "input_file_id",
    "output_file_id",
    "previous_response_id",
    "response_id",
    "result_files",
    "skill_id",
    "thread_id",
    "training_file",
    "validation_file",
    "vector_store_id",
    "vector_store_ids",
}
# https://platform.openai.com/docs/guides/tools-skills: the vendor's own, which everybody may use.
OWN_SKILLS = re.compile(r"openai-[a-z-]+")
APART = frozenset({"arguments", "attributes", "metadata", "parameters", "schema"})

IDS = Ids(
    kind="object",
    kinds=frozenset(KINDS),
    names=frozenset(NAMES),
    apart=APART,
    elsewhere=OWN_SKILLS,
)
STORED = Ids(
    kind="object",
    kinds=IDS.kinds | {"chat.completion", "chat.completion.chunk"},
    names=IDS.names,
    apart=APART,
    elsewhere=OWN_SKILLS,
)
"""The same where chats are kept, too."""

GRADED = Ids(
    kind="object",
    kinds=IDS.kinds,
    names=IDS.names,
    types=frozenset({"file_id"}),
    apart=APART,
    elsewhere=OWN_SKILLS,
)
"""The same for evals, whose sources are files."""

LISTED = Ids(
    kind="object",
    kinds=IDS.kinds,
    names=IDS.names | {"first_id", "last_id"},
    apart=APART,
    elsewhere=OWN_SKILLS,
)
"""The same where lists say where they begin and end."""

FILMS = Ids(
    kind="object",
    kinds=IDS.kinds | {"video", "video.deleted"},
    names=LISTED.names | {"remixed_from_video_id"},
    apart=APART,
    elsewhere=OWN_SKILLS,
)
"""The same for films."""
CHANGED = msgspec.structs.replace(FILMS, names=FILMS.names | {"video"})
"""The same in a request that names the film which is to be changed."""

VOICES = Ids(
    kind="object",
    kinds=frozenset({"audio.voice", "audio.voice.deleted", "audio.voice_consent"}),
    names=frozenset({"consent", "first_id", "last_id"}),
)
"""The same for voices of a client's own, and what a speaker has agreed to."""

# https://platform.openai.com/docs/guides/text-to-speech: `{"id": "voice_…"}` is one's own.
SPOKEN = Ids(
    kind="object",
    kinds=frozenset(),
    names=frozenset({"voice"}),
    elsewhere=re.compile(r"(?!voice_).*", re.DOTALL),
    answers=False,
)
"""Where a text to be spoken names a voice; all others than a client's own are the vendor's."""

NO_IDS = Ids(kind="object", kinds=frozenset(), names=frozenset(), answers=False)


def of_chat(body: Json) -> Ids:
    """A chat has an id to come back to where it is stored."""
    return STORED if body.get("store") is True else IDS
