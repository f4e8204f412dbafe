"""A quantized model as C: constant arrays that stay in flash, read in place by the kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import QuantizationError
from pipeline.export.op_resolver import op_resolver
from pipeline.export.tflite import encode_tflite
from pipeline.files import write_text
from pipeline.frontend import write_c as write_frontend
from pipeline.layers import Constant, QuantizedModel

SOURCE_NAME = "kws_model.c"
CONFIG_NAME = "kws_model_config.h"


@dataclass(frozen=True)
class CArrays:
    """Generated C files.

    Attributes:
        files: ``kws_model.c``, ``kws_model_config.h`` and the front end's ``kws_frontend.c`` and ``kws_frontend.h``.
        constant_bytes: of weights and parameters, padding of the variant's tiles included.
    """

    files: tuple[Path, ...]
    constant_bytes: int


def write_c_arrays(model: QuantizedModel, variant: str, directory: Path, *, source_hash: str) -> CArrays:
    """Writes a model for ``firmware/app/kws_model.h``, and the tables of its front end.

    Args:
        variant: kernel variant that the firmware is compiled as; it decides how the weights are packed.
        source_hash: hexadecimal SHA-256 of the ``.tflite``; its first 16 digits go into the image.

    Raises:
        QuantizationError: a layer has a number of weight bits that no kernel packs.
        RecipeError: a band of the model's front end holds no frequency.
    """
    constants = [layer.constants(variant) for layer in model.layers]
    source, config = directory / SOURCE_NAME, directory / CONFIG_NAME
    write_text(config, _config(model, variant))
    write_text(source, "".join(_source(model, constants, variant, source_hash)))
    files = (source, config, *write_frontend(model.frontend, directory))
    return CArrays(files, _size(constants))


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
    paths = [directory / name for name in (SOURCE_NAME, CONFIG_NAME, "kws_tflite.c", "kws_tflite.h")]
    write_text(paths[0], "".join(_outline(model, source_hash)))
    write_text(paths[1], _config(model, variant))
    write_text(paths[2], "".join(_tflite_source(tflite)))
    write_text(paths[3], _tflite_header(tflite, arena_bytes))
    files = (*paths, *write_frontend(model.frontend, directory))
    return CArrays(files, _size([layer.constants(variant) for layer in model.layers]))


def _size(constants: Iterable[Mapping[str, Constant]]) -> int:
    return sum(constant.values.nbytes for layer in constants for constant in layer.values())


def _config(model: QuantizedModel, variant: str) -> str:
    values = (
        ("INPUTS", model.layers[0].inputs, "int8 features of one inference"),
        ("LABELS", len(model.labels), "logits"),
        ("LAYERS", len(model.layers), ""),
        ("MAX_INPUTS", max(layer.inputs for layer in model.layers), "widest layer input, for scratch"),
        ("MAX_OUTPUTS", max(layer.outputs for layer in model.layers), "widest layer output"),
        ("CONTEXT_FRAMES", model.frontend.context_frames, "frames that one inference sees"),
        ("SMOOTHING_FRAMES", model.detector.smoothing_frames, "inferences in the detector's sliding mean"),
    )
    lines = [
        f"/* Sizes of model {_comment(model.name)}. Generated: changes are lost at the next build. */",
        "#ifndef KWS_MODEL_CONFIG_H_",
        "#define KWS_MODEL_CONFIG_H_",
        "",
    ]
    lines += [f"#define KWS_{name} {value}" + (f" /* {text} */" if text else "") for name, value, text in values]
    lines += [f"#define KWS_VARIANT {c_string(variant)} /* the packing; must equal dynq_variant() */", "", "#endif", ""]
    return "\n".join(lines)


def _tflite_header(tflite: bytes, arena_bytes: int) -> str:
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


def _tflite_source(tflite: bytes) -> Iterator[str]:
    yield (
        f"/* A .tflite of {len(tflite)} bytes. Generated: changes are lost at the next build. */\n"
        '#include "kws_tflite.h"\n\n'
        f"_Alignas(16) const uint8_t kws_tflite[{len(tflite)}] = {{\n"
    )
    yield from _rows((str(byte) for byte in tflite), 20)
    yield "};\n"


def _outline(model: QuantizedModel, source_hash: str) -> Iterator[str]:
    yield (
        f"/* Model {_comment(model.name)}; its numbers are in kws_tflite.c.\n"
        " * Generated: changes are lost at the next build. */\n"
        '#include "kws_model.h"\n\n'
        f"static const dynq_layer_t layers[{len(model.layers)}] = {{\n"
    )
    for layer in model.layers:
        yield f"    {{.inputs = {layer.inputs}, .outputs = {layer.outputs}}},\n"
    yield "};\n\n"
    yield from _tail(model, source_hash)


def _source(
    model: QuantizedModel, constants: Sequence[Mapping[str, Constant]], variant: str, source_hash: str
) -> Iterator[str]:
    yield (
        f"/* Model {_comment(model.name)}, {len(model.layers)} layers, packed for the {variant} kernels.\n"
        f" * {_size(constants)} bytes of weights and parameters.\n"
        " * Generated: changes are lost at the next build. */\n"
        '#include "kws_model.h"\n\n'
    )
    names = []
    for index, layer in enumerate(model.layers):
        names.append({what: f"constant_{index}_{what}" for what in constants[index]})
        for what, constant in constants[index].items():
            yield from _array(names[-1][what], constant, layer.name)
    yield f"static const dynq_layer_t layers[{len(model.layers)}] = {{\n"
    for layer, arrays in zip(model.layers, names, strict=True):
        yield f"    {layer.c_fields(arrays)},\n"
    yield "};\n\n"
    yield from _tail(model, source_hash)


def c_float(value: np.float32 | NDArray[np.float32]) -> str:
    """A float32 as a hexadecimal C literal: the same bits in every compiler, -0 and denormals included.

    Raises:
        QuantizationError: the value is infinite or not a number.
    """
    number = float(value)
    if not np.isfinite(number):
        raise QuantizationError(f"{number} cannot be a model parameter")
    sign, mantissa = ("-", number.hex()[1:]) if number.hex().startswith("-") else ("", number.hex())
    digits, exponent = mantissa.split("p")
    return f"{sign}{digits.rstrip('0') if '.' in digits else digits}p{exponent}f".replace(".p", "p")


_C_TYPES: dict[str, tuple[str, Callable[[Any], str], int]] = {
    "uint8": ("uint8_t", str, 20),
    "int32": ("int32_t", str, 10),
    "float32": ("float", c_float, 4),
}
"""C type of an array's elements, how one is written, and how many in a row."""


