"""What one connection may cost, in bytes, frames and seconds: the numbers a hostile peer meets."""

import msgspec

KIB = 1024
MIB = 1024 * KIB


class Limits(msgspec.Struct, frozen=True):
    """Bounds of one connection; memory is at most `held + unsent + streams x 2 KiB` and change."""

    streams: int = 10_000
    """Open at once (SETTINGS_MAX_CONCURRENT_STREAMS); more are refused, not queued."""
    frame: int = 16 * KIB
    """Longest frame payload we take (SETTINGS_MAX_FRAME_SIZE)."""
    header_block: int = 32 * KIB
    """Compressed header block, all CONTINUATION frames included."""
    continuations: int = 8
    """CONTINUATION frames of one header block."""
    header_list: int = 64 * KIB
    """Decoded header list (SETTINGS_MAX_HEADER_LIST_SIZE)."""
    message: int = 64 * MIB
    """One gRPC message; a longer one ends its stream with RESOURCE_EXHAUSTED."""
    stream_window: int = 256 * KIB
    """What a stream may send before anything of it is handed over (INITIAL_WINDOW_SIZE)."""
    connection_window: int = 16 * MIB
    """Credit of the whole connection, more than 65,535; given back as bytes arrive (see `held`)."""
    reserved: int = 128 * MIB
    """Extra credit out at once for messages longer than `stream_window`; later ones wait."""
    held: int = 256 * MIB
    """Received and not yet handed over, all streams; the stream that passes it is reset."""
    unsent: int = 64 * MIB
    """Replies that wait for the peer's windows; above it no message is handed over."""
    write_buffer: int = 1 * MIB
    """Written and not taken by the kernel; above it we stop reading."""
    noise_burst: int = 10_000
    """Frames that ask for work and carry nothing (PING, SETTINGS, PRIORITY, early resets, ...)."""
    noise_rate: float = 2_000.0
    """Such frames per second that are forgiven."""
    lingering: int = 10_000
    """Streams ended by us whose late frames we still recognise."""
    preface_timeout: float = 10.0
    """Seconds from connect (or TLS handshake start) to the client's SETTINGS."""
    keepalive: float = 60.0
    """Seconds of silence, with streams open, after which we send a PING."""
    keepalive_timeout: float = 20.0
    """Seconds of silence after that PING at which the connection is given up."""
    idle: float = 3600.0
    """Seconds without a stream after which we send GOAWAY."""
    stall: float = 60.0
    """Seconds a reply may wait for the peer to take it: stream by window, connection by socket."""
    linger: float = 1.0
    """Seconds between our last byte and the close, for a peer that is still sending."""
    goaway_notice: float = 1.0
    """Seconds a drain waits for the peer to acknowledge the first GOAWAY."""
