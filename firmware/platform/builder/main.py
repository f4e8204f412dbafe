"""SCons script: compiles app, board, libraries and the generated model into one image."""

import os
import sys
from pathlib import Path

from SCons.Script import AlwaysBuild, Builder, Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
project = Path(env.subst("$PROJECT_DIR"))
boards = project / "firmware" / "boards"

# a checkout, which the project's folder may only point to; an installed package is on the path already
sys.path.insert(0, str((project / "firmware").resolve().parent))
from pipeline.cores import CORES  # noqa: E402

core = CORES[board.get("build.cpu")]

model = env.GetProjectOption("custom_model_dir", "")
if not model or not (Path(model) / "kws_model.c").is_file():
    sys.stderr.write(
        f"Error: no kws_model.c in '{model}'. Set KWS_MODEL_DIR to a folder with the generated model; "
        "`python -m pipeline.build` writes one.\n"
    )
    env.Exit(1)

# the compiler and linker flags of TFLM come in KWS_BUILD_FLAGS, from whoever knows where it lies
engine = os.environ.get("KWS_ENGINE") or "aot"
env.Replace(SRC_FILTER=f"+<*.c> +<*.cc> -<engine_*> +<engine_{engine}.*>")

prefix, machine = core.toolchain, list(core.flags)
link = (
    []
    if core.is_host
    else [
        "-nostartfiles",
        "--specs=nano.specs",
        "--specs=nosys.specs",
        f"-L{boards}",
        f"-L{boards / 'common'}",
        "-Wl,--gc-sections",
        "-Wl,--no-warn-rwx-segments",
        "-Wl,-Map,$BUILD_DIR/firmware.map",
    ]
)

env.Replace(
    AR=f"{prefix}gcc-ar",
    AS=f"{prefix}gcc",
    CC=f"{prefix}gcc",
    CXX=f"{prefix}g++",
    LINK=f"{prefix}g++",
    OBJCOPY=f"{prefix}objcopy",
    RANLIB=f"{prefix}gcc-ranlib",
    SIZETOOL=f"{prefix}size",
    ARFLAGS=["rcs"],
    SIZEPROGREGEXP=r"^(?:\.vectors|\.text|\.ARM\.exidx|\.data)\s+([0-9]+).*",
    SIZEDATAREGEXP=r"^(?:\.stack|\.noinit|\.data|\.bss)\s+([0-9]+).*",
    SIZECHECKCMD="$SIZETOOL -A -d $SOURCES",
    SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
)
env.Append(
    ASFLAGS=machine,
    ASPPFLAGS=["-x", "assembler-with-cpp"],
    CFLAGS=["-std=gnu11"],
    # -ffp-contract=off: every float operation rounds once, whatever the compiler (docs/method.md)
    CCFLAGS=[
        *machine,
        "-O2",
        "-g3",
        "-ffp-contract=off",
        "-ffunction-sections",
        "-fdata-sections",
        "-fno-common",
        "-Wall",
        "-Wextra",
        "-Werror",
        f"-ffile-prefix-map={project}=.",
    ],
    CXXFLAGS=["-std=gnu++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit"],
    CPPPATH=[
        model,
        *(
            str(project / "firmware" / folder)
            for folder in ("app", "boards", "boards/common", "lib/dynq", "lib/frontend", "lib/listener")
        ),
    ],
    LINKFLAGS=[*machine, *link],
    LIBS=["m"],
    BUILDERS={
        "ElfToBin": Builder(
            action=env.VerboseAction("$OBJCOPY -O binary $SOURCES $TARGET", "Building $TARGET"), suffix=".bin"
        )
    },
)

env.BuildSources(os.path.join("$BUILD_DIR", "model"), model, "-<*> +<kws_*.c>")
for name in board.get("build.folders"):
    env.BuildSources(os.path.join("$BUILD_DIR", "board", name), str(boards / name))

program = env.BuildProgram()
targets = [program] if core.is_host else [program, env.ElfToBin(os.path.join("$BUILD_DIR", "firmware"), program)]
AlwaysBuild(env.Alias("size", program, env.VerboseAction("$SIZEPRINTCMD", "Calculating size $SOURCE")))
Default(targets)
