"""Films: asked for in one format, made by a provider of another."""

from collections.abc import Callable
from typing import Any, cast

import msgspec

from providers.bridging.dialect import (
    Bridge,
    Call,
    Context,
    Dialect,
    FitHeaders,
    Seen,
    Sent,
    Wanted,
)
from providers.bridging.plain import Plain, PlainDialect, unspoken
from providers.bridging.quirks import Quirks
from providers.errors import Unsupported
from providers.neutral.images import Size
from providers.neutral.media import FileId, Link, Url
from providers.neutral.video import Film, VideoRequest, used
from providers.wire.members import Json


class VideoDialect(PlainDialect[VideoRequest, Film], frozen=True, kw_only=True):
    """A wire format in which films are asked for."""

    settle: Callable[[VideoRequest, str, list[str]], VideoRequest] = unspoken
    """(request, upstream model, dropped) → what the provider is really to make, such as how many
    seconds; raises Unsupported, or appends the name of what is only nearly so."""
    usual: Size | None = None
    """What is made for who says no size; None: nobody knows."""
    inline: bool = True
    """Whether pictures are sent along, and not fetched by the provider."""

    stored: Callable[[str], Json] | None = None
    """(where the backend has films put; empty: nowhere) → members that say so; raises Unsupported.
    None: the provider keeps them itself."""

    def towards(self, target: Dialect, quirks: Quirks) -> Bridge:
        """The bridge to another format; raises Unsupported where clients have none but their own
        provider."""
        if self.parse_request is unspoken:
            raise Unsupported(f"{self.name} is served by those alone who speak it")
        return Filming(self, cast(VideoDialect, target), quirks)


class Filming(Plain):
    """A film of which the two sides speak different dialects."""

    def request(self, call: Call) -> Sent | Wanted:
        """The provider's body, and what the job will be; raises Unsupported."""
        target = cast(VideoDialect, self._target)
        request: VideoRequest = self._client.parse_request(call.body, call.path_model)
        picture, name = request.picture, self._client.names.get("picture", "picture")
        if isinstance(picture, FileId):
            raise Unsupported(f"{name}: a file is known to whom it was sent alone", param=name)
        if target.inline and isinstance(picture, Url):
            if picture.url not in call.files:
                return Wanted(links=(Link(url=picture.url, kind="image", name=name),))
            request = msgspec.structs.replace(request, picture=call.files[picture.url])
        lost: list[str] = []
        try:
            made = target.settle(request, call.model, lost)
        except Unsupported as error:
            raise self._worded(error) from None
        sent = self._rendered(made, call)
        known = made.size or target.usual
        size = f"{known.width}x{known.height}" if known else ""
        return msgspec.structs.replace(
            sent,
            dropped=(*sent.dropped, *lost),
            echo={"prompt": made.prompt, "seconds": made.seconds, "size": size},
        )

    def _fit(self, body: Json, call: Call) -> FitHeaders:
        """The same, with where the film is put."""
        stored = cast(VideoDialect, self._target).stored
        if stored is not None:
            body.update(stored(self._quirks.bucket))
        return super()._fit(body, call)

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The job in the client's format; its seconds are charged as they were asked for."""
        body, seen = super().whole(data, context)
        seconds: Any = context.echo.get("seconds")
        if seconds:
            seen.usage = used(seconds)
        return body, seen
