"""PlatformIO pre-script of the Arduino build: adds the generated model and the board's source to the image."""

import os

Import("env")  # noqa: F821 (SCons)

model = env.GetProjectOption("custom_model_dir", "")  # noqa: F821
firmware = os.path.join(env.subst("$PROJECT_DIR"), "firmware")  # noqa: F821
names = ("app", "boards", "boards/common", "lib/dynq", "lib/frontend", "lib/listener")
folders = [os.path.join(firmware, *name.split("/")) for name in names]
# -ffp-contract=off: every float operation rounds once, whatever the compiler (docs/method.md)
env.Append(CPPPATH=[model, *folders], CCFLAGS=["-ffp-contract=off"])  # noqa: F821
env.BuildSources(os.path.join("$BUILD_DIR", "model"), model, "-<*> +<kws_*.c>")  # noqa: F821
env.BuildSources(  # noqa: F821
    os.path.join("$BUILD_DIR", "board"), os.path.join(firmware, "boards", "nano33_usb")
)
env.BuildSources(  # noqa: F821
    os.path.join("$BUILD_DIR", "nrf5"), os.path.join(firmware, "boards", "nrf5"), "-<*> +<nrf_pdm.c>"
)
