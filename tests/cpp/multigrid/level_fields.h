// SPDX-License-Identifier: Apache-2.0
//
// What tests of several parts of multigrid do with vectors of a level.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/field.h"
#include "multigrid/coarse_level.h"
#include "multigrid/folded_rows.h"

namespace fastphoto {

/// Zero where a basis has been left without a function, as in a column of three pixels, which cannot hold four.
inline void keep_in_basis(const CoarseLevel& level, Field<float>& u) {
  const Index right_sides = u.channels() / 4;
  for (Index row = 0; row < level.grid().height; ++row) {
    for (Index i = 0; i < level.grid().width; ++i) {
      for (Index c = 1; c < 4; ++c) {
        bool any = false;
        for (Index color = 0; color < 3; ++color) {
          any = any || level.basis().row(CoarseLevel::to_plane + 4 + 3 * color + c - 1, row)[i] != 0.0F;
        }
        for (Index side = 0; side < right_sides; ++side) {
          float& number = u.row(c * right_sides + side, row)[i];
          number = any ? number : 0.0F;
        }
      }
    }
  }
}

/// Fields promise that no kernel leaves anything behind the end of a row.
inline bool padding_is_zero(const Field<float>& field) {
  for (Index c = 0; c < field.channels(); ++c) {
    for (Index row = 0; row < field.grid().height; ++row) {
      const float* const end = field.row(c, row) + field.grid().width;
      if (!std::all_of(end, field.row(c, row) + padded_to_packs(field.grid().width),
                       [](float sample) { return sample == 0.0F; })) {
        return false;
      }
    }
  }
  return true;
}

inline FoldedRows<float> folded(const Field<float>& field) {
  FoldedRows<float> rows(field.grid().height, field.grid().width, field.channels());
  for (Index row = 0; row < field.grid().height; ++row) {
    fold_row(field, row, rows, row);
  }
  return rows;
}

inline Field<float> unfolded(const FoldedRows<float>& rows) {
  Field<float> field(Grid{rows.height(), rows.width(), 1}, rows.channels());
  for (Index row = 0; row < rows.height(); ++row) {
    unfold_row(rows, row, field, row);
  }
  return field;
}

/// to += factor from.
inline void add(Field<float>& to, float factor, const Field<float>& from) {
  for (Index c = 0; c < to.channels(); ++c) {
    for (Index row = 0; row < to.grid().height; ++row) {
      for (Index i = 0; i < to.grid().width; ++i) {
        to.row(c, row)[i] += factor * from.row(c, row)[i];
      }
    }
  }
}

inline double norm(const Field<float>& field) {
  double squares = 0.0;
  for (Index c = 0; c < field.channels(); ++c) {
    for (Index row = 0; row < field.grid().height; ++row) {
      for (Index i = 0; i < field.grid().width; ++i) {
        squares += static_cast<double>(field.row(c, row)[i]) * static_cast<double>(field.row(c, row)[i]);
      }
    }
  }
  return std::sqrt(squares);
}

}  // namespace fastphoto
