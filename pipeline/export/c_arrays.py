"""A quantized model as C: constants, read in place by the kernels, and a table of its layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.config import WeightsIn
from pipeline.export.buffers import allocate, last_readers
from pipeline.export.c_text import c_array, c_comment, c_float, c_string, c_struct, c_table
from pipeline.files import write_text
from pipeline.frontend import write_c as write_frontend
from pipeline.layers import Layer, QuantizedModel

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


def write_c_arrays(
    model: QuantizedModel, variant: str, directory: Path, *, source_hash: str, weights_in: WeightsIn = "flash"
) -> CArrays:
    """Writes a model for ``firmware/app/kws_model.h``, and the tables of its front end.

    Args:
        variant: kernel variant that the firmware is compiled as; it decides how the weights are packed.
        source_hash: hexadecimal SHA-256 of the ``.tflite``; its first 16 digits go into the image.
        weights_in: with "ram" weights and parameters are data that the start of a C program copies from flash.

    Raises:
        QuantizationError: a layer has a number of weight bits that no kernel packs.
        RecipeError: a band of the model's front end holds no frequency.
    """
    return write_model(model, variant, directory, "".join(_network(model, variant, weights_in)), source_hash)


def write_model(model: QuantizedModel, variant: str, directory: Path, network: str, source_hash: str) -> CArrays:
    """Writes ``kws_model.c`` around the definition of its network, and all else that any engine needs."""
    size = sum(constant.values.nbytes for layer in model.layers for constant in layer.constants(variant).values())
    source, config = directory / SOURCE_NAME, directory / CONFIG_NAME
    head = (
        f"/* Model {c_comment(model.name)}, {len(model.layers)} layers, packed for the {variant} kernels.\n"
        f" * {size} bytes of weights and parameters.\n"
        " * Generated: changes are lost at the next build. */\n"
        '#include "kws_model.h"\n\n'
    )
    write_text(config, _config(model, variant))
    write_text(source, head + network + _detector(model) + "\n" + _descriptor(model, source_hash))
    return CArrays((source, config, *write_frontend(model.frontend, directory)), size)


def network_fields(model: QuantizedModel) -> dict[str, object]:
    """Fields of a network that every engine needs."""
    return {
        "nodes": "nodes",
        "window": "window",
        "node_count": len(model.layers),
        "bands": model.frontend.bands,
        "rows": model.rows,
        "stride": model.stride,
    }


def _config(model: QuantizedModel, variant: str) -> str:
    values = (
        ("INPUTS", model.inputs, "int8 features of a clip"),
        ("BANDS", model.frontend.bands, "features of a row"),
        ("STRIDE", model.stride, "rows from one step to the next"),
        ("WINDOW_BYTES", model.window, "features that a step's first layer sees"),
        ("STATE_BYTES", model.state_bytes, "kept by layers from step to step"),
        ("LABELS", len(model.labels), "logits"),
        ("LAYERS", len(model.layers), ""),
        ("MAX_OUTPUTS", max(layer.outputs for layer in model.layers), "widest layer output"),
        ("SMOOTHING_FRAMES", model.detector.smoothing_frames, "inferences in the detector's sliding mean"),
    )
    lines = [
        f"/* Sizes of model {c_comment(model.name)}. Generated: changes are lost at the next build. */",
        "#ifndef KWS_MODEL_CONFIG_H_",
        "#define KWS_MODEL_CONFIG_H_",
        "",
    ]
    lines += [f"#define KWS_{name} {value}" + (f" /* {text} */" if text else "") for name, value, text in values]
    lines += [f"#define KWS_VARIANT {c_string(variant)} /* the packing; must equal dynq_variant() */", "", "#endif", ""]
    return "\n".join(lines)


def _network(model: QuantizedModel, variant: str, weights_in: WeightsIn) -> Iterator[str]:
    for index, layer in enumerate(model.layers):
        yield from _layer(index, layer, variant, weights_in)
    yield from _memory(model)
    yield c_table(
        f"static const dynq_node_t nodes[{len(model.layers)}]",
        (_node(index, layer, model.sources(index)) for index, layer in enumerate(model.layers)),
    )
    buffers = ["window", "activations", "scratch", *(f"state_{i}" for i, x in enumerate(model.layers) if x.state_bytes)]
    if weights_in == "ram":
        buffers += [_constant(i, what) for i, x in enumerate(model.layers) for what in x.constants(variant)]
    yield c_struct(
        "dynq_network_t kws_network",
        **network_fields(model),
        signals="signals",
        scratch="&scratch",
        buffer_bytes=" + ".join(f"sizeof {buffer}" for buffer in buffers),
    )
    yield "\n"


def _constant(index: int, what: str) -> str:
    return f"constant_{index}_{what}"


def _layer(index: int, layer: Layer, variant: str, weights_in: WeightsIn) -> Iterator[str]:
    """A layer's constants, and its descriptor."""
    arrays = {}
    for what, constant in layer.constants(variant).items():
        arrays[what] = _constant(index, what)
        yield f"/* {c_comment(layer.name)}: {constant.contents}, {constant.values.nbytes} bytes. */\n"
        yield from c_array(arrays[what], constant.values, qualifier="const " if weights_in == "flash" else "")
        yield "\n"
    yield c_struct(f"static const {layer.c_type} layer_{index}", **layer.c_fields(arrays)) + "\n"


