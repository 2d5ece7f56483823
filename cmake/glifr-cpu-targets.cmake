# The functions below may be called from where GLIFR_TARGETS is not seen: find_package within a function, say.
set_property(GLOBAL PROPERTY GLIFR_TARGETS "${GLIFR_TARGETS}")

# Sets `out` to the definitions by which files know the instruction sets that kernels are compiled for.
function(glifr_target_definitions out)
  set(definitions "")
  get_property(targets GLOBAL PROPERTY GLIFR_TARGETS)
  foreach(cpu IN LISTS targets)
    if(NOT cpu STREQUAL "baseline")
      string(TOUPPER "GLIFR_HAS_${cpu}" definition)
      string(REPLACE - _ definition ${definition})
      list(APPEND definitions ${definition})
    endif()
  endforeach()
  set(${out} "${definitions}" PARENT_SCOPE)
endfunction()

# Compiles sources once for each instruction set of GLIFR_TARGETS, into a target that links glifr::glifr; the one in use is chosen when the
# program starts. For files with GLIFR_COMPILE_NEURON: a custom neuron's scans, for every machine.
#
#   glifr_add_neurons(my_program my_neurons.cpp)
function(glifr_add_neurons target)
  glifr_target_definitions(definitions)
  get_property(targets GLOBAL PROPERTY GLIFR_TARGETS)
  foreach(cpu IN LISTS targets)
    set(objects ${target}_${cpu})
    set(n 1)
    while(TARGET ${objects})
      math(EXPR n "${n} + 1")
      set(objects ${target}_${cpu}_${n})
    endwhile()
    add_library(${objects} OBJECT ${ARGN})
    target_compile_features(${objects} PRIVATE cxx_std_20)
    set_target_properties(${objects} PROPERTIES
      POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON UNITY_BUILD OFF)
    target_include_directories(${objects} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
    target_compile_definitions(${objects} PRIVATE $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS> ${definitions})
    target_compile_options(${objects} PRIVATE $<TARGET_PROPERTY:glifr::glifr,INTERFACE_COMPILE_OPTIONS>)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
      string(REPLACE baseline x86-64 level ${cpu})
      target_compile_options(${objects} PRIVATE -march=${level})
    endif()
    # errno and floating-point traps would keep loops from becoming vector code. Nothing depends on -ffast-math, which would break infinities,
    # checks for NaN and tricks with rounding.
    target_compile_options(${objects} PRIVATE -fno-math-errno -fno-trapping-math)
    target_compile_options(${objects} PRIVATE $<$<NOT:$<CONFIG:Release>>:-O2>)  # an expanded reverse step is ten times slower without
    # A neuron's step is one long run of operations on more values than there are registers. Put in order before registers are given out, they
    # wait less for each other: a tenth of the time of a scan.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # Vectors are handed over within a file alone: how other versions of the compiler would pass them does not matter.
      target_compile_options(${objects} PRIVATE -fschedule-insns -fsched-pressure -Wno-psabi)
    endif()
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
    set_property(TARGET ${target} APPEND PROPERTY GLIFR_OBJECTS ${objects})
  endforeach()
endfunction()
