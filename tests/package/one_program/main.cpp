// A program that says of itself what a manual page is written from.
#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  const bool is_version = argc > 1 && std::strcmp(argv[1], "--version") == 0;
  std::puts(is_version
                ? "program 1.0"
                : "Does nothing.\nUsage: program [OPTIONS]\n\nOptions:\n  --help                      Print this");
}
