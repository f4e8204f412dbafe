from tests.tflm.wheel import wheel_operator

__all__ = ["wheel_operator"]
