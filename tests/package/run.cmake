# Installs the build to a scratch prefix, moves it, and builds and runs the README's program against it.
# -DBUILD=build folder -DSOURCE=source folder -DSCRATCH=scratch folder -DCOMPILER=C++ compiler
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE "${SCRATCH}")
run(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${SCRATCH}/installed")
file(RENAME "${SCRATCH}/installed" "${SCRATCH}/moved")

file(READ "${SOURCE}/README.md" readme)
string(REGEX MATCH "```cpp\n(.*)" from_program "${readme}")
string(FIND "${CMAKE_MATCH_1}" "\n```" end)
string(SUBSTRING "${CMAKE_MATCH_1}" 0 ${end} program)
file(WRITE "${SCRATCH}/main.cpp" "${program}\n")

run(${CMAKE_COMMAND} -S "${SOURCE}/tests/package" -B "${SCRATCH}/build" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_COMPILER=${COMPILER}"
    "-DCMAKE_PREFIX_PATH=${SCRATCH}/moved" "-DCONSUMER_SOURCE=${SCRATCH}/main.cpp")
run(${CMAKE_COMMAND} --build "${SCRATCH}/build")
execute_process(COMMAND "${SCRATCH}/build/consumer" OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
message(STATUS "${printed}")
string(REGEX MATCH "before training: ([0-9.]+)\nafter: ([0-9.]+)" found "${printed}")
if(NOT found OR NOT CMAKE_MATCH_2 LESS CMAKE_MATCH_1)
  message(FATAL_ERROR "the README's program did not learn")
endif()
file(REMOVE_RECURSE "${SCRATCH}")
