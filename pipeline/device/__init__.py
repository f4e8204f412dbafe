"""Boards and emulators, the serial link to them, and the test of a model on one."""
