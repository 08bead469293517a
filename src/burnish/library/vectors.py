"""The vectors of one embedder, in memory: exact search over one contiguous matrix."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import inf
from typing import Any

from burnish.storage.index import DocState, StoredVector

_FIRST_ROWS = 1024
# Room for one more doc for each so many, before all rows have to be copied.
_SPARE = 8
# With more than this share of the rows asked for, going through all of them is faster than
# copying those together.
_MOST = 0.3


class Docs:
    """Docs, a row of numbers each, in the order in which they were told."""

    def __init__(self) -> None:
        self._columns: tuple[array[int], ...] = (array("q"), array("q"), array("q"))
        self._live = bytearray()
        self._categories: dict[str, int] = {}

    def add(self, docs: Sequence[DocState]) -> None:
        of, stamp, category = self._columns
        known = self._categories
        of.extend(each.doc for each in docs)
        stamp.extend(each.stamp for each in docs)
        category.extend(known.setdefault(each.category, len(known)) for each in docs)
        self._live.extend(each.live for each in docs)

    def arrays(self) -> tuple[Any, Any, Any, Any]:
        """Docs, stamps, categories, and which can be found; of a doc that was told twice, what
        was told last. Ordered by doc."""
        import numpy as np

        of, stamp, category = (np.frombuffer(each, dtype=np.int64) for each in self._columns)
        live = np.frombuffer(self._live, dtype=bool)
        docs, before_last = np.unique(of[::-1], return_index=True)
        last = len(of) - 1 - before_last
        return docs, stamp[last], category[last], live[last]


class Vectors:
    """Rows belong to docs; when many docs come at once, those of a category stand beside each
    other, so that a search within one reads one piece of memory.

    Learn of docs before their vectors. A doc that changes loses its vector until a new one comes.
    """

    def __init__(self, dimension: int) -> None:
        import numpy as np

        self._np = np
        self.dimension = dimension
        self.stamp = 0
        self.vector_id = 0
        self._matrix: Any = np.zeros((_FIRST_ROWS, dimension), dtype=np.float32)
        self._held: Any = np.zeros(_FIRST_ROWS, dtype=bool)
        self._doc_of: Any = np.zeros(_FIRST_ROWS, dtype=np.int64)
        self._row_of: Any = np.full(_FIRST_ROWS, -1, dtype=np.int64)
        self._stamp_of: Any = np.zeros(_FIRST_ROWS, dtype=np.int64)
        self._used = 0
        self._free: list[int] = []
        self._live = 0
        self._vectors = 0

    @property
    def live(self) -> int:
        """Docs that can be found."""
        return self._live

    @property
    def missing(self) -> int:
        """Those of them without a vector of their present text."""
        return self._live - self._vectors

    def learn_first(self, every: Docs) -> None:
        """All docs there are, when none is known yet."""
        np = self._np
        docs, stamps, categories, live = every.arrays()
        self.stamp = int(stamps.max())
        self._reserve(int(docs[-1]))
        docs, stamps, categories = docs[live], stamps[live], categories[live]
        self._used = self._live = count = len(docs)
        size = max(_FIRST_ROWS, count + count // _SPARE)
        self._matrix = np.zeros((size, self.dimension), dtype=np.float32)
        self._held = np.zeros(size, dtype=bool)
        self._doc_of = np.zeros(size, dtype=np.int64)
        self._doc_of[:count] = docs[np.argsort(categories, kind="stable")]
        self._row_of[self._doc_of[:count]] = np.arange(count)
        self._stamp_of[docs] = stamps

    def learn_docs(self, docs: Sequence[DocState]) -> None:
        for doc in sorted(docs, key=lambda each: (each.category, each.doc)):
            self._reserve(doc.doc)
            row = int(self._row_of[doc.doc])
            if row >= 0:
                self._vectors -= int(self._held[row])
                self._held[row] = False
            if doc.live and row < 0:
                self._take_row(doc.doc)
            elif not doc.live and row >= 0:
                self._give_back(doc.doc, row)
            self._stamp_of[doc.doc] = doc.stamp if doc.live else 0
        if docs:
            self.stamp = max(self.stamp, *(doc.stamp for doc in docs))

    def learn_vectors(self, vectors: Sequence[StoredVector]) -> bool:
        """Whether all were understood; those of a doc that changed since it was learned wait
        until the change is learned, and come again."""
        np, count = self._np, len(vectors)
        stamps = np.fromiter((v.stamp for v in vectors), dtype=np.int64, count=count)
        # Docs are learned in the order of stamps.
        ahead = np.flatnonzero(stamps > self.stamp)
        known = vectors[: int(ahead[0])] if len(ahead) else vectors
        docs = np.fromiter((v.doc for v in known), dtype=np.int64, count=len(known))
        fitting = self._fitting(docs, stamps[: len(known)], known)
        if len(fitting):
            rows = self._row_of[docs[fitting]]
            chosen: list[int] = fitting.tolist()
            content = np.frombuffer(b"".join([known[n].vector for n in chosen]), dtype="<f2")
            self._matrix[rows] = content.reshape(len(fitting), self.dimension)
            self._vectors += len(fitting) - int(self._held[rows].sum())
            self._held[rows] = True
        if known:
            self.vector_id = known[-1].id
        return not len(ahead)

    def _fitting(self, docs: Any, stamps: Any, vectors: Sequence[StoredVector]) -> Any:
        """Which of them are of what their docs say now."""
        np = self._np
        sizes = np.fromiter((len(v.vector) for v in vectors), dtype=np.int64, count=len(vectors))
        there = np.minimum(docs, len(self._stamp_of) - 1)
        same = (there == docs) & (self._stamp_of[there] == stamps)
        return np.flatnonzero(same & (sizes == 2 * self.dimension))

    def docs_missing(self, limit: int) -> list[int]:
        rows = self._np.flatnonzero(~self._held[: self._used] & (self._doc_of[: self._used] > 0))
        return [int(doc) for doc in self._doc_of[rows[:limit]]]

    def nearest(
        self, vector: Any, limit: int, among: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """The docs whose vectors have the greatest product with this one, best first."""
        np = self._np
        rows, scores = self._scored(vector, among)
        if not len(scores):
            return []
        limit = min(limit, len(scores))
        best = np.argpartition(-scores, limit - 1)[:limit]
        best = best[np.argsort(-scores[best], kind="stable")]
        docs = self._doc_of[best if rows is None else rows[best]]
        found = zip(docs.tolist(), scores[best].tolist(), strict=True)
        return [(doc, score) for doc, score in found if score > -inf]

    def _scored(self, vector: Any, among: Sequence[int] | None) -> tuple[Any, Any]:
        """Rows (None: all) and their scores; -infinity without a vector."""
        np = self._np
        if among is None:
            scores = self._products(self._matrix[: self._used], vector)
            if self._vectors < self._used:
                scores[~self._held[: self._used]] = -np.inf
            return None, scores
        docs = np.asarray(among, dtype=np.int64)
        docs = docs[docs < len(self._row_of)]
        rows = self._row_of[docs]
        rows = np.sort(rows[rows >= 0])
        if not len(rows):
            return rows, np.zeros(0, dtype=np.float32)
        first, last = int(rows[0]), int(rows[-1])
        if last - first + 1 <= len(rows) / _MOST:
            scores = self._products(self._matrix[first : last + 1], vector)[rows - first]
        else:
            scores = self._products(self._matrix[rows], vector)
        scores[~self._held[rows]] = -np.inf
        return rows, scores

    def _products(self, rows: Any, vector: Any) -> Any:
        """As fast as BLAS, whose threads go on to hold their cores for milliseconds after each
        product, while everything else of a search waits."""
        return self._np.einsum("ij,j->i", rows, vector)

    def _take_row(self, doc: int) -> None:
        if self._free:
            row = self._free.pop()
        else:
            row = self._used
            self._used += 1
            if row >= len(self._held):
                self._grow_rows()
        self._row_of[doc], self._doc_of[row] = row, doc
        self._live += 1

    def _give_back(self, doc: int, row: int) -> None:
        self._row_of[doc], self._doc_of[row] = -1, 0
        self._matrix[row] = 0.0
        self._free.append(row)
        self._live -= 1

    def _reserve(self, doc: int) -> None:
        if doc >= len(self._row_of):
            more = max(doc + 1, 2 * len(self._row_of)) - len(self._row_of)
            np = self._np
            self._row_of = np.concatenate([self._row_of, np.full(more, -1, dtype=np.int64)])
            self._stamp_of = np.concatenate([self._stamp_of, np.zeros(more, dtype=np.int64)])

    def _grow_rows(self) -> None:
        np, size = self._np, 2 * len(self._held)
        matrix = np.zeros((size, self.dimension), dtype=np.float32)
        matrix[: len(self._held)] = self._matrix
        self._matrix = matrix
        self._held = np.concatenate([self._held, np.zeros(size - len(self._held), dtype=bool)])
        grown = np.zeros(size - len(self._doc_of), dtype=np.int64)
        self._doc_of = np.concatenate([self._doc_of, grown])
