"""Bounds of the portal, each with a name (promise 11)."""

from typing import Final

BODY_MAX: Final = 8_192
"""Bytes of a form; the largest has a name, a password and a code."""
FIELDS_MAX: Final = 16
"""Fields of a form."""
BROWSERS_MAX: Final = 8_192
"""Logons that stand or are under way; who comes then is told to try again later."""
WAITING_SECONDS: Final = 300.0
"""For the next answer of a logon that is under way: as long as rw2fa-session waits."""
IDLE_SECONDS: Final = 3_600.0
"""Without a request, before a logon ends."""
AGE_SECONDS: Final = 43_200.0
"""From the logon on, before it ends in any case: half of what NIST SP 800-63B-4 §2.2.3 allows."""
LOOK_SECONDS: Final = 15.0
"""Between two looks at whether PAM would still let somebody in."""
REPEAT_SECONDS: Final = 10.0
"""In which a form that is sent again, as by a second click, gets the answer that it had."""
STEP_SECONDS: Final = 30.0
"""For rw2fa-session to say what is next: PAM, the directory and the daemon have their own, shorter deadlines."""
OPEN_SECONDS: Final = 65.0
"""For rw2fa-session to open a screen: longer than it gives that itself (screens.OPEN_SECONDS)."""
FLOOR_SECONDS: Final = 2.5
"""From a logon's request to the answer that it failed, whatever was wrong; more than the protocol's FAILURE_SECONDS."""
ATTEMPTS_MAX: Final = 30
"""Logons that fail, from one address, or one network of 64 bits, in ATTEMPTS_SECONDS."""
ATTEMPTS_SECONDS: Final = 600.0
SOURCES_MAX: Final = 65_536
"""Addresses that are remembered."""
CONNECT_SECONDS: Final = 3.0
"""For a place in the backlog of rw2fa-session."""
CONCURRENCY_MAX: Final = 1_024
"""Connections of browsers."""
KEEP_ALIVE_SECONDS: Final = 10
"""A connection without a request."""
HEADERS_MAX: Final = 32_768
"""Bytes of a request's head."""
SCREEN_IDLE_SECONDS: Final = 3_600.0
"""Without a key, a click or a movement, before a screen is let go; its session stays."""
SCREEN_BUFFER: Final = 65_536
"""Bytes on their way between a screen and a browser, each way."""
TLS_BUFFER: Final = 32_768
"""Bytes that a connection has for itself to decrypt into: two records (RFC 8446 §5.1)."""
MESSAGE_BYTES_MAX: Final = 1_048_576
"""One message of a browser to a screen; the largest are what is pasted."""
PING_SECONDS: Final = 20.0
"""Between two questions whether the browser of a screen is still there, and for its answer."""
