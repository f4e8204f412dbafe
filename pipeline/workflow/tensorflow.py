"""TensorFlow, imported only when there is work for it, and without its notes about drivers."""

from __future__ import annotations

import os

from pipeline.workflow.native import held_back_stderr


def load_tensorflow() -> None:
    """Imports TensorFlow as every stage needs it; the first call takes seconds."""
    # small models train no faster on a GPU, and the same seed gives the same weights only on one kind of processor
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # what XLA compiles is no news
    with held_back_stderr():
        import tensorflow as tf

        tf.config.list_physical_devices()  # what it has to say about drivers, it says here
