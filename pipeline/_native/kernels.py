"""firmware/lib/dynq, the reference variant, on numpy arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline._native.compiler import FIRMWARE_LIB, NativeLibrary, compile_library
from pipeline.errors import QuantizationError
from pipeline.quantization import QuantizedLayer, QuantizedModel
from pipeline.quantization.packing import pack

Floats = NDArray[np.float32]

_CDEF = """
typedef struct {
  const void *weights;
  const float *columns;
  uint16_t inputs, outputs;
  uint8_t bits, relu;
} dynq_layer_t;
typedef struct { float low, high; } dynq_range_t;
size_t dynq_scratch_bytes(uint32_t);
void dynq_layer_f32(const dynq_layer_t *, const float *, const dynq_range_t *, float *, dynq_range_t *, void *);
void dynq_layer_s8(const dynq_layer_t *, const int8_t *, float, int32_t, float *, dynq_range_t *, void *);
const char *dynq_variant(void);
"""


def dynq() -> NativeLibrary:
    """The kernel library, compiled on first use."""
    sources = tuple(sorted((FIRMWARE_LIB / "dynq").glob("*.c")))
    return compile_library("dynq", sources, _CDEF, ("-DDYNQ_VARIANT_REFERENCE",))


class NativeLayer:
    """One layer packed for the reference kernel.

    Raises:
        QuantizationError: the bit width has no kernel.
    """

    def __init__(self, layer: QuantizedLayer) -> None:
        native = dynq()
        self._ffi, self._lib = native.ffi, native.lib
        packed = pack(layer, "reference")
        self._weights = self._ffi.new("uint32_t[]", -(-len(packed.weights) // 4))  # aligned, as the kernel asks
        self._ffi.memmove(self._weights, packed.weights, len(packed.weights))
        self._columns = self._ffi.new("float[]", packed.columns.tolist())
        self._layer = self._ffi.new(
            "dynq_layer_t *",
            (self._weights, self._columns, layer.inputs, layer.outputs, layer.bits, int(layer.relu)),
        )
        self._scratch = self._ffi.new("uint32_t[]", self._lib.dynq_scratch_bytes(layer.inputs) // 4 + 1)
        self._range = self._ffi.new("dynq_range_t *")

    def run(self, x: NDArray[np.int8] | Floats, scale: float = 1.0, zero_point: int = 0) -> Floats:
        """One inference to float32 ``[N]``, from float32 ``[K]`` or int8 ``[K]`` for ``scale * (x - zero_point)``.

        Raises:
            QuantizationError: another type or length.
        """
        if x.shape != (self._layer.inputs,) or x.dtype not in (np.int8, np.float32):
            raise QuantizationError(f"{x.dtype} {x.shape} is not {self._layer.inputs} int8 or float32 values")
        y = np.empty(self._layer.outputs, np.float32)
        out = self._ffi.from_buffer("float[]", y)
        if x.dtype == np.int8:
            codes = self._ffi.from_buffer("int8_t[]", np.ascontiguousarray(x))
            self._lib.dynq_layer_s8(self._layer, codes, scale, zero_point, out, self._range, self._scratch)
        else:
            values = self._ffi.from_buffer("float[]", np.ascontiguousarray(x))
            self._lib.dynq_layer_f32(self._layer, values, self._ffi.NULL, out, self._range, self._scratch)
        return y

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest output of the last run, as the kernel found them while it stored them."""
        return self._range.low, self._range.high


def logits(model: QuantizedModel, features: NDArray[np.int8]) -> Floats:
    """Logits of int8 ``[B, inputs]`` by the C reference kernel: float32 ``[B, labels]``."""
    layers = [NativeLayer(layer) for layer in model.layers]
    out = np.empty((len(features), len(model.labels)), np.float32)
    for i, row in enumerate(features):
        y = layers[0].run(row, model.input.scale, model.input.zero_point)
        for layer in layers[1:]:
            y = layer.run(y)
        out[i] = y
    return out
