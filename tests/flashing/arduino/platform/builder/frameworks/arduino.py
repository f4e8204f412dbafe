"""The flags of the Arduino core in the order of the genuine builder: the variant's own, then soft floats."""

import os

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
core = env.PioPlatform().get_package_dir("framework-arduino-mbed")
variant = os.path.join(core, "variants", env.BoardConfig().get("build.variant"))
sources = os.path.join(core, "cores", "arduino")


def flags(name):
    with open(os.path.join(variant, f"{name}.txt")) as file:
        return [line.strip() for line in file if line.strip()]


c, cxx = flags("cflags"), flags("cxxflags")
common = [flag for flag in c if flag in cxx]
floats = ["-mfloat-abi=soft", "-mfpu=fpv4-sp-d16"]
includes = [f"-iprefix{sources}", f"@{os.path.join(variant, 'includes.txt')}"]
env.Append(
    ASFLAGS=[flag for flag in common if flag.startswith("-m")],
    ASPPFLAGS=["-x", "assembler-with-cpp"],
    CFLAGS=[flag for flag in c if flag not in common],
    CXXFLAGS=[flag for flag in cxx if flag not in common],
    CCFLAGS=common,
    CPPDEFINES=[flag.replace("-D", "") for flag in flags("defines")],
    LINKFLAGS=flags("ldflags"),
)
env.Append(
    ASFLAGS=includes,
    CCFLAGS=[*includes, "-nostdlib"],
    CPPDEFINES=[("ARDUINO", 10810), "ARDUINO_ARCH_MBED"],
    CPPPATH=[sources, os.path.join(sources, "api", "deprecated"), variant],
)
env.Append(ASFLAGS=floats, CCFLAGS=floats, LINKFLAGS=floats)
