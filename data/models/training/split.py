"""The one rule that says which pictures belong to validation.

A picture is a validation picture iff crc32(source + "/" + group) % 10 == 0, so pictures of one
scene, flight or source image never lie on both sides.
"""

import zlib


def is_validation(source: str, group: str) -> bool:
    """True when the picture with this `source` and `group` belongs to the validation part."""
    return zlib.crc32(f"{source}/{group}".encode()) % 10 == 0
