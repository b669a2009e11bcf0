"""An authenticator app: the codes of RFC 6238."""

import base64
import hashlib
import hmac
import struct
import time

PERIOD = 30


def code_of(secret, steps=0):
    """The code of a secret, in the step that lies so many steps from now. A server takes each once."""
    counter = struct.pack(">Q", int(time.time()) // PERIOD + steps)
    digest = hmac.digest(base64.b32decode(secret + "=" * (-len(secret) % 8)), counter, hashlib.sha1)
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"
