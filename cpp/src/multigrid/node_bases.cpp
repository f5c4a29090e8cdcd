// SPDX-License-Identifier: Apache-2.0
//
// Whitens the colours of many nodes at a time and factorises their blocks.
#include "multigrid/node_bases.h"

#include <algorithm>
#include <cmath>

namespace fastphoto {

namespace {

// This share of the diagonal is added to it. On smooth gradients nearly every field is affine in colour, and
// eigenvalues of the operator become so small that float32 blocks cannot tell them from zero. The ridge keeps them
// positive. All values from 1e-6 to 1e-4 take the same number of iterations.
constexpr double ridge = 1e-5;

// A pivot below this share of its own diagonal is nothing but rounding.
constexpr double least_pivot = 1e-9;

// float32 colours are known to 6e-8 of their size. Variances below the square of that are rounding.
constexpr double relative_variance = 1e-14;

/// 3 x 3 matrices of many nodes, entry 3 * i + j.
using ColorLanes = Lanes[9];

/// The whitening of nodes' colours: q = whiten (I - mean) has unit covariance in the directions that are kept, and
/// I - mean = color q.
struct Whitening {
  Lanes mean[3];
  ColorLanes whiten;
  ColorLanes color;
};

/// The channel with the largest of the variances that are left, for each node.
struct Pivot {
  Lanes chosen[3];     // 1 for its channel, 0 for the others
  Lanes inverse_root;  // 0 where it is too small to be kept
};

FASTPHOTO_INLINE void fill(Lanes& lane, double value) { std::fill_n(lane, lanes, value); }

FASTPHOTO_INLINE void subtract_product(const Lanes& a, const Lanes& b, Lanes& from) {
  for (Index i = 0; i < lanes; ++i) {
    from[i] -= a[i] * b[i];
  }
}

/// product = sum over m of a[a_step m] b[b_step m].
FASTPHOTO_INLINE void dot_product(const Lanes* a, Index a_step, const Lanes* b, Index b_step, Lanes& product) {
  for (Index i = 0; i < lanes; ++i) {
    product[i] = a[0][i] * b[0][i] + a[a_step][i] * b[b_step][i] + a[2 * a_step][i] * b[2 * b_step][i];
  }
}

FASTPHOTO_INLINE void store_lanes(const Lanes& lane, Index count, float* out) {
  for (Index i = 0; i < count; ++i) {
    out[i] = static_cast<float>(lane[i]);
  }
}

/// @param least  variance that is kept.
FASTPHOTO_INLINE void covariances(const MomentLanes& moments, double least_variance, ColorLanes& covariance,
                                  Lanes& least) {
  constexpr Index of_products[9] = {4, 5, 6, 5, 7, 8, 6, 8, 9};
  for (Index a = 0; a < 3; ++a) {
    for (Index b = 0; b < 3; ++b) {
      const Lanes& products = moments[of_products[3 * a + b]];
      // The same of (a, b) and (b, a).
      const Lanes& first = moments[1 + std::min(a, b)];
      const Lanes& second = moments[1 + std::max(a, b)];
      for (Index i = 0; i < lanes; ++i) {
        const double share = 1.0 / moments[0][i];
        covariance[3 * a + b][i] = (products[i] - first[i] * (second[i] * share)) * share;
      }
    }
  }
  for (Index i = 0; i < lanes; ++i) {
    const double size = (moments[4][i] + moments[7][i] + moments[9][i]) / moments[0][i];
    least[i] = std::max(least_variance, relative_variance * size);
  }
}

FASTPHOTO_INLINE void choose_pivot(const ColorLanes& rest, const Lanes& least, Pivot& pivot) {
  for (Index i = 0; i < lanes; ++i) {
    const double of_two = std::max(rest[0][i], rest[4][i]);
    const double largest = std::max(of_two, rest[8][i]);
    const double first = rest[0][i] >= largest ? 1.0 : 0.0;
    const double second = rest[4][i] >= largest ? 1.0 - first : 0.0;
    pivot.chosen[0][i] = first;
    pivot.chosen[1][i] = second;
    pivot.chosen[2][i] = 1.0 - first - second;
    pivot.inverse_root[i] = largest > least[i] ? 1.0 / std::sqrt(largest) : 0.0;
  }
}

/// Column `step` of color and row `step` of whiten, the inverse, by forward substitution on the identity.
FASTPHOTO_INLINE void add_direction(Index step, const ColorLanes& rest, const Pivot& pivot, Whitening& out) {
  for (Index c = 0; c < 3; ++c) {
    Lanes& color = out.color[3 * c + step];
    dot_product(rest + 3 * c, 1, pivot.chosen, 1, color);
    for (Index i = 0; i < lanes; ++i) {
      color[i] *= pivot.inverse_root[i];
    }
  }
  for (Index c = 0; c < 3; ++c) {
    std::copy_n(pivot.chosen[c], lanes, out.whiten[3 * step + c]);
  }
  for (Index before = 0; before < step; ++before) {
    Lanes of_pivot;
    dot_product(out.color + before, 3, pivot.chosen, 1, of_pivot);
    for (Index c = 0; c < 3; ++c) {
      subtract_product(of_pivot, out.whiten[3 * before + c], out.whiten[3 * step + c]);
    }
  }
  for (Index c = 0; c < 3; ++c) {
    for (Index i = 0; i < lanes; ++i) {
      out.whiten[3 * step + c][i] *= pivot.inverse_root[i];
    }
  }
}

/// Takes the last direction off the covariance. Nothing is left of the pivot's channel.
FASTPHOTO_INLINE void take_off(Index step, const Whitening& found, const Pivot& pivot, ColorLanes& rest) {
  for (Index a = 0; a < 3; ++a) {
    for (Index b = 0; b < 3; ++b) {
      Lanes& entry = rest[3 * a + b];
      subtract_product(found.color[3 * a + step], found.color[3 * b + step], entry);
      for (Index i = 0; i < lanes; ++i) {
        entry[i] *= (1.0 - pivot.chosen[a][i]) * (1.0 - pivot.chosen[b][i]);
      }
    }
  }
}

/// Cholesky factorisation with pivoting, covariance = color color^T; what is left below the least variance is dropped.
FASTPHOTO_INLINE void whiten_colors(const MomentLanes& moments, double least_variance, Whitening& out) {
  for (Index c = 0; c < 3; ++c) {
    for (Index i = 0; i < lanes; ++i) {
      out.mean[c][i] = static_cast<double>(mean_color(moments[1 + c][i], moments[0][i]));
    }
  }
  ColorLanes rest;
  Lanes least;
  covariances(moments, least_variance, rest, least);
  for (Index step = 0; step < 3; ++step) {
    Pivot pivot;
    choose_pivot(rest, least, pivot);
    add_direction(step, rest, pivot, out);
    take_off(step, out, pivot, rest);
  }
}

/// The matrix that takes operators in coefficients of (1, I), or of (1, I - mean) where `centred`, to those of (1, q).
FASTPHOTO_INLINE void whitening_matrix(const Whitening& whitening, bool centred, BlockLanes& matrix) {
  fill(matrix[0], 1.0);
  for (Index j = 0; j < 3; ++j) {
    Lanes shift;
    dot_product(whitening.whiten + 3 * j, 1, whitening.mean, 1, shift);
    for (Index i = 0; i < lanes; ++i) {
      matrix[4 + 4 * j][i] = centred ? 0.0 : -shift[i];
    }
    for (Index c = 0; c < 3; ++c) {
      std::copy_n(whitening.whiten[3 * j + c], lanes, matrix[4 + 4 * j + 1 + c]);
    }
  }
}

FASTPHOTO_INLINE void make_symmetric(BlockLanes& block) {
  for (Index a = 0; a < 4; ++a) {
    for (Index b = 0; b <= a; ++b) {
      for (Index i = 0; i < lanes; ++i) {
        const double entry = 0.5 * (1.0 + ridge) * (block[4 * a + b][i] + block[4 * b + a][i]);
        block[4 * a + b][i] = entry;
        block[4 * b + a][i] = entry;
      }
    }
  }
}

/// The Cholesky factors of blocks and their inverses, lower triangular; rows of directions without energy are zero.
FASTPHOTO_INLINE void invert_cholesky(const BlockLanes& block, BlockLanes& factor, BlockLanes& inverse) {
  std::fill_n(&factor[0][0], 16 * lanes, 0.0);
  std::fill_n(&inverse[0][0], 16 * lanes, 0.0);
  Lanes inverse_pivots[4];
  for (Index row = 0; row < 4; ++row) {
    Lanes pivot;
    std::copy_n(block[5 * row], lanes, pivot);
    for (Index column = 0; column < row; ++column) {
      Lanes& entry = factor[4 * row + column];
      std::copy_n(block[4 * row + column], lanes, entry);
      for (Index k = 0; k < column; ++k) {
        subtract_product(factor[4 * row + k], factor[4 * column + k], entry);
      }
      for (Index i = 0; i < lanes; ++i) {
        entry[i] *= inverse_pivots[column][i];
      }
      subtract_product(entry, entry, pivot);
    }
    Lanes kept;
    for (Index i = 0; i < lanes; ++i) {
      kept[i] = pivot[i] > least_pivot * block[5 * row][i] ? 1.0 : 0.0;
      const double root = std::sqrt(std::max(pivot[i], 0.0));
      factor[5 * row][i] = root;
      inverse_pivots[row][i] = kept[i] > 0.0 ? 1.0 / root : 0.0;
    }
    for (Index column = 0; column <= row; ++column) {
      for (Index i = 0; i < lanes; ++i) {
        factor[4 * row + column][i] *= kept[i];
      }
      Lanes& entry = inverse[4 * row + column];
      fill(entry, row == column ? 1.0 : 0.0);
      for (Index k = column; k < row; ++k) {
        subtract_product(factor[4 * row + k], inverse[4 * k + column], entry);
      }
      for (Index i = 0; i < lanes; ++i) {
        entry[i] *= inverse_pivots[row][i];
      }
    }
  }
}

/// (b, a) = diag(1, whiten^T) inverse^T u and u = factor^T diag(1, color^T) (b, a).
FASTPHOTO_INLINE void store_bases(const Whitening& whitening, const BlockLanes& factor, const BlockLanes& inverse,
                                  Index count, Planes<float> basis) {
  const auto store = [&](Index plane, const Lanes& lane)
                         FASTPHOTO_INLINE_LAMBDA { store_lanes(lane, count, basis[plane]); };
  for (Index c = 0; c < 3; ++c) {
    store(CoarseLevel::mean_plane + c, whitening.mean[c]);
  }
  for (Index j = 0; j < 4; ++j) {
    store(CoarseLevel::to_plane + j, inverse[4 * j]);
  }
  store(CoarseLevel::from_plane, factor[0]);
  Lanes entry;
  for (Index j = 0; j < 3; ++j) {
    dot_product(factor + 4, 4, whitening.color + 3 * j, 1, entry);
    store(CoarseLevel::from_plane + 1 + j, entry);
    for (Index i = 0; i < 3; ++i) {
      dot_product(factor + 5 + i, 4, whitening.color + 3 * j, 1, entry);
      store(CoarseLevel::from_plane + 4 + 3 * i + j, entry);
      dot_product(whitening.whiten + i, 3, inverse + 4 * (j + 1) + 1, 1, entry);
      store(CoarseLevel::to_plane + 4 + 3 * i + j, entry);
    }
  }
}

}  // namespace

FASTPHOTO_MULTIVERSION void set_node_bases(const MomentLanes& moments, double least_variance, const BlockLanes& blocks,
                                           bool centred, Index count, Planes<float> basis) {
  Whitening whitening;
  whiten_colors(moments, least_variance, whitening);
  BlockLanes matrix;
  whitening_matrix(whitening, centred, matrix);
  BlockLanes whitened;
  congruence(matrix, blocks, matrix, whitened);
  make_symmetric(whitened);
  BlockLanes factor;
  BlockLanes inverse;
  invert_cholesky(whitened, factor, inverse);
  store_bases(whitening, factor, inverse, count, basis);
}

}  // namespace fastphoto
