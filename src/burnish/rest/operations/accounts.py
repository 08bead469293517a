"""People: signing in, one's own account, and the accounts of others."""

from burnish.rest.operation import Operation

_PASSWORD = "several words of one's own"  # noqa: S105 - an example
_ANN = {"email": "ann@example.com", "password": _PASSWORD}

AUTH = (
    Operation(
        call="users.register",
        method="POST",
        path="/auth/register",
        right="read",
        status=201,
        is_open=True,
        has_secret=True,
        example={**_ANN, "name": "Ann", "invitation": "bo_…"},
    ),
    Operation(
        call="sessions.login",
        method="POST",
        path="/auth/login",
        right="read",
        is_open=True,
        has_secret=True,
        example=_ANN,
    ),
    Operation(
        call="oidc.begin",
        method="POST",
        path="/auth/oidc",
        right="read",
        is_open=True,
        has_secret=True,
    ),
    Operation(
        call="oidc.finish",
        method="POST",
        path="/auth/oidc/finish",
        right="read",
        is_open=True,
        has_secret=True,
        example={"code": "…", "state": "bs_…"},
    ),
    Operation(
        call="sessions.refresh",
        method="POST",
        path="/auth/refresh",
        right="read",
        is_open=True,
        has_secret=True,
        example={"refresh_token": "br_…"},
    ),
    Operation(
        call="sessions.logout",
        method="POST",
        path="/auth/logout",
        right="read",
        status=204,
        is_open=True,
        has_secret=True,
        example={"refresh_token": "br_…"},
    ),
    Operation(
        call="users.reset",
        method="POST",
        path="/auth/reset",
        right="read",
        status=204,
        is_open=True,
        has_secret=True,
        example={"token": "bo_…", "password": _PASSWORD},
    ),
    Operation(
        call="users.verify",
        method="POST",
        path="/auth/verify",
        right="read",
        status=204,
        is_open=True,
        has_secret=True,
        example={"token": "bo_…"},
    ),
    Operation(
        call="users.verify_again",
        method="POST",
        path="/auth/verify/again",
        right="read",
        status=204,
        is_open=True,
        has_secret=True,
        example={"email": "ann@example.com"},
    ),
    Operation(
        call="users.forgot",
        method="POST",
        path="/auth/forgot",
        right="read",
        status=204,
        is_open=True,
        has_secret=True,
        example={"email": "ann@example.com"},
    ),
)
# What has letters sent to whoever is named.
WRITING = frozenset({"/auth/register", "/auth/verify/again", "/auth/forgot"})
ME = (
    Operation(call="users.me", method="GET", path="/profile", right="read"),
    Operation(
        call="users.change_me",
        method="PATCH",
        path="/profile",
        right="read",
        example={"name": "Ann", "preferences": {"theme": "dark"}},
    ),
    Operation(
        call="users.set_password",
        method="POST",
        path="/profile/password",
        right="read",
        status=204,
        has_secret=True,
        example={"old": _PASSWORD, "new": "other words of one's own"},
    ),
    Operation(call="users.data", method="GET", path="/profile/data", right="read"),
    Operation(call="users.history", method="GET", path="/profile/history", right="read"),
    Operation(call="sessions.list", method="GET", path="/profile/sessions", right="read"),
    Operation(
        call="sessions.end", method="DELETE", path="/profile/sessions/{session}", right="read"
    ),
)
USERS = (
    Operation(call="users.list", method="GET", path="/users", right="admin"),
    Operation(
        call="users.create",
        method="POST",
        path="/users",
        right="admin",
        status=201,
        has_secret=True,
        example={**_ANN, "role": "editor"},
    ),
    Operation(
        call="users.invite",
        method="POST",
        path="/users/invitations",
        right="admin",
        status=201,
        has_secret=True,
        example={"email": "ann@example.com", "role": "editor"},
    ),
    Operation(call="users.get", method="GET", path="/users/{user}", right="admin"),
    Operation(
        call="users.change",
        method="PATCH",
        path="/users/{user}",
        right="admin",
        example={"role": "editor", "disabled": False},
    ),
    Operation(
        call="users.reset_token",
        method="POST",
        path="/users/{user}/reset",
        right="admin",
        status=201,
        has_secret=True,
    ),
    Operation(call="users.set_verified", method="POST", path="/users/{user}/verify", right="admin"),
    Operation(call="users.remove", method="DELETE", path="/users/{user}", right="admin"),
    Operation(call="users.erase", method="POST", path="/users/{user}/erase", right="admin"),
)
ACCOUNTS = (*AUTH, *ME, *USERS)
