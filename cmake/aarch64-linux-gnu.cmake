# Cross compilation for 64-bit ARM with Debian's g++-aarch64-linux-gnu; what is built runs in qemu-user's emulation. GLIFR_SYSROOT in the environment: a folder
# with the target's libraries, which scripts/arm64_root.sh makes.
if(NOT DEFINED ENV{GLIFR_SYSROOT})
  message(FATAL_ERROR "GLIFR_SYSROOT is not in the environment: it names the folder that scripts/arm64_root.sh makes")
endif()
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_SYSROOT "$ENV{GLIFR_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -L "$ENV{GLIFR_SYSROOT}")
set(CMAKE_CXX_FLAGS_INIT -Wno-psabi)  # notes on how GCC 9 passed pairs
