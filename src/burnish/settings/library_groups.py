"""The settings of the library: labels, search, packs and knowledge."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class LibrarySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    protected_labels: Annotated[
        tuple[str, ...],
        Meta(
            description="Labels, or patterns such as `prod*`, that move only when another person "
            "approves"
        ),
    ] = ()


class SearchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    embedder: Annotated[
        Literal["auto", "minilm", "hashed"],
        Meta(
            description="What searches by meaning compare: sentence vectors (`minilm`, needs the "
            "extra embed), hashed words and concepts, or the best of them that is installed"
        ),
    ] = "auto"
    limit: Annotated[int, Meta(ge=1, le=1000, description="How many hits a search gives")] = 10
    min_score: Annotated[
        float, Meta(ge=0, le=1, description="Hits with a lower score are left out")
    ] = 0.0
    patience_s: Annotated[
        float,
        Meta(
            ge=0,
            le=600,
            description="How long a search waits for prompts that no vector stands for yet, "
            "seconds; the rest is made in the background",
        ),
    ] = 2.0
    duplicate_score: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="From which share of common wording on a new prompt is said to be like "
            "one that is there; 1 tells only of equal texts",
        ),
    ] = 0.6


class PacksSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    max_mb: Annotated[
        float, Meta(gt=0, le=200, description="Largest pack that is fetched or read, MiB")
    ] = 20.0
    timeout_s: Annotated[
        float, Meta(gt=0, description="Longest time that fetching a pack may take, seconds")
    ] = 60.0
    private_hosts: Annotated[
        bool, Meta(description="Whether packs may be fetched from hosts of private networks")
    ] = False
    require_signature: Annotated[
        bool, Meta(description="Whether only packs signed by a trusted key may be installed")
    ] = False


class KnowledgeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    max_file_mb: Annotated[int, Meta(ge=1, description="Largest file that is taken in, MiB")] = 50
    max_files: Annotated[int, Meta(ge=1, description="Files that one folder may hold, at most")] = (
        10_000
    )
    max_chars: Annotated[
        int, Meta(ge=1000, description="Longest text of one document, characters")
    ] = 5_000_000
    max_pages: Annotated[int, Meta(ge=1, description="Pages of one PDF, at most")] = 5_000
    read_time_s: Annotated[
        float, Meta(gt=0, description="Longest time to read one HTML or PDF file, seconds")
    ] = 60.0
    context_pieces: Annotated[
        int, Meta(ge=1, le=100, description="Pieces of knowledge that a prompt gets, at most")
    ] = 6
    context_tokens: Annotated[
        int, Meta(ge=100, description="All of them together, estimated tokens")
    ] = 2_000
    min_score: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="How much a piece must have to do with the idea to be used; see the guide",
        ),
    ] = 0.65
