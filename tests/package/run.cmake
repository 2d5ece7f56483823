# Installs the build to a scratch prefix, moves it, and uses it as others do: the README's program and the examples through
# find_package, a program through pkg-config, the tree itself as part of another project.
# -DBUILD=build folder -DSOURCE=source folder -DSCRATCH=scratch folder -DCOMPILER=C++ compiler
# -DSHARED=the library as a shared one, or nothing
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Runs a program and checks what it prints.
function(run_program expected)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${SCRATCH}" OUTPUT_VARIABLE printed COMMAND_ERROR_IS_FATAL ANY)
  message(STATUS "${ARGN}:\n${printed}")
  if(NOT printed MATCHES "${expected}")
    message(FATAL_ERROR "expected '${expected}'")
  endif()
  set(printed "${printed}" PARENT_SCOPE)
endfunction()

# Configures a project and returns what CMake says; it is to end as `result` says: "0" or, where it is to fail, "[^0].*".
function(configure result said)
  execute_process(COMMAND ${CMAKE_COMMAND} "-DCMAKE_CXX_COMPILER=${COMPILER}" ${ARGN} RESULT_VARIABLE code
    OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code MATCHES "^${result}$")
    message(FATAL_ERROR "${ARGN} ended with ${code}:\n${output}")
  endif()
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  set(${said} "${output}" PARENT_SCOPE)
endfunction()

# Runs a program that prints an error before and after training.
function(run_learner)
  run_program("before[^\n]*: ([0-9.]+)\n[^\n]*after[^\n]*: +([0-9.]+)" ${ARGN})
  string(REGEX MATCH "before[^\n]*: ([0-9.]+)\n[^\n]*after[^\n]*: +([0-9.]+)" found "${printed}")
  if(NOT CMAKE_MATCH_2 LESS CMAKE_MATCH_1)
    message(FATAL_ERROR "${ARGN} did not learn")
  endif()
endfunction()

