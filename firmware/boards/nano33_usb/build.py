"""PlatformIO extra script of the Arduino build: adds the generated model and the board's source."""

import os

Import("env")  # noqa: F821 (SCons)

model = env.GetProjectOption("custom_model_dir", "")  # noqa: F821
boards = os.path.join(env.subst("$PROJECT_DIR"), "firmware", "boards")  # noqa: F821
env.Append(CPPPATH=[model, boards], CCFLAGS=["-ffp-contract=off"])  # noqa: F821
env.BuildSources(os.path.join("$BUILD_DIR", "model"), model, "-<*> +<kws_*.c>")  # noqa: F821
env.BuildSources(os.path.join("$BUILD_DIR", "board"), os.path.join(boards, "nano33_usb"))  # noqa: F821
