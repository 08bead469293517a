"""The public keys that a person trusts: one file each in the data folder's `trusted_keys`."""

from __future__ import annotations

from pathlib import Path

from burnish.errors import UsageError

FOLDER = "trusted_keys"
_MAX_BYTES = 8192


class TrustedKeys:
    def __init__(self, home: Path | None) -> None:
        """None trusts nobody."""
        self._folder = None if home is None else home / FOLDER

    def pems(self) -> dict[str, bytes]:
        """The files' contents by whom they name: `ann.pub` is Ann's. Raises UsageError for one
        that cannot be read."""
        found: dict[str, bytes] = {}
        if self._folder is None or not self._folder.is_dir():
            return found
        for path in sorted(self._folder.glob("*.pub")):
            try:
                with path.open("rb") as file:
                    found[path.stem] = file.read(_MAX_BYTES)
            except OSError as error:
                raise UsageError(
                    f"{path} cannot be read: {error.strerror}", hint="mend it or take it away"
                ) from None
        return found
