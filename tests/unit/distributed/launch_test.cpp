// Which launcher started a process, by its environment.
#include "glifr/distributed/launch.hpp"

#include <cstdlib>
#include <map>

#include "support/catch.hpp"

namespace {

using glifr::find_launcher;

constexpr const char* variables[] = {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "PMI_SIZE", "PMI_RANK",
                                     "SLURM_PROCID",         "SLURM_STEP_NUM_TASKS"};

using Variables = std::map<std::string, std::string>;

/// Sets these variables, and no others of launchers, while it lives.
class Environment {
 public:
  explicit Environment(const Variables& values) {
    for (const char* name : variables) {
      if (const char* value = std::getenv(name)) before_[name] = value;
      ::unsetenv(name);
    }
    for (const auto& [name, value] : values) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const char* name : variables) ::unsetenv(name);
    for (const auto& [name, value] : before_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  Variables before_;
};

TEST_CASE("a process that nothing launched, or that was launched alone, is alone") {
  {
    const Environment none(Variables{});
    CHECK_FALSE(find_launcher());
  }
  const Environment alone(Variables{{"OMPI_COMM_WORLD_SIZE", "1"}});
  CHECK_FALSE(find_launcher());
}

TEST_CASE("launchers of several processes are told by what they leave in the environment") {
  for (const auto& [variable, launcher] :
       Variables{{"OMPI_COMM_WORLD_SIZE", "mpirun"}, {"PMI_SIZE", "mpiexec"}, {"SLURM_STEP_NUM_TASKS", "srun"}}) {
    const Environment launched(Variables{{variable, "4"}});
    const auto found = find_launcher();
    REQUIRE(found);
    CHECK(found->name == launcher);
    CHECK(found->processes == 4);
    CHECK(found->rank == 0);
  }
}

TEST_CASE("a launched process knows its number") {
  const Environment launched(Variables{{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "3"}});
  REQUIRE(find_launcher());
  CHECK(find_launcher()->rank == 3);
}

TEST_CASE("mpirun of one process within a step of srun is of one process") {
  const Environment both(Variables{{"OMPI_COMM_WORLD_SIZE", "1"}, {"SLURM_STEP_NUM_TASKS", "4"}});
  CHECK_FALSE(find_launcher());
}

}  // namespace
