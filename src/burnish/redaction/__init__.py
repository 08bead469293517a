"""Personal data that its form tells: found in texts, taken out, and put back."""

from burnish.redaction.kinds import KINDS, Kind
from burnish.redaction.redact import Found, Redacted, redact, restore

__all__ = ["KINDS", "Found", "Kind", "Redacted", "redact", "restore"]
