"""Kernels on emulated cores: bit-exact results, instruction counts and cycle estimates."""
