"""Projects, and who belongs to them."""

from burnish.rest.operation import Operation

_MEMBERS = "/projects/{project}/members"

PROJECTS = (
    Operation(call="projects.list", method="GET", path="/projects", right="read"),
    Operation(
        call="projects.create",
        method="POST",
        path="/projects",
        right="admin",
        status=201,
        example={"name": "news", "description": "Newsletters"},
    ),
    Operation(call="projects.members", method="GET", path=_MEMBERS, right="admin"),
    Operation(
        call="projects.grant",
        method="PUT",
        path=_MEMBERS + "/{user}",
        right="admin",
        example={"role": "editor"},
    ),
    Operation(
        call="projects.withdraw",
        method="DELETE",
        path=_MEMBERS + "/{user}",
        right="admin",
        status=204,
    ),
)
