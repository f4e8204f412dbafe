"""The op resolver that a model needs in TensorFlow Lite Micro: exactly its operators, every status checked."""

from __future__ import annotations

import struct

from pipeline.errors import ModelFileError
from pipeline.export.schema import schema
from pipeline.layers import KINDS

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
        ModelFileError: the model is unreadable, or needs a custom operator that is not ours.
    """
    needed = operators(tflite)
    known = {kind.operator.name for kind in KINDS.values()}
    body, own = [], []
    for operator in needed:
        if operator in known:
            own.append(f"As<dynq::{_camel_case(operator.removeprefix('DYNQ_'))}>")
        elif hasattr(schema().BuiltinOperator, operator):
            body.append(f"  if (resolver.{_method(operator)}() != kTfLiteOk) {{\n    return kTfLiteError;\n  }}\n")
        else:
            raise ModelFileError(f"the model needs the custom operator {operator}", f"known: {', '.join(known)}")
    body.append(f"  return OperatorList<{', '.join(own)}>::AddTo(resolver);\n" if own else "  return kTfLiteOk;\n")
    return f"""namespace {namespace} {{

using namespace dynq; /* TFLM's names, wherever its version keeps them */

/* {", ".join(needed)} */
using OpResolver = MicroMutableOpResolver<{len(needed)}>;

/* Adds them. `As` may put something around the operators of dynq, such as a clock. */
template <template <typename> class As = AsIs> TfLiteStatus AddOperators(OpResolver &resolver) {{
{"".join(body)}}}

}} // namespace {namespace}
"""


def _method(operator: str) -> str:
    name = _camel_case(operator).replace("2d", "2D").replace("3d", "3D")
    return _METHODS.get(operator, f"Add{name}")


def _camel_case(operator: str) -> str:
    return "".join(part.capitalize() for part in operator.split("_"))
