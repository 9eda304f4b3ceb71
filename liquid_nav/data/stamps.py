"""Time stamps of serialized messages, without decoding them."""

from __future__ import annotations

import struct

from liquid_nav.data.messages import STORE

_STAMPED = ("std_msgs/msg/Header", "builtin_interfaces/msg/Time")


def has_stamp(kind: str) -> bool:
    """True when a message type begins with a header or a time."""
    fields = STORE.fielddefs[kind][1] if kind in STORE.fielddefs else []
    return bool(fields) and fields[0][1][1] in _STAMPED


def stamp_ns(data: bytes) -> int:
    """Return the stamp that a message in CDR begins with, in nanoseconds; 0 when it is too short or before 1970."""
    if len(data) < 12:
        return 0
    seconds, nanoseconds = struct.unpack_from("<iI" if data[1] & 1 else ">iI", data, 4)
    return max(0, int(seconds) * 1_000_000_000 + int(nanoseconds))
