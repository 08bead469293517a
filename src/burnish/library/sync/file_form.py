"""A prompt as the file that people read and edit, and back.

The file is Markdown with front matter. It says what a version says, and the prompt's category,
tags and description; who wrote it, when and why is what its commit says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from burnish.errors import BurnishError, UsageError
from burnish.library.sync.paths import SUFFIX, name_of, path_of
from burnish.library.values import category_of
from burnish.prompts import refs
from burnish.prompts.formats import Markdown, PromptFile, Source, VersionFile, read_text
from burnish.prompts.merge import Content
from burnish.prompts.prompt import Prompt, PromptVersion

MAX_FILE_BYTES = 1024 * 1024
IN_LFS = "is kept in Git LFS, where no text can be read or written"
_FENCES = (b"---\n", b"---\r\n", b"\xef\xbb\xbf---")
# What stands in the place of a file whose content Git LFS keeps elsewhere.
_POINTER = b"version https://git-lfs.github.com/spec/"
_MARKDOWN = Markdown()


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says: of a version, and of the prompt itself."""

    content: Content
    category: str = ""
    tags: tuple[str, ...] = ()
    description: str = ""

    @property
    def text_key(self) -> bytes:
        """Equal for what renders the same."""
        return _key([self.content.messages, self.content.variables, self.content.config])

    @property
    def key(self) -> bytes:
        return _key([self.text_key, self.category, self.tags, self.description])

    def merged(self) -> Content:
        """As one value to merge: what is said of the prompt stands beside the config."""
        about = {"category": self.category, "description": self.description}
        given = {"config": self.content.config, "tags": list(self.tags), **about}
        return msgspec.structs.replace(self.content, config=given)

    @classmethod
    def of_merged(cls, merged: Content) -> Form:
        given: dict[str, Any] = merged.config
        return cls(
            content=msgspec.structs.replace(merged, config=given.get("config") or {}),
            category=given.get("category") or "",
            tags=tuple(given.get("tags") or ()),
            description=given.get("description") or "",
        )


class ReadForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    form: Form
    notes: tuple[str, ...] = ()


def form_of(version: PromptVersion, about: Prompt | Form) -> Form:
    return Form(
        content=Content.of(version),
        category=about.category,
        tags=about.tags,
        description=about.description,
    )


def write_form(name: str, path: str, form: Form) -> bytes:
    """Raises UsageError for what would not come back the same."""
    file = PromptFile(
        name=name,
        versions=(
            VersionFile(
                messages=form.content.messages,
                variables=form.content.variables,
                config=form.content.config,
            ),
        ),
        category=None if form.category == category_of(name, None) else form.category,
        tags=form.tags or None,
        description=form.description or None,
    )
    text = next(iter(_MARKDOWN.write([file]).values()))
    if path == path_of(name) and name_of(path) == name:
        # The path says the name, and a file that is moved takes the new one.
        fence, _, rest = text.split("\n", 2)
        text = f"{fence}\n{rest}"
    data = text.encode()
    back = read_form(path, data)
    if back.name != name or back.form.key != form.key:
        raise UsageError(
            "it cannot be written as a file that reads back the same",
            hint="export it as JSON instead",
            subject=name,
        )
    return data


def read_form(path: str, data: bytes) -> ReadForm:
    """Raises UsageError, a Fault where the line is known."""
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(
            f"has more than {MAX_FILE_BYTES // 1024 // 1024} MiB", hint="split it", subject=path
        )
    if is_pointer(data):
        raise UsageError(IN_LFS, hint="take it out of Git LFS (.gitattributes)", subject=path)
    text = read_text(data, path)
    reading = _MARKDOWN.read(Source(path, text))
    for problem in reading.problems:
        raise _Unreadable(problem.problem, problem.line)
    file = reading.prompts[0]
    name = file.name if _names_itself(text) else _named(path)
    latest = file.latest
    return ReadForm(
        name=name,
        form=Form(
            content=Content(
                messages=latest.messages, variables=latest.variables, config=latest.config
            ),
            category=category_of(name, None) if file.category is None else file.category.strip(),
            tags=file.tags or (),
            description=file.description or "",
        ),
        notes=file.notes,
    )


def has_front_matter(start: bytes) -> bool:
    """By which a prompt is told from a README."""
    return start.startswith(_FENCES)


def is_pointer(data: bytes) -> bool:
    return data.startswith(_POINTER)


class _Unreadable(UsageError):
    def __init__(self, what: str, line: int) -> None:
        super().__init__(what, hint="correct the file and sync again")
        self.line = line


def line_of(error: BurnishError) -> int:
    line: Any = getattr(error, "line", 0)
    return line if isinstance(line, int) else 0


def _names_itself(text: str) -> bool:
    from burnish.prompts.formats.front_matter import split_front_matter

    return isinstance((split_front_matter(text).fields or {}).get("name"), str)


def _named(path: str) -> str:
    try:
        return refs.check_name(name_of(path))
    except UsageError as error:
        raise UsageError(
            f"its path {path.removesuffix(SUFFIX)!r} names no prompt ({error.what})",
            hint="rename the file, or say `name:` in its front matter",
            subject=path,
        ) from None


def _key(values: Sequence[Any]) -> bytes:
    return msgspec.json.encode(values, order="deterministic")