file(REMOVE_RECURSE "${SCRATCH}")
run(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${SCRATCH}/installed")
file(RENAME "${SCRATCH}/installed" "${SCRATCH}/moved")

# The package and the examples.
file(READ "${SOURCE}/README.md" readme)
string(REGEX MATCH "```cpp\n(.*)" from_program "${readme}")
string(FIND "${CMAKE_MATCH_1}" "\n```" end)
string(SUBSTRING "${CMAKE_MATCH_1}" 0 ${end} program)
file(WRITE "${SCRATCH}/readme.cpp" "${program}\n")

run(${CMAKE_COMMAND} -S "${SOURCE}/tests/package" -B "${SCRATCH}/build" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_COMPILER=${COMPILER}"
    "-DCMAKE_PREFIX_PATH=${SCRATCH}/moved" "-Dreadme_source=${SCRATCH}/readme.cpp" "-Derrors_source=errors.cpp"
    "-Dexamples=${SOURCE}/examples" "-Dshared_library=${SHARED}")
run(${CMAKE_COMMAND} --build "${SCRATCH}/build")
run_learner("${SCRATCH}/build/readme")
run_program("there is no such file" "${SCRATCH}/build/errors")

run_program("glifr_train 0[.]1[.]0|^0[.]1[.]0" "${SCRATCH}/moved/bin/glifr_train" --version)

set(examples "${SCRATCH}/build/examples")
run_learner("${examples}/first_network/first_network")
run_program("^32 neurons" "${examples}/fi_curves/fi_curves" network.safetensors)
run_learner("${examples}/custom_neuron/custom_neuron" "${SOURCE}/examples/custom_neuron/neuron.json")
run_learner("${examples}/two_layers/two_layers")
run_learner("${examples}/gru/gru")
run_learner("${examples}/own_loop/own_loop")
run_learner("${examples}/populations/populations")
# The delays are found to less than a step; where they stay wrong, the loss stays a thousand times higher.
run_program("learned delays[^\n]*\nafter: 0[.]00000[0-9][^\n]*delays 0[.][0-9]* steps[^\n]*\nfixed delays[^\n]*\nafter: 0[.]00[1-9]"
  "${examples}/populations/populations")
run_learner("${examples}/dale/dale")
run_program("; 0 weights have the wrong sign" "${examples}/dale/dale")
run_learner("${examples}/csv_task/csv_task" "${SOURCE}/examples/csv_task/signal.csv")
run_program("sine glifr_lheta trial 0: test loss" "${SCRATCH}/moved/bin/glifr_train" --model glifr_lheta --epochs 1
  --set hidden_size=8 --out "${SCRATCH}/trained" --no-figures)
run_program("sigma_v = [^\n]*\n.*outputs, the last of them.*4 neurons silenced: loss [0-9]" "${examples}/trained_network/trained_network"
  "${SCRATCH}/trained/sine/glifr_lheta/trial_0")
run_program("adaptive adaptive trial_0|adaptive trial 0: test loss" "${examples}/custom_app/custom_train"
  --config "${SOURCE}/examples/custom_app/adaptive.json" --out "${SCRATCH}/custom" --no-figures)
run_program("flip_flop rnn trial 0: test loss" "${examples}/custom_app/custom_train" --task flip_flop --model rnn --epochs 1
  --set hidden_size=8 --out "${SCRATCH}/custom" --no-figures)
run_program("silenced neurons of" "${examples}/custom_app/custom_analyze" ablation "${SCRATCH}/custom" --draws 2
  --no-figures --out "${SCRATCH}/custom/analysis")
run_program("wrote [^\n]*neurons.csv" "${examples}/custom_app/custom_analyze" parameters --layer 2 "${SCRATCH}/custom/adaptive"
  --no-figures --out "${SCRATCH}/custom/analysis")
run_program("a 1[.]500 .*k 0[.]400 .*w 2[.]000" "${examples}/tape/tape")

# The same as a shared library, which shows what is marked and nothing else.
if(SHARED)
  run_learner("${SCRATCH}/build/readme_shared")
  run_program("there is no such file" "${SCRATCH}/build/errors_shared")
  execute_process(COMMAND nm -D --defined-only "${SHARED}" OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "[0-9a-f]+ [A-Za-z] (_ZN5glifr|_ZNK5glifr|_ZT[ISV]N5glifr)[^\n]*\n" "" others "${symbols}")
  if(NOT symbols MATCHES "_ZN5glifr" OR NOT others STREQUAL "" OR symbols MATCHES "run_gnuplot")
    message(FATAL_ERROR "the shared library exports: ${others}")
  endif()
endif()

# pkg-config.
find_program(pkg_config pkg-config)
if(pkg_config)
  file(GLOB_RECURSE description "${SCRATCH}/moved/*/glifr.pc")
  cmake_path(GET description PARENT_PATH folder)
  set(ENV{PKG_CONFIG_PATH} "${folder}:$ENV{PKG_CONFIG_PATH}")
  execute_process(COMMAND ${pkg_config} --cflags --libs glifr OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  run(${COMPILER} "${SOURCE}/tests/package/errors.cpp" -o "${SCRATCH}/through_pkg_config" ${flags})
  run_program("there is no such file" ${CMAKE_COMMAND} -E env "LD_LIBRARY_PATH=${folder}/.." "${SCRATCH}/through_pkg_config")
endif()

# In a project with Find modules and targets of its own, and without a word of warning.
configure(0 said -S "${SOURCE}/tests/package/surroundings" -B "${SCRATCH}/surroundings" "-DCMAKE_PREFIX_PATH=${SCRATCH}/moved")
if(said MATCHES "Warning|CMP0")
  message(FATAL_ERROR "find_package(glifr) brings warnings along: ${said}")
endif()
run(${CMAKE_COMMAND} --build "${SCRATCH}/surroundings")
run_program("there is no such file" "${SCRATCH}/surroundings/program")

# A program that runs as no group of processes needs no MPI, whatever glifr was built with.
execute_process(COMMAND ldd "${SCRATCH}/surroundings/program" OUTPUT_VARIABLE needed COMMAND_ERROR_IS_FATAL ANY)
if(needed MATCHES "libmpi")
  message(FATAL_ERROR "a program that uses the plain library needs MPI:\n${needed}")
endif()

# What is missing is said with the package to install.
foreach(missing "MPI;libopenmpi-dev" "Eigen3;libeigen3-dev" "TBB;libtbb-dev" "Boost;libboost-json1.81-dev" "ZLIB;zlib1g-dev")
  list(POP_FRONT missing package)
  configure("[^0].*" said -S "${SOURCE}" -B "${SCRATCH}/missing" -DGLIFR_CUDA=OFF -DGLIFR_MPI=ON -DGLIFR_TESTS=OFF -DGLIFR_APPS=OFF
    "-DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON")
  if(NOT said MATCHES "is missing: on Debian and Ubuntu install ${missing}.* elsewhere [^ ]+ .*https://")
    message(FATAL_ERROR "without ${package}, CMake says: ${said}")
  endif()
  file(REMOVE_RECURSE "${SCRATCH}/missing")
endforeach()

# What belongs to a program is there as soon as the program is.
configure(0 said -S "${SOURCE}/tests/package/one_program" -B "${SCRATCH}/one_program" "-Dinstall_app=${SOURCE}/cmake/install_app.cmake")
run(${CMAKE_COMMAND} --build "${SCRATCH}/one_program" --target program)
run(${CMAKE_COMMAND} --install "${SCRATCH}/one_program" --prefix "${SCRATCH}/one_program/prefix")
foreach(file bin/program share/man/man1/program.1)
  if(NOT EXISTS "${SCRATCH}/one_program/prefix/${file}")
    message(FATAL_ERROR "${file} was not installed")
  endif()
endforeach()

# As a part of another build.
run(${CMAKE_COMMAND} -S "${SOURCE}/tests/package/subproject" -B "${SCRATCH}/subproject" "-DCMAKE_CXX_COMPILER=${COMPILER}"
    "-Dglifr_source=${SOURCE}")
file(REMOVE_RECURSE "${SCRATCH}")
