"""A process that adds a file to a dataset and goes through it, run by the test beside it.

reader.py HOME FILE     prints how many examples there were, and the most memory it held, in MB
"""

import resource
import sys

import burnish

with burnish.open(sys.argv[1]) as p:
    size = p.datasets.add("d", sys.argv[2]).version.size
    assert sum(1 for _ in p.datasets.iter_examples("d")) == size
print(size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
