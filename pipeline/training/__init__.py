"""Training: Keras layers with the quantizers in the forward pass, model zoo, data, fit loop, conversion, evaluation.

Importing this package does not import TensorFlow; its modules ``layers``, ``zoo``, ``fit`` and ``convert`` do.
"""
