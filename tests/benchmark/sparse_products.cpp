// Products of outputs with the weights of few connections, beside the dense products of scans: the currents of a
// window, S W; the gradients of outputs, dI W^T; the gradients of weights, S^T dI, at connections alone.
//
//   sparse_products [--rows R,...]      milliseconds, the least of several runs that alternate with the dense ones
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "glifr/backend/cpu_target.hpp"
#include "glifr/backend/detail/kernels.hpp"
#include "glifr/backend/layout.hpp"
#include "glifr/core/random.hpp"

namespace {

using namespace glifr;

/// Connections by the neuron at one of their ends: those of neuron n are begin[n] to begin[n + 1].
struct Connections {
  std::vector<Index> begin{0};
  std::vector<std::int32_t> other;  // the neuron at the other end
  std::vector<float> weight;
};

template <class Work>
double milliseconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return 1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Matrix {
  Index stride;
  std::vector<float> values;
  View<float> view;

  Matrix(Index rows, Index columns, std::uint32_t key)
      : stride(layout::row_stride<float>(columns)),
        values(static_cast<std::size_t>(rows * stride)),
        view(values.data(), rows, columns, stride) {
    const Random random(7, Stream::data, key);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(random.uniform(i)) - 0.5f;
  }
};

/// The least of the times of both, which take turns.
template <class A, class B>
std::pair<double, double> compare(A&& a, B&& b) {
  double first = std::numeric_limits<double>::infinity(), second = first, spent = 0;
  for (int turn = 0; turn < 3 || (turn < 50 && spent < 300); ++turn) {
    const double one = milliseconds(a), other = milliseconds(b);
    first = std::min(first, one);
    second = std::min(second, other);
    spent += one + other;
  }
  return {first, second};
}

void measure(Index neurons, double density, Index rows) {
  const Random random(3, Stream::data);
  Connections by_sender, by_receiver;
  std::vector<float> dense(static_cast<std::size_t>(neurons * neurons));
  const auto is_connected = [&](Index s, Index r) {
    return random.uniform(static_cast<std::uint64_t>(s * neurons + r)) < density;
  };
  const auto weight = [&](Index s, Index r) {
    return static_cast<float>(random.uniform(static_cast<std::uint64_t>(s * neurons + r)) / density - 0.5);
  };
  for (Index a = 0; a < neurons; ++a) {
    for (Index b = 0; b < neurons; ++b) {
      const auto add = [&](Connections& list, Index s, Index r) {
        if (!is_connected(s, r)) return;
        list.other.push_back(static_cast<std::int32_t>(b));
        list.weight.push_back(weight(s, r));
      };
      add(by_sender, a, b);
      add(by_receiver, b, a);
      if (is_connected(a, b)) dense[static_cast<std::size_t>(a * neurons + b)] = weight(a, b);
    }
    by_sender.begin.push_back(std::ssize(by_sender.other));
    by_receiver.begin.push_back(std::ssize(by_receiver.other));
  }
  const View<float> w(dense.data(), neurons, neurons);
  Matrix x(rows, neurons, 1), d(rows, neurons, 2), y(rows, neurons, 3), z(rows, neurons, 3);
  std::vector<float> dense_gradient(dense.size()), gradient(by_sender.weight.size());
  const auto& host = kernels::host<float>();

  double largest = 0;
  const auto time_product = [&](kernels::Transpose transpose, const Connections& connections, const Matrix& from) {
    Arena memory;
    const auto weights = host.prepare(transpose, w, rows, memory);
    const auto run_dense = [&] { host.multiply(from.view, weights, 1, y.view); };
    const kernels::SparseColumns<float> few{connections.begin.data(), connections.other.data(),
                                            connections.weight.data()};
    const auto run_sparse = [&] { host.multiply_sparse(from.view, few, 1, z.view); };
    std::fill(y.values.begin(), y.values.end(), 0.0f);
    std::fill(z.values.begin(), z.values.end(), 0.0f);
    run_dense();
    run_sparse();
    for (Index r = 0; r < rows; ++r) {
      for (Index c = 0; c < neurons; ++c)
        largest = std::max(largest, static_cast<double>(std::abs(y.view(r, c) - z.view(r, c))));
    }
    return compare(run_dense, run_sparse);
  };
  const auto forward = time_product(kernels::Transpose::no, by_receiver, x);
  const auto backward = time_product(kernels::Transpose::yes, by_sender, d);
  const auto run_dense = [&] {
    host.multiply_transposed(x.view, d.view, 1, {dense_gradient.data(), neurons, neurons});
  };
  const auto run_sparse = [&] {
    host.add_sparse_products(x.view, d.view, by_sender.begin.data(), by_sender.other.data(), gradient.data());
  };
  run_dense();
  run_sparse();
  for (Index n = 0; n < neurons; ++n) {
    for (Index k = by_sender.begin[static_cast<std::size_t>(n)]; k < by_sender.begin[static_cast<std::size_t>(n + 1)];
         ++k) {
      const auto place = static_cast<std::size_t>(k);
      const float expected = dense_gradient[static_cast<std::size_t>(n * neurons + by_sender.other[place])];
      largest = std::max(largest, static_cast<double>(std::abs(expected - gradient[place])));
    }
  }
  if (!(largest < 1e-2)) {
    std::fprintf(stderr, "the products differ by %g\n", largest);
    std::exit(1);
  }
  const auto weights = compare(run_dense, run_sparse);
  const double all = forward.first + backward.first + weights.first,
               sparse = forward.second + backward.second + weights.second;
  std::printf("%7td %8.3g %5td  %8.3f %8.3f %8.3f  %8.3f %8.3f %8.3f  %6.2f\n", neurons, density, rows, forward.first,
              backward.first, weights.first, forward.second, backward.second, weights.second, all / sparse);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Index> rows{64, 256};
  if (argc == 3 && std::strcmp(argv[1], "--rows") == 0) {
    rows.clear();
    for (const char* at = argv[2]; *at != 0;) {
      char* end = nullptr;
      rows.push_back(std::strtol(at, &end, 10));
      if (end == at || rows.back() < 1 || (*end != 0 && *end != ',')) {
        std::fprintf(stderr, "--rows: found '%s'; accepted: numbers of rows, as 64,256\n", argv[2]);
        return 2;
      }
      at = *end == ',' ? end + 1 : end;
    }
  } else if (argc != 1) {
    std::fprintf(stderr, "sparse_products [--rows R,...]\n");
    return 2;
  }
  std::printf("kernels: %s\n", std::string(to_string(cpu_target())).c_str());
  std::printf("neurons  density  rows     S W   dI W^T   S^T dI  sparse: the same, ms       dense / sparse\n");
  for (const Index neurons : {128, 512, 1024, 2048, 4096}) {
    for (const Index r : rows) {
      for (const double density : {0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005}) measure(neurons, density, r);
    }
  }
}
