#include "glifr/error.hpp"
#include "glifr/io/event_file.hpp"

namespace glifr {
namespace {

[[noreturn]] void refuse() {
  throw ConfigError("tensorboard", *event_file_problem());
}

}  // namespace

std::optional<std::string> event_file_problem() {
  return "this glifr was built without protozero, which event files need: on Debian and Ubuntu install "
         "libprotozero-dev, elsewhere protozero (https://github.com/mapbox/protozero), and build glifr again";
}

void EventRecords::scalar(std::string_view, EventTime, double) {
  refuse();
}

void EventRecords::histogram(std::string_view, EventTime, std::span<const double>) {
  refuse();
}

void EventRecords::histogram(std::string_view, EventTime, std::span<const float>) {
  refuse();
}

void EventRecords::clear() {}

EventAppender EventAppender::start(const std::filesystem::path&, double) {
  refuse();
}

EventAppender EventAppender::resume(const std::filesystem::path&, Index, Index, double) {
  refuse();
}

void EventAppender::append(const EventRecords&) {
  refuse();
}

}  // namespace glifr
