"""TensorFlow, imported only when there is work for it, and without its notes about drivers."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def load_tensorflow() -> None:
    """Imports TensorFlow as every stage needs it; the first call takes seconds."""
    # small models train no faster on a GPU, and the same seed gives the same weights only on one kind of processor
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # what XLA compiles is no news
    with _held_back_stderr():
        import tensorflow as tf

        tf.config.list_physical_devices()  # what it has to say about drivers, it says here


@contextmanager
def _held_back_stderr() -> Iterator[None]:
    """Keeps what native code writes to standard error, and shows it only when the block fails."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(saved, kept.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
