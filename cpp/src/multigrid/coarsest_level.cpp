// SPDX-License-Identifier: Apache-2.0
//
// The dense matrix of the coarsest level and its Cholesky factor.
#include "multigrid/coarsest_level.h"

#include <optional>
#include <utility>

#include "base/cholesky.h"
#include "multigrid/coarse_level.h"

namespace fastphoto {

struct CoarsestLevel::Factor {
  Cholesky matrix;
};

CoarsestLevel::CoarsestLevel(Grid grid, std::unique_ptr<Factor> factor) : grid_(grid), factor_(std::move(factor)) {}
CoarsestLevel::~CoarsestLevel() = default;

std::unique_ptr<CoarsestLevel> CoarsestLevel::factorize(const Field<float>& blocks) {
  const Grid& grid = blocks.grid();
  const Index size = 4 * grid.height * grid.width;
  Matrix matrix = Matrix::Identity(size, size);
  for (Index y = 0; y < grid.height; ++y) {
    for (Index x = 0; x < grid.width; ++x) {
      for (Index o = 0; o < CoarseLevel::blocks_per_node; ++o) {
        const Index ny = y + CoarseLevel::offsets[o].dy;
        const Index nx = x + CoarseLevel::offsets[o].dx;
        if (ny >= grid.height || nx < 0 || nx >= grid.width) {
          continue;
        }
        for (Index a = 0; a < 4; ++a) {
          for (Index b = 0; b < 4; ++b) {
            const auto value = static_cast<double>(blocks.row(16 * o + 4 * a + b, y)[x]);
            matrix(4 * (y * grid.width + x) + a, 4 * (ny * grid.width + nx) + b) = value;
            matrix(4 * (ny * grid.width + nx) + b, 4 * (y * grid.width + x) + a) = value;
          }
        }
      }
    }
  }
  if (!matrix.allFinite()) {
    return nullptr;
  }
  std::optional<Cholesky> factor = Cholesky::of(matrix);
  if (!factor) {
    return nullptr;
  }
  return std::unique_ptr<CoarsestLevel>(new CoarsestLevel(grid, std::make_unique<Factor>(Factor{*std::move(factor)})));
}

void CoarsestLevel::solve(FoldedRows<float>& x) const {
  const Index channels = x.channels() / 4;
  Matrix values(4 * grid_.height * grid_.width, channels);
  const auto each = [&](const auto& body) {
    for (Index row = 0; row < grid_.height; ++row) {
      for (Index column = 0; column < grid_.width; ++column) {
        for (Index u = 0; u < 4; ++u) {
          for (Index r = 0; r < channels; ++r) {
            body(values(4 * (row * grid_.width + column) + u, r), x.at(u * channels + r, row, column));
          }
        }
      }
    }
  };
  each([](double& value, float& sample) { value = static_cast<double>(sample); });
  values = factor_->matrix.solve(values);
  each([](double& value, float& sample) { sample = static_cast<float>(value); });
}

}  // namespace fastphoto
