"""What the results of an evaluation add up to, as figures that say how sure they are."""

from burnish.evals.report.about import about_of
from burnish.evals.report.asked import Asked, asked_of, rows_of, with_asked
from burnish.evals.report.build import report_of
from burnish.evals.report.gate import Check, FailingRows, Verdict, gate
from burnish.evals.report.junit import junit
from burnish.evals.report.markdown import markdown
from burnish.evals.report.page import html
from burnish.evals.report.plain import plain
from burnish.evals.report.recommend import Weights
from burnish.evals.report.report import (
    About,
    Column,
    Comparison,
    Cost,
    Fault,
    Flicker,
    Latency,
    Measure,
    Recommendation,
    Report,
    Row,
    Slice,
    Unscored,
)
from burnish.evals.report.terminal import terminal

__all__ = [
    "About",
    "Asked",
    "Check",
    "Column",
    "Comparison",
    "Cost",
    "FailingRows",
    "Fault",
    "Flicker",
    "Latency",
    "Measure",
    "Recommendation",
    "Report",
    "Row",
    "Slice",
    "Unscored",
    "Verdict",
    "Weights",
    "about_of",
    "asked_of",
    "gate",
    "html",
    "junit",
    "markdown",
    "plain",
    "report_of",
    "rows_of",
    "terminal",
    "with_asked",
]
