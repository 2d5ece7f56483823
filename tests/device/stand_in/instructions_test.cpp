// Instructions of PTX that are easily translated wrongly: the kernels of instructions.ptx, and what they must give.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "device_memory.hpp"

extern "C" void __cudaRegisterFunction(void**, const char*, char*, const char*, int, uint3*, uint3*, dim3*, dim3*,
                                       int*);

namespace {

using Word = std::uint64_t;

/// The eight results of one of the kernels, whose parameters are where the input and where the results are.
std::vector<Word> run(const char* kernel, const std::array<Word, 3>& input) {
  // A name is a function of the host's own, by its address.
  __cudaRegisterFunction(nullptr, kernel, nullptr, kernel, -1, nullptr, nullptr, nullptr, nullptr, nullptr);
  const test::Stream stream;
  const test::DeviceArray<Word> in({input.begin(), input.end()}, stream), out(std::vector<Word>(8), stream);
  const Word *from = in.data(), *to = out.data();
  void* arguments[] = {&from, &to};
  REQUIRE(cudaLaunchKernel(kernel, dim3(1), dim3(1), arguments, 0, stream) == cudaSuccess);
  std::vector<Word> results = out.values(stream);
  CHECK(test::findings().empty());
  return results;
}

Word bits(float value) {
  return std::bit_cast<std::uint32_t>(value);
}
Word bits(double value) {
  return std::bit_cast<Word>(value);
}
/// A negative number of 32 bits, as the lower half of a word.
Word low(std::int32_t value) {
  return static_cast<std::uint32_t>(value);
}
Word whole(std::int64_t value) {
  return static_cast<Word>(value);
}

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

using Results = std::vector<Word>;

TEST_CASE("a shift by the width or more leaves nothing, or the sign") {
  CHECK(run("shifts", {0xffffffff80000010, 4}) ==
        Results{0x100, 0x08000001, 0xf8000001, 0xfffffff800000100, 0x0ffffffff8000001, 0xfffffffff8000001, 0x18, 0xf});
  CHECK(run("shifts", {0x8000000080000010, 32})[0] == 0);
  CHECK(run("shifts", {0x8000000080000010, 32})[1] == 0);
  CHECK(run("shifts", {0x8000000080000010, 32})[2] == 0xffffffff);
  CHECK(run("shifts", {0x8000000080000010, 32})[3] == 0x8000001000000000);
  CHECK(run("shifts", {0x8000000080000010, 64}) ==
        Results{0, 0, 0xffffffff, 0, 0, 0xffffffffffffffff, 0x80000001, 0xf1});
  CHECK(run("shifts", {0x7000000000000010, 0xffffffff})[5] == 0);
}

TEST_CASE("comparisons with NaN") {
  // In turn: lt, ltu, ne, neu, equ, nan, num, geu.
  CHECK(run("comparisons", {bits(1.f), bits(2.f)}) == Results{1, 1, 1, 1, 0, 0, 1, 0});
  CHECK(run("comparisons", {bits(2.f), bits(2.f)}) == Results{0, 0, 0, 0, 1, 0, 1, 1});
  CHECK(run("comparisons", {bits(not_a_number), bits(2.f)}) == Results{0, 1, 0, 1, 1, 1, 0, 1});
  CHECK(run("comparisons", {bits(2.f), bits(not_a_number)}) == Results{0, 1, 0, 1, 1, 1, 0, 1});
  CHECK(run("comparisons", {bits(0.f), bits(-0.f)}) == Results{0, 0, 0, 0, 1, 0, 1, 1});
}

TEST_CASE("conversions round and saturate") {
  CHECK(run("conversions", {bits(-2.5), bits(2.5f)}) ==
        Results{whole(-2), low(-2), bits(-3.0), 2, bits(2.f), bits(1.f), bits(-2.5f), 0});
  CHECK(run("conversions", {bits(3.5), bits(-3.5f)}) == Results{3, 4, bits(3.0), 0, bits(-4.f), 0, bits(3.5f), 0});
  CHECK(run("conversions", {bits(1e300), bits(1e30f)}) ==
        Results{0x7fffffffffffffff, 0x7fffffff, bits(1e300), 0xffffffff, bits(1e30f), bits(1.f),
                bits(std::numeric_limits<float>::infinity()), whole(std::int8_t(bits(1e30f)))});
  CHECK(run("conversions", {bits(-1e300), bits(0.25f)})[0] == 0x8000000000000000);
  CHECK(run("conversions", {bits(-1e300), bits(0.25f)})[5] == bits(0.25f));
  const Results of_nan = run("conversions", {bits(std::nan("")), bits(not_a_number)});
  CHECK(of_nan[0] == 0x8000000000000000);  // 64 bits: the highest of them
  CHECK(of_nan[1] == 0x80000000);
  CHECK(of_nan[3] == 0);  // 32 bits on both sides
  CHECK(of_nan[5] == bits(0.f));
  CHECK(run("conversions", {bits(0.0), 0x80})[7] == whole(-128));  // the sign of the lowest byte
}

TEST_CASE("upper halves of products, divisions of negative numbers, counts of bits") {
  CHECK(run("whole_numbers", {whole(-7), 2}) == Results{1, whole(-1), whole(-14), low(-3), low(-1), 62, 0, 0x9fffffff});
  CHECK(run("whole_numbers", {0xffffffffffffffff, 0xffffffffffffffff}) ==
        Results{0xfffffffffffffffe, 0, 1, 1, 0, 64, 0, 0xffffffff});
  const Results of_smallest = run("whole_numbers", {low(INT32_MIN), low(-1)});
  CHECK(of_smallest[3] == low(INT32_MIN));  // wraps around
  CHECK(of_smallest[4] == 0);
  const Results of_zero = run("whole_numbers", {0, 5});
  CHECK(of_zero[5] == 0);
  CHECK(of_zero[6] == 32);
  CHECK(run("whole_numbers", {0x10, 5})[7] == 0x08000000);
}

TEST_CASE("fused operations round once, others twice, and approximations lose bits") {
  const float e = std::ldexp(1.f, -12);
  const Results small = run("roundings", {bits(1 + e), bits(1 + e), bits(-1 - 2 * e)});
  CHECK(small[0] == bits(e * e));  // what a product rounded by itself loses
  CHECK(small[1] == bits(e * e));
  CHECK(small[2] == bits(0.f));
  const float tiny = std::ldexp(1.f, -40);
  const Results down = run("roundings", {bits(tiny), bits(-1.f), bits(1.f)});
  CHECK(down[0] == bits(1.f));
  CHECK(down[1] == bits(std::nextafter(1.f, 0.f)));
  CHECK(run("roundings", {bits(tiny), bits(1.f), bits(1.f)})[1] == bits(1.f));
  const Results signs = run("roundings", {bits(-3.f), bits(not_a_number), bits(-1.f)});
  CHECK(signs[3] == bits(-3.f));  // the larger of a number and a NaN is the number
  CHECK(std::signbit(std::bit_cast<float>(static_cast<std::uint32_t>(signs[4]))));
  CHECK(signs[5] == bits(0.5f));
  CHECK(signs[7] == bits(3.f));
  CHECK(run("roundings", {bits(-3.f), bits(2.f), bits(-140.f)})[4] == bits(-2.f));
  CHECK(run("roundings", {bits(-3.f), bits(2.f), bits(-140.f)})[5] == 0);  // a subnormal number
  const Word third = run("roundings", {bits(3.f), bits(2.f), bits(1.f)})[6];
  CHECK(third % (Word{1} << 32) == 0);
  CHECK(std::fabs(std::bit_cast<double>(third) * 3 - 1) < 1e-5);
}

TEST_CASE("atomic operations give the old value and leave the new one") {
  // 5 + 4 = 9; 9 | 6 = 15; max(15, -5) = 15; neither 7 nor 8; 50; min(50, 9) = 9; 9 & 12 = 8.
  CHECK(run("atomics", {5, 4}) == Results{5, 9, 15, 15, 15, 15, 9, 8});
  CHECK(run("atomics", {1, 0})[4] == 100);  // 1 | 6 = 7 was swapped for 100
}

TEST_CASE("halves of words, guards, loops, functions") {
  CHECK(run("control", {0x00000002'80010003}) ==
        Results{0x80010003'00000002, low(-32767), 10, 20, 2, whole(-128), 0x80010003, 0x40490fdb});
}

}  // namespace
