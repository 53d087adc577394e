"""What a client can ask for, and where each wire format has its place in a URL."""

from enum import StrEnum


class Operation(StrEnum):
    """The operations of the catalogue; a value is what configuration and metadata say."""

    AGENTS = "agents"
    ASSISTANTS = "assistants"
    ASYNC_INVOKES = "async_invokes"
    BATCHES = "batches"
    CACHES = "caches"
    CHAT = "chat"
    CLASSIFICATION = "classification"
    COMPACTION = "compaction"
    COMPLETIONS = "completions"
    CONTAINERS = "containers"
    CONVERSATIONS = "conversations"
    COUNT_TOKENS = "count_tokens"
    DATASETS = "datasets"
    DETOKENIZE = "detokenize"
    EMBEDDINGS = "embeddings"
    EMBED_JOBS = "embed_jobs"
    EVALS = "evals"
    FILES = "files"
    FINE_TUNING = "fine_tuning"
    IMAGES = "images"
    IMAGE_EDITS = "image_edits"
    INTERACTIONS = "interactions"
    MODELS = "models"
    MODERATIONS = "moderations"
    OCR = "ocr"
    PASSTHROUGH = "passthrough"
    REALTIME = "realtime"
    REALTIME_DIRECT = "realtime_direct"
    RERANK = "rerank"
    RESPONSES = "responses"
    RETRIEVE_AND_GENERATE = "retrieve_and_generate"
    SKILLS = "skills"
    SPEECH = "speech"
    STORED_CHATS = "stored_chats"
    THREADS = "threads"
    TOKENIZE = "tokenize"
    TRANSCRIPTION = "transcription"
    TRANSLATION = "translation"
    UPLOADS = "uploads"
    VECTOR_STORES = "vector_stores"
    VIDEO = "video"
    VOICES = "voices"


SERVED_BY = {Operation.COMPLETIONS: (Operation.COMPLETIONS, Operation.CHAT)}
"""Operation of a client → the provider's operations that can serve it, the best one first."""

ASKED_FOR = frozenset({Operation.REALTIME_DIRECT})
"""Those that a backend has only where it names them: what they begin goes on past the gateway."""

HEARD = frozenset({Operation.TRANSCRIPTION, Operation.TRANSLATION})
DRAWN = frozenset({Operation.IMAGES, Operation.IMAGE_EDITS})
BY_UNITS = HEARD | DRAWN
BY_UNITS |= {Operation.OCR, Operation.REALTIME, Operation.RERANK, Operation.SPEECH}
BY_UNITS |= {Operation.VIDEO}
"""Those that are billed by something else than tokens, too."""

WORDLESS = DRAWN | {Operation.CLASSIFICATION, Operation.EMBEDDINGS, Operation.MODERATIONS}
WORDLESS |= {Operation.RERANK, Operation.SPEECH, Operation.TOKENIZE, Operation.DETOKENIZE}
WORDLESS |= {Operation.VIDEO}
"""Those in whose answers no model has generated a word."""
