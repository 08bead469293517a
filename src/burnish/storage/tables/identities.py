"""Who people are elsewhere, and signing in there that is under way."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from burnish.storage.tables.base import Id, UtcTime, Verbatim, metadata

identities = Table(
    "identities",
    metadata,
    Column("issuer", Verbatim, primary_key=True),
    Column("subject", Verbatim, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_identities_user_id", "user_id"),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state_hash", Verbatim, primary_key=True),
    Column("nonce", Verbatim, nullable=False),
    Column("verifier", Verbatim, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Index("ix_sign_ins_ends_at", "ends_at"),
)
