"""A process that adds to a dataset, run by the test beside it.

adder.py HOME WHO COUNT     says "begun", then the reference of the version that it made
"""

import sys

import burnish


def main() -> None:
    home, who, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with burnish.open(home) as p:
        p.datasets.list()
        print("begun", flush=True)
        rows = ({"id": f"{who}-{n}", "x": f"{who} {n} " + "y" * 200} for n in range(count))
        print(p.datasets.add("d", rows).version.reference, flush=True)


if __name__ == "__main__":
    main()
