"""What clients can ask for, in the order and with the titles of the reference pages."""

import msgspec

TEXT = "Text generation"
ADVANCED = "Advanced text generation"
PROCESSING = "Processing"
AUDIO = "Audio"
IMAGE = "Image"
VIDEO = "Video"
REALTIME = "Realtime"


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a page."""

    key: str
    title: str
    section: str
    operation: str
    """The word in gateway.yaml and in the metadata."""
    client: str = ""
    """The format of its clients that the page names; empty: there is none yet."""
    kept: tuple[str, ...] = ()
    """Instead, by the names of their kinds: things that a provider keeps for clients."""
    sessions: bool = False
    """Instead: whether both sides send frames."""
    about: str
    """What it does, in a sentence."""


SECTIONS = {
    TEXT: "Conversations, texts that are continued, and vectors:",
    ADVANCED: "Models that call functions of the client's:",
    PROCESSING: "What is kept, counted, ranked, judged or read:",
    AUDIO: "Voices and transcripts:",
    IMAGE: "Pictures, made and changed:",
    VIDEO: "Films:",
    REALTIME: "Conversations in both directions at once:",
}
"""Section → what stands above its table."""

HINTS = {
    AUDIO: "A file is part of a request: where files are larger than `envoy.max_body_bytes`, raise "
    "it. Formats and voices differ from model to model.",
    IMAGE: "Pictures are part of requests and answers: where they are larger than "
    "`envoy.max_body_bytes`, raise it. Sizes and formats differ from model to model.",
    VIDEO: "A film is a job: it is made, looked at until it is completed, and fetched, by ids that "
    "lead back to its backend ([how it works](../videos.md)). Its seconds are charged when it is "
    "made.",
    REALTIME: "It runs over a WebSocket.",
}

CAPABILITIES = (
    Capability(
        key="chat",
        title="Chat completions",
        section=TEXT,
        operation="chat",
        client="openai.chat",
        about="Answers a conversation of several turns and roles.",
    ),
    Capability(
        key="agents",
        title="Agents",
        section=TEXT,
        operation="agents",
        client="mistral.agents",
        about="Answers a conversation as an agent does that the provider keeps.",
    ),
    Capability(
        key="completions",
        title="Completions",
        section=TEXT,
        operation="completions",
        client="openai.completions",
        about="Continues a text; OpenAI calls it legacy.",
    ),
    Capability(
        key="embeddings",
        title="Embeddings",
        section=TEXT,
        operation="embeddings",
        client="openai.embeddings",
        about="Makes vectors of texts, for search and comparison.",
    ),
    Capability(
        key="function_calling",
        title="Function calling",
        section=ADVANCED,
        operation="chat",
        client="openai.chat",
        about="Lets a model call functions that the client runs.",
    ),
    Capability(
        key="files",
        title="Files",
        section=PROCESSING,
        operation="files",
        kept=("openai.files", "anthropic.files", "gemini.files", "gemini.uploads"),
        about="Stores what requests and batches refer to.",
    ),
    Capability(
        key="batches",
        title="Batches",
        section=PROCESSING,
        operation="batches",
        kept=(
            "openai.batches",
            "anthropic.batches",
            "mistral.jobs",
            "gemini.batches",
            "vertex.batches",
            "bedrock.jobs",
            "cohere.batches",
        ),
        about="Answers many requests at leisure.",
    ),
    Capability(
        key="datasets",
        title="Datasets",
        section=PROCESSING,
        operation="datasets",
        kept=("cohere.datasets",),
        about="Rows that jobs read, and those that they leave.",
    ),
    Capability(
        key="embed_jobs",
        title="Embedding jobs",
        section=PROCESSING,
        operation="embed_jobs",
        kept=("cohere.embed_jobs",),
        about="Turns a dataset into vectors at leisure.",
    ),
    Capability(
        key="async_invokes",
        title="Asynchronous invocations",
        section=PROCESSING,
        operation="async_invokes",
        kept=("bedrock.async_invokes",),
        about="Answers one request at leisure, such as for a film.",
    ),
    Capability(
        key="caches",
        title="Cached contents",
        section=PROCESSING,
        operation="caches",
        kept=("gemini.caches", "vertex.caches"),
        about="Beginnings of conversations that the provider keeps.",
    ),
    Capability(
        key="assistants",
        title="Assistants",
        section=PROCESSING,
        operation="assistants",
        kept=("openai.assistants",),
        about="Agents that the provider keeps.",
    ),
    Capability(
        key="threads",
        title="Threads and runs",
        section=PROCESSING,
        operation="threads",
        kept=("openai.threads",),
        about="What is said to assistants, and what they do.",
    ),
    Capability(
        key="vector_stores",
        title="Vector stores",
        section=PROCESSING,
        operation="vector_stores",
        kept=("openai.vector_stores",),
        about="Files in which a provider searches.",
    ),
    Capability(
        key="uploads",
        title="Uploads",
        section=PROCESSING,
        operation="uploads",
        kept=("openai.uploads",),
        about="Files that come in parts.",
    ),
    Capability(
        key="containers",
        title="Containers",
        section=PROCESSING,
        operation="containers",
        kept=("openai.containers",),
        about="Where a provider runs code, and what it leaves there.",
    ),
    Capability(
        key="skills",
        title="Skills",
        section=PROCESSING,
        operation="skills",
        kept=("openai.skills", "anthropic.skills"),
        about="Files that tell a model how something is done.",
    ),
    Capability(
        key="fine_tuning",
        title="Fine-tuning",
        section=PROCESSING,
        operation="fine_tuning",
        kept=("openai.fine_tuning",),
        about="Models that learn from files.",
    ),
    Capability(
        key="evals",
        title="Evals",
        section=PROCESSING,
        operation="evals",
        kept=("openai.evals",),
        about="Models that are examined.",
    ),
    Capability(
        key="voices",
        title="Voices",
        section=PROCESSING,
        operation="voices",
        kept=("openai.voices", "openai.voice_consents"),
        about="Voices of one's own, and what their speakers have agreed to.",
    ),
    Capability(
        key="stored_responses",
        title="Stored responses",
        section=PROCESSING,
        operation="responses",
        kept=("openai.responses",),
        about="Answers that are kept, made in the background, cancelled.",
    ),
    Capability(
        key="conversations",
        title="Conversations",
        section=PROCESSING,
        operation="conversations",
        kept=("openai.conversations",),
        about="What responses go on from.",
    ),
    Capability(
        key="stored_chats",
        title="Stored chats",
        section=PROCESSING,
        operation="stored_chats",
        kept=("openai.stored_chats",),
        about="Chats that are kept, listed and deleted.",
    ),
    Capability(
        key="responses",
        title="Responses",
        section=PROCESSING,
        operation="chat",
        client="openai.responses",
        about="OpenAI's newer format of conversations, by any provider of chat.",
    ),
    Capability(
        key="interactions",
        title="Interactions",
        section=PROCESSING,
        operation="interactions",
        client="gemini.interactions",
        about="Google's newer format of conversations, which the provider may keep.",
    ),
    Capability(
        key="stored_interactions",
        title="Stored interactions",
        section=PROCESSING,
        operation="interactions",
        kept=("gemini.interactions",),
        about="Interactions that are kept, made in the background, cancelled.",
    ),
    Capability(
        key="retrieve_and_generate",
        title="Answers out of knowledge bases",
        section=PROCESSING,
        operation="retrieve_and_generate",
        client="bedrock.retrieve_and_generate",
        about="What a model says to passages that the provider has found, whole or streamed.",
    ),
    Capability(
        key="count_tokens",
        title="Token counts",
        section=PROCESSING,
        operation="count_tokens",
        client="openai.input_tokens",
        about="Says how many tokens a conversation has.",
    ),
    Capability(
        key="compaction",
        title="Compaction",
        section=PROCESSING,
        operation="compaction",
        client="openai.compaction",
        about="Makes a conversation's items shorter, some of them sealed.",
    ),
    Capability(
        key="tokenize",
        title="Tokens of a text",
        section=PROCESSING,
        operation="tokenize",
        client="cohere.tokenize",
        about="Says which tokens a text is made of.",
    ),
    Capability(
        key="detokenize",
        title="Text of tokens",
        section=PROCESSING,
        operation="detokenize",
        client="cohere.detokenize",
        about="Says which text tokens make.",
    ),
    Capability(
        key="rerank",
        title="Reranking",
        section=PROCESSING,
        operation="rerank",
        client="cohere.rerank",
        about="Puts documents into the order in which they answer a query.",
    ),
    Capability(
        key="moderations",
        title="Moderations",
        section=PROCESSING,
        operation="moderations",
        client="openai.moderations",
        about="Judges texts and pictures.",
    ),
    Capability(
        key="classification",
        title="Classification",
        section=PROCESSING,
        operation="classification",
        client="mistral.classifications",
        about="Judges texts and chats by a classifier of one's own, or by Mistral's.",
    ),
    Capability(
        key="ocr",
        title="Documents, read",
        section=PROCESSING,
        operation="ocr",
        client="mistral.ocr",
        about="Reads the pages of documents.",
    ),
    Capability(
        key="audio.speech",
        title="Speech",
        section=AUDIO,
        operation="speech",
        client="openai.speech",
        about="Speaks a text.",
    ),
    Capability(
        key="audio.transcriptions",
        title="Transcriptions",
        section=AUDIO,
        operation="transcription",
        client="openai.transcriptions",
        about="Writes down what is said.",
    ),
    Capability(
        key="audio.translations",
        title="Translations",
        section=AUDIO,
        operation="translation",
        client="openai.translations",
        about="Writes down in English what is said.",
    ),
    Capability(
        key="image.generations",
        title="Image generations",
        section=IMAGE,
        operation="images",
        client="openai.images",
        about="Makes pictures from words.",
    ),
    Capability(
        key="image.edits",
        title="Image edits",
        section=IMAGE,
        operation="image_edits",
        client="openai.image_edits",
        about="Changes pictures as words say.",
    ),
    Capability(
        key="video.generations",
        title="Video generations",
        section=VIDEO,
        operation="video",
        client="openai.video",
        about="Makes films from words.",
    ),
    Capability(
        key="video.jobs",
        title="Videos, followed",
        section=VIDEO,
        operation="video",
        kept=(
            "openai.video",
            "bedrock.video",
            "gemini.video",
            "replicate.video",
            "runway.video",
            "vertex.video",
            "xai.video",
        ),
        about="Films that are looked at, fetched, listed, deleted and made anew.",
    ),
    Capability(
        key="realtime",
        title="Realtime",
        section=REALTIME,
        operation="realtime",
        sessions=True,
        about="Speaks and listens at once.",
    ),
    Capability(
        key="realtime_direct",
        title="Realtime keys and calls",
        section=REALTIME,
        operation="realtime_direct",
        kept=("openai.realtime_direct",),
        about="Ephemeral keys and calls, for who goes on without the gateway.",
    ),
)

NOT_YET: dict[str, str] = {}
"""Operation that no provider can be asked for yet → what its users must know. The one place that
says so: who adds the operation takes it from here and names its `client` above."""
