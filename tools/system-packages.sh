#!/bin/sh
# Checks for the programs the pipeline calls (with "tests", those of the tests too), and installs their Debian/Ubuntu
# packages when it may.
set -eu

missing=""
need() { # need PROGRAM PACKAGE...
  program=$1
  shift
  command -v "$program" >/dev/null 2>&1 || missing="$missing $*"
}
need arm-none-eabi-gcc gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib
need qemu-system-arm qemu-system-arm
need gcc gcc libc6-dev
need g++ g++
[ "${1:-}" != tests ] || need clang++ clang libclang-rt-dev # the fuzzers
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
better=""
command -v flite >/dev/null 2>&1 || better=" flite" # voices for typed words; the others speak without it
[ -n "$missing$better" ] || exit 0

give_up() { # give_up LINE...: ends here, unless all goes on without
  [ -n "$missing" ] || exit 0
  printf '%s\n' "$@" >&2
  exit 1
}
if ! command -v apt-get >/dev/null 2>&1; then
  give_up "These Debian packages, or your system's equivalent, are missing:$missing$better"
fi
if [ "$(id -u)" = 0 ]; then
  run=""
elif sudo -n true 2>/dev/null; then
  run="sudo"
else
  give_up "Some programs are missing and installing them needs root. Run this, then try again:" \
    "  sudo apt-get install$missing$better"
fi
echo "Installing$missing$better"
$run apt-get update -qq
# shellcheck disable=SC2086 # a list of package names
DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends $missing$better
