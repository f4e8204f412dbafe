"""From a clip to what the first layer sees at each step."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pipeline.training.layers.quantizers import Tensor


@keras.saving.register_keras_serializable(package="dynq")
class ClipRows(keras.layers.Layer):  # type: ignore[misc]
    """int8 clips ``[B, R * bands]`` to ``[B, R / stride, rows * bands]``: at every step the newest rows, oldest first.

    Before the clip there are rows of code 0, as after a reset.
    """

    def __init__(self, bands: int, rows: int, stride: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.bands, self.rows, self.stride = bands, rows, stride

    def call(self, inputs: Tensor) -> Tensor:
        count = inputs.shape[-1] // self.bands
        codes = ops.reshape(inputs, (-1, count, self.bands))
        codes = ops.pad(codes, ((0, 0), (self.rows, 0), (0, 0)))
        steps = count // self.stride
        # row i of step t is the clip's row (t + 1) stride - rows + i, and `rows` further on with the padding
        parts = [codes[:, self.stride + i :: self.stride][:, :steps] for i in range(self.rows)]
        return ops.concatenate(parts, axis=-1)

    def compute_output_spec(self, inputs: Any) -> keras.KerasTensor:
        steps = inputs.shape[-1] // self.bands // self.stride
        return keras.KerasTensor((inputs.shape[0], steps, self.rows * self.bands), "int8")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bands": self.bands, "rows": self.rows, "stride": self.stride}
