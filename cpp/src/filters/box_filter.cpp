// SPDX-License-Identifier: Apache-2.0
//
// Running sums along rows and columns.
#include "filters/box_filter.h"

namespace fastphoto {

FASTPHOTO_MULTIVERSION void add_numbers(Index count, const double* plus, const double* minus, double* to) {
  if (plus != nullptr && minus != nullptr) {
    for (Index i = 0; i < count; ++i) {
      to[i] += plus[i] - minus[i];
    }
  } else if (plus != nullptr) {
    for (Index i = 0; i < count; ++i) {
      to[i] += plus[i];
    }
  } else if (minus != nullptr) {
    for (Index i = 0; i < count; ++i) {
      to[i] -= minus[i];
    }
  }
}

void sum_along_row(const double* columns, Index width, Index numbers, Index radius, double* out) {
  std::vector<double> sum(static_cast<std::size_t>(numbers));
  for (Index x = 0; x < std::min(width, radius); ++x) {
    add_numbers(numbers, columns + x * numbers, nullptr, sum.data());
  }
  for (Index x = 0; x < width; ++x) {
    const double* enters = x + radius < width ? columns + (x + radius) * numbers : nullptr;
    const double* leaves = x - radius - 1 >= 0 ? columns + (x - radius - 1) * numbers : nullptr;
    add_numbers(numbers, enters, leaves, sum.data());
    std::copy(sum.begin(), sum.end(), out + x * numbers);
  }
}

}  // namespace fastphoto
