"""A quantized model as C for the engine that runs TensorFlow Lite Micro: the ``.tflite`` itself, and what it needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.export.c_arrays import CArrays, network_fields, write_model
from pipeline.export.c_text import c_array, c_string, c_struct, c_table
from pipeline.export.op_resolver import op_resolver
from pipeline.export.tflite import encode_tflite
from pipeline.files import write_text
from pipeline.layers import QuantizedModel


def write_tflm_arrays(
    model: QuantizedModel, variant: str, directory: Path, *, source_hash: str, arena_bytes: int
) -> CArrays:
    """Writes a model for the engine that runs TensorFlow Lite Micro.

    ``kws_tflite.h`` and ``kws_tflite.c`` hold the ``.tflite`` itself with weights packed for ``variant``, the op
    resolver and the arena's size; ``kws_model.c`` holds all of the model but its numbers, which would be there twice.

    Args:
        arena_bytes: bytes that the interpreter gets, a multiple of 16.

    Raises:
        As :func:`write_c_arrays`.
    """
    tflite = encode_tflite(model, variant)
    source, header = directory / "kws_tflite.c", directory / "kws_tflite.h"
    write_text(source, _source(tflite))
    write_text(header, _header(tflite, arena_bytes))
    arrays = write_model(model, variant, directory, _outline(model), source_hash)
    return CArrays((*arrays.files, source, header), arrays.constant_bytes)


def _header(tflite: bytes, arena_bytes: int) -> str:
    return f"""/* The model for TensorFlow Lite Micro. Generated: changes are lost at the next build. */
#ifndef KWS_TFLITE_H_
#define KWS_TFLITE_H_

#include <stdint.h>

#define KWS_ARENA_BYTES {arena_bytes}

#ifdef __cplusplus
#include "dynq_tflm.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

{op_resolver(tflite)}
extern "C" {{
#endif
extern const uint8_t kws_tflite[{len(tflite)}]; /* 16-byte aligned, as its buffers are to each other */
#ifdef __cplusplus
}}
#endif
#endif
"""


def _source(tflite: bytes) -> str:
    head = f"/* A .tflite of {len(tflite)} bytes. Generated: changes are lost at the next build. */\n"
    array = "".join(c_array("kws_tflite", np.frombuffer(tflite, np.uint8), storage=""))
    return head + '#include "kws_tflite.h"\n\n' + array


def _outline(model: QuantizedModel) -> str:
    """The network's window, and the names of its layers."""
    nodes = c_table(
        f"static const dynq_node_t nodes[{len(model.layers)}]",
        (f"{{.name = {c_string(layer.name)}, .outputs = {layer.outputs}}}" for layer in model.layers),
    )
    window = "static _Alignas(16) int8_t window[KWS_WINDOW_BYTES];\n\n"
    return window + nodes + c_struct("dynq_network_t kws_network", **network_fields(model)) + "\n"