def _array(name: str, constant: Constant, layer: str) -> Iterator[str]:
    values = constant.values
    c_type, text, per_row = _C_TYPES[values.dtype.name]
    yield (
        f"/* {_comment(layer)}: {constant.contents}, {values.nbytes} bytes. */\n"
        f"static _Alignas(16) const {c_type} {name}[{values.size}] = {{\n"
    )
    yield from _rows(map(text, values.ravel()), per_row)
    yield "};\n\n"


def _tail(model: QuantizedModel, source_hash: str) -> Iterator[str]:
    yield _strings("layer_names", [layer.name for layer in model.layers])
    yield _strings("labels", model.labels)
    yield _descriptor(model, source_hash)


def _descriptor(model: QuantizedModel, source_hash: str) -> str:
    fields = (
        ("name", c_string(model.name)),
        ("hash", c_string(source_hash[:16])),
        ("layers", "layers"),
        ("layer_names", "layer_names"),
        ("labels", "labels"),
        ("layer_count", len(model.layers)),
        ("label_count", len(model.labels)),
        ("input_scale", c_float(np.float32(model.input.scale))),
        ("input_zero_point", model.input.zero_point),
        ("threshold", c_float(np.float32(model.detector.threshold))),
        ("refractory_samples", model.detector.refractory_ms * model.frontend.sample_rate // 1000),
    )
    return "const kws_model_t kws_model = {\n" + "".join(f"    .{name} = {value},\n" for name, value in fields) + "};\n"


def _strings(name: str, values: Iterable[str]) -> str:
    texts = [c_string(value) for value in values]
    return f"static const char *const {name}[{len(texts)}] = {{\n" + "".join(f"    {t},\n" for t in texts) + "};\n\n"


def _rows(values: Iterable[str], per_row: int) -> Iterator[str]:
    items = list(values)
    for start in range(0, len(items), per_row):
        yield "    " + ", ".join(items[start : start + per_row]) + ",\n"


def c_string(text: str) -> str:
    """A text as a C string literal in plain ASCII; other bytes of its UTF-8 become octal escapes."""

    def escape(byte: int) -> str:
        char = chr(byte)
        return char if 32 <= byte < 127 and char not in '"\\?' else f"\\{byte:03o}"

    return '"' + "".join(escape(byte) for byte in text.encode()) + '"'


def _comment(text: str) -> str:
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in text).replace("*/", "* /")
