"""The kinds of personal data that can be told by their form."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["email", "phone", "card", "iban", "ip"]
KINDS: tuple[Kind, ...] = get_args(Kind)
