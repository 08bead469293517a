"""projects list, create, members, grant, withdraw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from burnish.cli.common import NONE, Common, note, on_terminal, out, out_json, platform, table
from burnish.principal import Right, Role

if TYPE_CHECKING:
    from burnish.security.projects import Membership
    from burnish.storage.project import Project

Name = Annotated[str, Parameter(help="The project.")]
Who = Annotated[str, Parameter(help="The e-mail address of somebody who has an account.")]


def list_(*, common: Common = NONE) -> None:
    """List projects.

    In a pipe: name, description, made at, made by.
    """
    with platform(common) as p:
        found = p.projects.list()
    if common.json:
        out_json(found)
    elif not found:
        note("No projects.")
    elif on_terminal():
        headings = ("name", "description", "made (UTC)", "by")
        table(headings, (_columns(each) for each in found), wide="description")
    else:
        out("\n".join("\t".join(_columns(each)) for each in found))


def create(
    name: Annotated[str, Parameter(help="Small letters, digits, dots, dashes, underscores.")],
    *,
    description: Annotated[str, Parameter(help="What it is for.")] = "",
    common: Common = NONE,
) -> None:
    """Make a project, with a database of its own."""
    with platform(common) as p:
        project = p.projects.create(name, description=description)
    out_json(project) if common.json else out(project.name)
    note(f"Let people in with burnish projects grant {name} ADDRESS.")


def members(project: Name, *, common: Common = NONE) -> None:
    """List who belongs to it.

    In a pipe: e-mail address, role, rights.
    """
    with platform(common) as p:
        found = p.projects.members(project)
    if common.json:
        out_json(found)
    elif not found:
        note("Nobody belongs to it; admins of the server may do everything there.")
    elif on_terminal():
        table(("e-mail", "role", "rights"), (_member(each) for each in found), wide="e-mail")
    else:
        out("\n".join("\t".join(_member(each)) for each in found))


def grant(
    project: Name,
    user: Who,
    *,
    role: Annotated[
        Role, Parameter(help="A viewer reads and runs, an editor writes, too, an admin does all.")
    ] = "viewer",
    right: Annotated[
        list[Right] | None,
        Parameter(negative="", help="A right beside the role's, such as publish; repeatable."),
    ] = None,
    common: Common = NONE,
) -> None:
    """Let somebody in, or change what they may do there."""
    with platform(common) as p:
        given = p.projects.grant(project, user, role=role, rights=right or ())
    out_json(given) if common.json else out("\t".join(_member(given)))


def withdraw(project: Name, user: Who, *, common: Common = NONE) -> None:
    """Let somebody in no more."""
    with platform(common) as p:
        p.projects.withdraw(project, user)
    if common.json:
        out_json({"project": project, "user": user})


def _columns(project: Project) -> tuple[str, ...]:
    made = project.created_at.strftime("%Y-%m-%d %H:%M")
    return project.name, project.description, made, project.created_by


def _member(of: Membership) -> tuple[str, ...]:
    return of.email, of.role, ",".join(of.rights)
