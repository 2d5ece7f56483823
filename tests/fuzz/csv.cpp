#include "glifr/io/csv.hpp"

#include "memory_file.hpp"
#include "targets.hpp"

namespace glifr::test {

bool fuzz_csv(std::string_view bytes) {
  const MemoryFile file(bytes);
  bool is_accepted = false;
  for (const bool has_header : {false, true}) {
    for (const bool allows_empty_cells : {false, true}) {
      is_accepted |= accepts([&] {
        const CsvNumbers table = read_csv_numbers(file.path(), {has_header, allows_empty_cells});
        require(table.columns > 0 && std::ssize(table.values) == table.rows * table.columns, "rows are complete");
        require(std::ssize(table.header) == (has_header ? table.columns : 0), "columns have their names");
      });
    }
  }
  return is_accepted;
}

std::vector<std::string> csv_seeds() {
  return {"epoch,train_loss,train_acc,seconds\n1,0.5,,2e-3\n2,-inf,nan,7\n", "1,2\n3,4\n", " 1.5e300 \r\n-0\r\n"};
}

}  // namespace glifr::test
