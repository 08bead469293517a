"""How sure a figure is, and whether two differ: closed forms on numpy and `math`."""

from burnish.evals.statistics.bootstrap import bca, bca_ends
from burnish.evals.statistics.correction import benjamini_hochberg, holm
from burnish.evals.statistics.intervals import (
    LEVEL,
    Clusters,
    Interval,
    clipped,
    equal_values,
    grouped,
    t_clustered,
    t_interval,
    wilson,
    wilson_clustered,
    wilson_of_clusters,
)
from burnish.evals.statistics.paired import (
    McNemar,
    Wilcoxon,
    cohens_dz,
    mcnemar,
    paired_rates,
    wilcoxon,
)
from burnish.evals.statistics.pairs import Paired, paired
from burnish.evals.statistics.power import ALPHA, examples_needed, least_examples
from burnish.evals.statistics.ranks import mid_ranks

__all__ = [
    "ALPHA",
    "LEVEL",
    "Clusters",
    "Interval",
    "McNemar",
    "Paired",
    "Wilcoxon",
    "bca",
    "bca_ends",
    "benjamini_hochberg",
    "clipped",
    "cohens_dz",
    "equal_values",
    "examples_needed",
    "grouped",
    "holm",
    "least_examples",
    "mcnemar",
    "mid_ranks",
    "paired",
    "paired_rates",
    "t_clustered",
    "t_interval",
    "wilcoxon",
    "wilson",
    "wilson_clustered",
    "wilson_of_clusters",
]
