"""What stands in for a board: QEMU, a virtual nRF52840, this computer."""
