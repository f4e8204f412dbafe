"""Custom options of the project's operators: one struct of fixed size for each, little endian, without padding.

Every struct begins with the version of its layout and the name of the kernel variant that the operator's constants are
packed for. It ends in two zero bytes, by which no reader takes it for a flexbuffer. ``firmware/lib/tflm`` declares the
same structs in C.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class OptionsLayout:
    """The options of one operator.

    Attributes:
        name: under which the operator is registered.
        version: raised whenever ``fields`` or their meaning change.
        fields: name and :mod:`struct` code of every field between the packing and the two zero bytes.
    """

    name: str
    version: int
    fields: tuple[tuple[str, str], ...]

    @property
    def struct(self) -> struct.Struct:
        """Version, packing, the fields, two zero bytes."""
        return struct.Struct("<H16s" + "".join(code for _, code in self.fields) + "2x")

    def encode(self, packing: str, **values: int) -> bytes:
        """The bytes of the options with these values of all fields."""
        if values.keys() != {name for name, _ in self.fields}:
            raise TypeError(f"fields of {self.name}: {sorted(values)}")
        return self.struct.pack(self.version, packing.encode("ascii"), *(values[name] for name, _ in self.fields))

    def decode(self, data: bytes) -> tuple[str, dict[str, int]]:
        """Packing and fields of options.

        Raises:
            ValueError: another length, another version, or a byte that :meth:`encode` does not write.
        """
        if len(data) != self.struct.size:
            raise ValueError(f"{self.name} has {len(data)} bytes of options, this program reads {self.struct.size}")
        version, name, *numbers = self.struct.unpack(data)
        if version != self.version:
            raise ValueError(f"{self.name} has options of version {version}, this program reads {self.version}")
        packing = name.partition(b"\0")[0].decode("ascii")
        values = dict(zip((name for name, _ in self.fields), numbers, strict=True))
        if self.encode(packing, **values) != data:
            raise ValueError(f"{self.name} has options with stray bytes")
        return packing, values
