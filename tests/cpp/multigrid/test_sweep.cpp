// SPDX-License-Identifier: Apache-2.0
//
// Tests the schedule of a sweep with an iteration that has nothing to do with multigrid.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "multigrid/smoother/sweep.h"

using namespace fastphoto;

namespace {

constexpr Index width = 40;  // 3 packs

/// One number per row, the same in all of its samples, so that a plain loop can follow.
float number(const float* row) { return *row; }
void set(float* row, Index samples, float value) { std::fill_n(row, samples, value); }

/// An iteration whose result depends on the order of all visits: state = state / 2 + (given beside) / 8 +
/// (step + 1) (messages beside) / 16, message = state + given.
class Mixing final : public RowVisitor {
 public:
  explicit Mixing(const FoldedRows<float>& like) : samples_(like.length() * like.pack_step()) {}

  void begin(Index row, const SweepRows& rows) const override {
    set(rows.given(row), samples_, 0.5F * number(rows.state(row)));
    if (row % 2 != 0) {
      // Even rows have begun.
      set(rows.state(row), samples_,
          number(rows.state(row)) + number(rows.given(row - 1)) + number(rows.given(row + 1)));
    }
  }
  void step(Index step, Index row, const SweepRows& rows) const override {
    const float given = number(rows.given(row - 1)) + number(rows.given(row + 1));
    const float messages = number(rows.message(row - 1)) + number(rows.message(row + 1));
    set(rows.scratch(), samples_,
        0.5F * number(rows.state(row)) + 0.125F * given + 0.0625F * static_cast<float>(step + 1) * messages);
    std::copy_n(rows.scratch(), samples_, rows.state(row));
    announce(row, rows);
  }
  void announce(Index row, const SweepRows& rows) const override {
    set(rows.message(row), samples_, number(rows.state(row)) + number(rows.given(row)));
  }

 private:
  Index samples_;
};

/// The same, one step after another.
std::vector<float> mixed(std::vector<float> state, Index steps) {
  const auto height = static_cast<Index>(state.size());
  std::vector<float> given(state.size());
  std::vector<float> message(state.size());
  const auto beside = [&](const std::vector<float>& of, Index row) {
    return (row > 0 ? of[static_cast<std::size_t>(row - 1)] : 0.0F) +
           (row + 1 < height ? of[static_cast<std::size_t>(row + 1)] : 0.0F);
  };
  const auto for_each_row = [&](Index parity, const auto& body) {
    for (Index row = parity; row < height; row += 2) {
      body(row, static_cast<std::size_t>(row));
    }
  };
  for (const Index parity : {0, 1}) {
    for_each_row(parity, [&](Index, std::size_t at) { given[at] = 0.5F * state[at]; });
  }
  for_each_row(1, [&](Index row, std::size_t at) {
    state[at] = state[at] + (row > 0 ? given[at - 1] : 0.0F) + (row + 1 < height ? given[at + 1] : 0.0F);
    message[at] = state[at] + given[at];
  });
  for (Index step = 0; step < steps; ++step) {
    for (const Index parity : {0, 1}) {
      for_each_row(parity, [&](Index row, std::size_t at) {
        state[at] = 0.5F * state[at] + 0.125F * beside(given, row) +
                    0.0625F * static_cast<float>(step + 1) * beside(message, row);
        message[at] = state[at] + given[at];
      });
    }
  }
  return state;
}

}  // namespace

// Rows of a matrix that fill the cache make for several sweeps, two steps at a time.
TEST_CASE("a sweep visits rows as steps one after another would") {
  for (const Index height : {1, 2, 3, 8, 9, 40, 41, 300}) {
    for (const Index steps : {1, 2, 5}) {
      for (const Index matrix_row_bytes : {0, 1 << 19}) {
        for (const int threads : {1, 2, 3}) {
          CAPTURE(height);
          CAPTURE(steps);
          CAPTURE(matrix_row_bytes);
          CAPTURE(threads);
          FoldedRows<float> state(height, width, 4);
          FoldedRows<float> given(height, width, 4);
          std::vector<float> numbers;
          for (Index row = 0; row < height; ++row) {
            numbers.push_back(static_cast<float>((7 * row) % 11) - 5.0F);
            set(state.row(row), state.length() * state.pack_step(), numbers.back());
          }
          Workers workers(threads);
          Sweep sweep(state, matrix_row_bytes);
          sweep.run(workers, {state, given, true}, steps, Mixing(state));
          const std::vector<float> expected = mixed(numbers, steps);
          for (Index row = 0; row < height; ++row) {
            // Contraction of products and sums may differ between the two.
            const auto wanted = static_cast<double>(expected[static_cast<std::size_t>(row)]);
            CHECK(number(state.row(row)) == doctest::Approx(wanted).epsilon(1e-5));
          }
        }
      }
    }
  }
}
