"""The serial protocol: its registry, and how both directions are coded."""
