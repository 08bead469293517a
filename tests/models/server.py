"""A real model behind OpenAI's wire format: llama.cpp with a small model, on loopback."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from burnish.models.options import Secret
from burnish.models.pull import pull

MODEL = "smollm2-135m"


class LocalServer(NamedTuple):
    """`url` is what clients call the base address, with `/v1`."""

    url: str
    key: Secret
    model: str


def weights_folder() -> Path:
    """Where the weights lie, fetched once for each environment of Python (93 MB).

    A test that needs them fails, with the reason, where they cannot be had.
    """
    folder = Path(sys.prefix) / "burnish-weights"
    asyncio.run(pull(MODEL, folder))
    return folder


@contextmanager
def serving(folder: Path) -> Generator[LocalServer]:
    runtime: Any = importlib.import_module("xllamacpp")
    made = runtime.CommonParams()
    made.model.path = str(folder / f"{MODEL}.gguf")
    made.hostnames = ["127.0.0.1"]
    made.port = 0
    made.api_keys = ["sk-of-the-local-test-server"]
    made.n_ctx = 2048
    made.n_batch = made.n_ubatch = 256
    made.n_parallel = 1
    made.cpuparams.n_threads = made.cpuparams_batch.n_threads = 1
    made.cache_ram_mib = 0
    made.fit_params = False
    made.verbosity = -1
    server = runtime.Server(made)
    yield LocalServer(f"{server.listening_address}/v1", Secret(made.api_keys[0]), MODEL)
    del server


@pytest.fixture(scope="session")
def weights() -> Path:
    return weights_folder()


@pytest.fixture(scope="module")
def local_server(weights: Path) -> Iterator[LocalServer]:
    with serving(weights) as server:
        yield server
