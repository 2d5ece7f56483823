#pragma once

#include <functional>
#include <string>

#include "glifr/distributed/launch.hpp"

namespace glifr::apps::cli {

/// What the program calls itself: the name of the file that was started.
[[nodiscard]] const std::string& program_name();
/// Takes it from the arguments of `main`, or `otherwise` where they do not say it.
void name_program(int argc, char** argv, const char* otherwise);

/// What both programs do around their work: open what a caller closed of standard input, output and error; let a file
/// that reaches the limit on its size be an error of the write; print an error as one line after the program's name;
/// see that what was printed arrived. Returns the exit code: that of `work`, or 1 where the run failed, 2 where what
/// was asked is wrong, or 75 where another run holds a folder.
[[nodiscard]] int run_program(const std::function<int()>& work);

/// The same for a program that runs on several processes where mpirun or srun starts them. `work` gets their group, or
/// null. One line is printed where several fail alike; where one fails by itself, all end. The exit code is that of the
/// first process that failed by itself, or that of the first.
[[nodiscard]] int run_program_in_group(const std::function<int(glifr::LaunchedGroup*)>& work);

}  // namespace glifr::apps::cli