def _memory(model: QuantizedModel) -> Iterator[str]:
    """Everything of the network that is written to."""
    starts, floats = allocate([layer.outputs for layer in model.layers], last_readers(model))
    yield "static _Alignas(16) int8_t window[KWS_WINDOW_BYTES];\n"
    yield f"static _Alignas(16) float activations[{floats}];\n"
    for index, layer in enumerate(model.layers):
        if layer.state_bytes:
            yield f"static _Alignas(16) uint8_t state_{index}[{layer.state_bytes}];\n"
    yield "static union {\n  _Alignas(16) uint8_t least[16];\n"
    for index, layer in enumerate(model.layers):
        if layer.c_scratch:
            yield f"  uint8_t layer_{index}[{layer.c_scratch}];\n"
    yield "} scratch;\n\n"
    codes = f"{{{c_float(np.float32(model.input.scale))}, {model.input.zero_point}}}"
    rows = [f"{{.values = window, .codes = {codes}, .is_codes = 1}}"]
    rows += [
        f"{{.values = activations + {start}, .ranged = {int(model.is_ranged(index))}}}"
        for index, start in enumerate(starts)
    ]
    yield c_table(f"static dynq_signal_t signals[{len(rows)}]", rows)


def _node(index: int, layer: Layer, sources: tuple[int, ...]) -> str:
    state = f".state = state_{index}, .state_bytes = sizeof state_{index}, " if layer.state_bytes else ""
    signals = ", ".join(str(source + 1) for source in sources)
    return (
        f"{{.name = {c_string(layer.name)}, .step = {layer.c_step}, .layer = &layer_{index}, {state}"
        f".outputs = {layer.outputs}, .sources = {{{signals}}}}}"
    )


def _descriptor(model: QuantizedModel, source_hash: str) -> str:
    labels = c_table(f"static const char *const labels[{len(model.labels)}]", map(c_string, model.labels))
    return labels + c_struct(
        "const kws_model_t kws_model",
        name=c_string(model.name),
        hash=c_string(source_hash[:16]),
        labels="labels",
        label_count=len(model.labels),
    )


def _detector(model: QuantizedModel) -> str:
    thresholds = ", ".join(c_float(np.float32(threshold)) for threshold in model.thresholds)
    return f"static const float thresholds[{len(model.labels)}] = {{{thresholds}}};\n\n" + c_struct(
        "const detector_config_t kws_detector",
        thresholds="thresholds",
        labels=len(model.labels),
        smoothing=model.detector.smoothing_frames,
        refractory_samples=model.detector.refractory_ms * model.frontend.sample_rate // 1000,
    )
