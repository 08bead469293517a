"""Experiments: which version is better, shown in use or on a dataset."""

from typing import Any

from burnish.rest.operation import Operation

_NAMED = "/experiments/{name}"
_WHY = {"why": "enough seen"}

EXPERIMENTS = (
    Operation(call="experiments.list", method="GET", path="/experiments", right="read"),
    Operation(
        call="experiments.create",
        method="POST",
        path="/experiments",
        right="write",
        status=201,
        example={"name": "shorter", "variants": ["mail/kind@1", "mail/kind@2"], "metric": "solved"},
    ),
    Operation(
        call="experiments.plan",
        method="POST",
        path="/experiments/plan",
        right="read",
        example={"baseline": 0.2, "least": 0.05},
    ),
    Operation(
        call="experiments.analyze",
        method="POST",
        path="/experiments/analyze",
        right="read",
        shapes={"data": list[dict[str, Any]]},
        example={
            "data": [
                {"unit": "user-1", "variant": "a", "value": 0},
                {"unit": "user-2", "variant": "a", "value": 1},
                {"unit": "user-3", "variant": "b", "value": 1},
                {"unit": "user-4", "variant": "b", "value": 1},
            ],
        },
    ),
    Operation(
        call="experiments.record",
        method="POST",
        path="/outcomes",
        right="run",
        status=201,
        is_kept=True,
        shapes={"at": str | None},
        example={"name": "shorter", "unit": "user-1", "metric": "solved", "value": 1},
    ),
    Operation(
        call="experiments.record_many",
        method="POST",
        path="/outcomes/batch",
        right="run",
        status=201,
        is_kept=True,
        shapes={"rows": list[dict[str, Any]]},
        example={"name": "shorter", "rows": [{"unit": "user-1", "metric": "solved", "value": 1}]},
    ),
    Operation(
        call="experiments.assign",
        method="POST",
        path=f"{_NAMED}/assign",
        right="run",
        is_kept=True,
        example={"unit": "user-1"},
    ),
    Operation(call="experiments.log", method="GET", path=f"{_NAMED}/log", right="read"),
    Operation(call="experiments.report", method="GET", path=f"{_NAMED}/report", right="read"),
    Operation(
        call="experiments.series", method="GET", path="/experiments/{of}/series", right="read"
    ),
    *(
        Operation(
            call=f"experiments.{verb}",
            method="POST",
            path=f"{_NAMED}/{verb}",
            right="publish" if verb in {"promote", "rollback"} else "write",
            left_out=("background",) if verb == "start" else (),
            example=_WHY,
        )
        for verb in ("start", "pause", "stop", "promote", "rollback")
    ),
    Operation(
        call="experiments.set_shares",
        method="PUT",
        path=f"{_NAMED}/shares",
        right="write",
        example={"shares": {"A": 0.9, "B": 0.1}},
    ),
    Operation(call="experiments.get", method="GET", path=_NAMED, right="read"),
    Operation(call="experiments.delete", method="DELETE", path=_NAMED, right="write"),
)
