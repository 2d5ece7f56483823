// How a batch is cut.
#include "glifr/training/micro_batch.hpp"

#include <stdexcept>
#include <vector>

#include "support/catch.hpp"

namespace {

using glifr::choose_micro_batch;
using glifr::choose_shares;
using glifr::Index;
using glifr::LayerLoad;

TEST_CASE("a window's product has at least 160 rows where the batch allows it") {
  // Delay 20: eight samples give 160 rows.
  CHECK(choose_micro_batch(256, 28, 20, true, true, 256) == 8);
  // One sample has rows enough on 300 steps of delay.
  CHECK(choose_micro_batch(512, 784, 300, true, true, 256) == 1);
  // A delay beyond the sequence is as long as the sequence.
  CHECK(choose_micro_batch(512, 15, 100, true, true, 256) == choose_micro_batch(512, 15, 15, true, true, 256));
}

TEST_CASE("where 160 rows would keep more than 2,560 steps, a product has 64") {
  CHECK(choose_micro_batch(512, 784, 1, true, true, 128) == 64);
  CHECK(choose_micro_batch(512, 17, 1, true, true, 128) == 64);
  CHECK(choose_micro_batch(512, 16, 1, true, true, 128) == 128);
  CHECK(choose_micro_batch(64, 321, 20, true, true, 128) == 4);
  CHECK(choose_micro_batch(64, 320, 20, true, true, 128) == 8);
}

TEST_CASE("micro-batches are all of a size, and two where there are two samples") {
  CHECK(choose_micro_batch(512, 15, 1, true, true, 256) == 128);  // four, not 160 three times and a rest
  CHECK(choose_micro_batch(6, 100, 20, true, false, 256) == 3);
  CHECK(choose_micro_batch(2, 100, 1, true, false, 256) == 1);
  CHECK(choose_micro_batch(1, 100, 1, true, false, 256) == 1);
}

TEST_CASE("where steps are skipped, a sample has a single row a product") {
  CHECK(choose_micro_batch(512, 784, 300, false, true, 256) == 128);
  CHECK(choose_micro_batch(512, 784, 300, false, false, 256) == 1);
}

TEST_CASE("where weights are large, a micro-batch sums up 448 steps or more, or twice as many") {
  CHECK(choose_micro_batch(64, 28, 20, true, true, 1024) == 16);
  CHECK(choose_micro_batch(64, 28, 20, true, true, 2048) == 32);
  CHECK(choose_micro_batch(64, 28, 20, true, true, 4096) == 32);
  CHECK(choose_micro_batch(256, 28, 20, true, true, 4096) == 32);
  CHECK(choose_micro_batch(512, 784, 300, true, true, 1024) == 1);
  CHECK(choose_micro_batch(512, 784, 300, true, true, 2048) == 2);
  CHECK(choose_micro_batch(8, 28, 20, true, true, 2048) == 4);  // but there are two
}

TEST_CASE("of several layers, the one that wants most samples decides") {
  const LayerLoad slow{256, 300, true}, quick{256, 20, true}, stateless{256, 300, false};
  const auto choose = [](const std::vector<LayerLoad>& layers, bool last_step_only) {
    return choose_micro_batch(layers, 512, 784, last_step_only);
  };
  CHECK(choose({slow, quick}, true) == choose_micro_batch(512, 784, 20, true, true, 256));
  CHECK(choose({quick, slow}, true) == choose({slow, quick}, true));
  CHECK(choose({slow, stateless}, true) == choose_micro_batch(512, 784, 300, false, true, 256));
  CHECK(choose({slow, stateless}, false) == choose_micro_batch(512, 784, 300, false, false, 256));
  CHECK(choose({stateless, slow}, true) == choose({slow, stateless}, false));  // of the last layer alone
  CHECK(choose({}, true) == 1);
}

TEST_CASE("sizes that there are not are refused") {
  CHECK_THROWS_AS(choose_micro_batch(0, 28, 20, true, true, 64), std::logic_error);
  CHECK_THROWS_AS(choose_micro_batch(6, 0, 20, true, true, 64), std::logic_error);
  CHECK_THROWS_AS(choose_micro_batch(6, 28, 0, true, true, 64), std::logic_error);
}

TEST_CASE("shares are as many as pay, and no more than micro-batches") {
  CHECK(choose_shares(6, 3, 100) == 2);      // sine: two micro-batches
  CHECK(choose_shares(512, 128, 15) == 4);   // nmnist
  CHECK(choose_shares(512, 8, 28) == 16);    // lmnist: summing 64 would take as long as computing some of them
  CHECK(choose_shares(512, 1, 784) == 196);  // pmnist
  CHECK(choose_shares(4096, 1, 784) == 1024);
  CHECK(choose_shares(1, 1, 784) == 1);
}

}  // namespace
