"""A quantized model as files: the ``.tflite`` that everything later starts from, and C arrays."""

from pipeline.export.c_arrays import CArrays, write_c_arrays
from pipeline.export.c_tflite import write_tflm_arrays
from pipeline.export.float_graph import FloatWeights, encode_float_tflite, write_float_tflite
from pipeline.export.mlperf import RunnerFiles, inferences_per_window, write_runner_files
from pipeline.export.op_resolver import op_resolver, operators
from pipeline.export.reference_graph import encode_reference_tflite, write_reference_tflite
from pipeline.export.tflite import decode_tflite, encode_tflite, read_tflite, write_tflite

__all__ = [
    "CArrays",
    "FloatWeights",
    "RunnerFiles",
    "decode_tflite",
    "encode_float_tflite",
    "encode_reference_tflite",
    "encode_tflite",
    "inferences_per_window",
    "op_resolver",
    "operators",
    "read_tflite",
    "write_c_arrays",
    "write_float_tflite",
    "write_reference_tflite",
    "write_runner_files",
    "write_tflite",
    "write_tflm_arrays",
]
