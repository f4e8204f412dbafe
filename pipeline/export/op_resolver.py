"""The op resolver that a model needs in TensorFlow Lite Micro: exactly its operators, every status checked."""

from __future__ import annotations

import struct

from pipeline.errors import ModelFileError
from pipeline.export.schema import schema
from pipeline.layers import Dense

# Where TFLM's method is not the operator's name in camel case.
_METHODS = {
    "BATCH_MATMUL": "AddBatchMatMul",
    "CUMSUM": "AddCumSum",
    "PADV2": "AddPadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
}


def operators(tflite: bytes, where: str = "model") -> tuple[str, ...]:
    """Names of a model's operators in the order of the file; a custom one by its own name.

    Raises:
        ModelFileError: the bytes are not a readable ``.tflite``.
    """
    s = schema()
    names = {value: name for name, value in vars(s.BuiltinOperator).items() if isinstance(value, int)}
    try:
        model = s.Model.GetRootAsModel(tflite, 0)
        codes = [model.OperatorCodes(i) for i in range(min(model.OperatorCodesLength(), len(tflite) // 4))]
        numbers = [max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) for code in codes]
        return tuple(
            code.CustomCode().decode() if number == s.BuiltinOperator.CUSTOM else names[number]
            for code, number in zip(codes, numbers, strict=True)
        )
    except (struct.error, ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
        raise ModelFileError(f"{where} is not a readable .tflite: {error}", "export it again") from None


def op_resolver(tflite: bytes, *, namespace: str = "kws") -> str:
    """C++ that declares a resolver type of the exact size, and a function that fills it and checks every status.

    Raises:
        ModelFileError: the model is unreadable, or needs a custom operator other than ours.
    """
    needed = operators(tflite)
    calls = []
    for operator in needed:
        if operator == Dense.operator.name:
            calls.append("AddCustom(kFullyConnected, fully_connected)")
        elif hasattr(schema().BuiltinOperator, operator):
            calls.append(f"{_method(operator)}()")
        else:
            raise ModelFileError(
                f"the model needs the custom operator {operator}", f"only {Dense.operator.name} is known"
            )
    body = "".join(f"  if (resolver.{call} != kTfLiteOk) {{\n    return kTfLiteError;\n  }}\n" for call in calls)
    return f"""namespace {namespace} {{

using namespace dynq; /* TFLM's names, wherever its version keeps them */

/* {", ".join(needed)} */
using OpResolver = MicroMutableOpResolver<{len(needed)}>;

inline TfLiteStatus
AddOperators(OpResolver &resolver,
             [[maybe_unused]] const TFLMRegistration *fully_connected = FullyConnectedRegistration()) {{
{body}  return kTfLiteOk;
}}

}} // namespace {namespace}
"""


def _method(operator: str) -> str:
    if operator in _METHODS:
        return _METHODS[operator]
    return "Add" + "".join(part.capitalize() for part in operator.split("_")).replace("2d", "2D").replace("3d", "3D")
