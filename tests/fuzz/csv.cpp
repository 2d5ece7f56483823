#include "glifr/io/csv.hpp"

#include <cmath>

#include "memory_file.hpp"
#include "targets.hpp"

namespace glifr::test {

bool fuzz_csv(std::string_view bytes) {
  const MemoryFile file(bytes);
  bool is_accepted = false;
  for (const bool has_header : {false, true}) {
    for (const bool allows_empty_cells : {false, true}) {
      for (const bool allows_not_finite : {false, true}) {
        is_accepted |= accepts([&] {
          const CsvNumbers table = read_csv_numbers(file.path(), {has_header, allows_empty_cells, allows_not_finite});
          require(table.columns > 0 && std::ssize(table.values) == table.rows * table.columns, "rows are complete");
          require(std::ssize(table.header) == (has_header ? table.columns : 0), "columns have their names");
          for (const double value : table.values) {
            require(allows_not_finite || std::isfinite(value) || (allows_empty_cells && std::isnan(value)),
                    "values are finite unless others are allowed");
          }
        });
      }
    }
  }
  return is_accepted;
}

std::vector<std::string> csv_seeds() {
  return {"epoch,train_loss,train_acc,seconds\n1,0.5,,2e-3\n2,-inf,nan,7\n", "1,2\n3,4\n",
          "\xef\xbb\xbf\"a,b\",\"c \"\"d\"\"\"\r1,\"2\"\r", " 1.5e300 \r\n-0\r\n"};
}

}  // namespace glifr::test
