"""What becomes of what a client asks at a provider: carried, refused, or dropped and named."""

from collections.abc import Set

from providers.bridging.amending.needs import OFFERING
from providers.bridging.chat import ChatDialect
from providers.bridging.fidelity import Feature, Loss, loss
from providers.bridging.plain import PlainDialect
from providers.bridging.remote import FORMS
from providers.bridging.unsaid import Told
from providers.neutral.asking import Asking
from providers.neutral.chat import Audio, Image, Part, Video
from providers.neutral.embeddings import EmbeddingRequest
from providers.neutral.images import ImageRequest
from providers.neutral.media import Data
from providers.neutral.moderations import ModerationRequest
from providers.neutral.rerank import RerankRequest
from providers.neutral.speech import SpeechRequest
from providers.neutral.tokens import DetokenizeRequest, TokenizeRequest
from providers.neutral.transcripts import TranscriptRequest
from providers.neutral.video import VideoRequest
from providers.neutral.web_search import Page, Searched
from providers.operations import Operation

ASKED: dict[Operation, type[Asking]] = {
    Operation.EMBEDDINGS: EmbeddingRequest,
    Operation.IMAGES: ImageRequest,
    Operation.IMAGE_EDITS: ImageRequest,
    Operation.RERANK: RerankRequest,
    Operation.MODERATIONS: ModerationRequest,
    Operation.SPEECH: SpeechRequest,
    Operation.TRANSCRIPTION: TranscriptRequest,
    Operation.TRANSLATION: TranscriptRequest,
    Operation.TOKENIZE: TokenizeRequest,
    Operation.DETOKENIZE: DetokenizeRequest,
    Operation.VIDEO: VideoRequest,
}
"""Operation of one question and one answer → what may be asked."""

MENDED: dict[Feature, Set[Feature]] = {
    Feature.TOOL_CHOICE_REQUIRED: OFFERING,
    Feature.TOOL_CHOICE_NAMED: OFFERING,
    Feature.PARALLEL_TOOL_CALLS: {Feature.TOOLS},
    Feature.STOP: {Feature.MAX_TOKENS},
    Feature.JSON_MODE: {Feature.SYSTEM},
    Feature.JSON_SCHEMA: {Feature.SYSTEM},
}
"""Feature that is asked for by other means, or enforced on the answer → what that needs."""
FATES = {True: "carried", Loss.REFUSE: "**refused**", Loss.DROP: "dropped, named"}
BYTES = dict(FORMS.values())
"""Feature of a URL → that of its bytes."""


def fate(feature: Feature, target: ChatDialect) -> str:
    """What becomes of a feature at a provider of this dialect."""
    carried = feature in target.carries
    said = FATES[True] if carried else FATES[loss(feature)]
    if not carried and feature in MENDED and target.carries >= MENDED[feature]:
        said = "nearest, named"
    if BYTES.get(feature) not in target.carries:
        return said
    if not carried:
        return f"{said} or fetched"
    schemes = ", ".join(f"`{start}`" for start in target.fetches)
    return said if "https://" in target.fetches else f"{said} ({schemes}) or fetched"


def member_fate(name: str, asked: type[Asking], target: "PlainDialect[Asking, object]") -> str:
    """What becomes of a member of a neutral request at a provider of this dialect."""
    if name in target.carries:
        return FATES[True]
    return FATES[Loss.DROP if name in asked.HINTS else Loss.REFUSE]


SHOWN: dict[str, Part] = {
    "image": Image(source=Data(base64="AAAA", media_type="image/png")),
    "audio": Audio(source=Data(base64="AAAA", media_type="audio/wav"), transcript="a"),
    "video": Video(source=Data(base64="AAAA", media_type="video/mp4")),
    "web_search": Searched(queries=("a",), pages=(Page(url="https://a.test"),)),
}
"""What an answer may hold beside words, thoughts and calls."""
ANSWERED = (*SHOWN, *(told.value for told in Told if told is not Told.SOUND))


def answer_fate(name: str, client: ChatDialect) -> str:
    """What becomes of what a provider says, towards a client of this dialect."""
    part = SHOWN.get(name)
    if part is None:
        return "told" if Told(name) in client.answers.tells else "named"
    if client.answers.shows(part):
        return "told"
    if name == "audio":
        return "its words, named"
    return "named" if name == "web_search" else "in words, named"
