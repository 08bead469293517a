"""The boundary to the library that reads git: its errors become ours."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from burnish.errors import Conflict, NotPermitted, StoreError

_ID_LENGTHS = (40, 64)


@contextmanager
def as_ours(where: str) -> Generator[None]:
    """Raises Conflict where git holds a lock, NotPermitted where a file may not be touched, and
    StoreError for a damaged repository or a disk that fails."""
    import zlib

    from dulwich.errors import ChecksumMismatch, FileFormatException, MissingCommitError
    from dulwich.file import FileLocked

    try:
        yield
    except FileLocked as error:
        lock = Path(str(_text(error.lockfilename)))
        raise Conflict(
            f"git is at work in {where} ({lock.name} is there)",
            hint=f"wait for it; if none is running, delete {lock}, then sync again",
        ) from None
    except PermissionError as error:
        raise NotPermitted(
            f"{error.filename or where} may not be read or written", hint="check its permissions"
        ) from None
    except OSError as error:
        raise StoreError(
            f"{where}: {error.strerror or error}", hint="nothing is lost; mend it and sync again"
        ) from None
    except (ChecksumMismatch, FileFormatException, MissingCommitError, zlib.error) as error:
        raise _damaged(where, str(error)) from None
    except KeyError as error:
        # What dulwich says of an object that is not there; any other is an error of our own.
        name = error.args[0] if error.args else None
        if not isinstance(name, bytes) or len(name) not in _ID_LENGTHS:
            raise
        raise _damaged(
            where, f"object {name.decode(errors='replace')} is missing; a partial clone lacks some"
        ) from None


def _damaged(where: str, what: str) -> StoreError:
    return StoreError(
        f"the git repository of {where} is damaged ({what[:200]})",
        hint="git fsck tells more; the library is as it was",
    )


def _text(path: str | bytes) -> str:
    return path.decode(errors="replace") if isinstance(path, bytes) else path
