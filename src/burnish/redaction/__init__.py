"""Personal data that its form tells: found in texts, taken out (`redact.py`), and put back.

Nothing is imported here but the names of the kinds, which the settings have: the patterns are
made when the first text is looked at."""

from burnish.redaction.kinds import KINDS, Kind

__all__ = ["KINDS", "Kind"]
