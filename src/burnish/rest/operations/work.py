"""Long work, and what begins it from time to time."""

from burnish.rest.operation import Operation

_JOB = "/jobs/{job_id}"
_SCHEDULE = "/schedules/{name}"

WORK = (
    Operation(call="jobs.list", method="GET", path="/jobs", right="read"),
    Operation(call="jobs.get", method="GET", path=_JOB, right="read"),
    Operation(call="jobs.cancel", method="POST", path=f"{_JOB}/cancel", right="run", example={}),
    Operation(
        call="jobs.resume",
        method="POST",
        path=f"{_JOB}/resume",
        right="run",
        left_out=("here", "input"),
        example={},
    ),
    Operation(call="schedules.list", method="GET", path="/schedules", right="read"),
    Operation(call="schedules.get", method="GET", path=_SCHEDULE, right="read"),
    *(
        Operation(
            call=f"schedules.{verb}",
            method="POST",
            path=f"{_SCHEDULE}/{verb}",
            right="write",
            example={},
        )
        for verb in ("begin", "pause", "resume")
    ),
    Operation(call="schedules.remove", method="DELETE", path=_SCHEDULE, right="write", status=204),
)
