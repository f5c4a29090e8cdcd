// SPDX-License-Identifier: Apache-2.0
#include "color_basis.h"

#include <algorithm>
#include <cmath>

namespace fastphoto {

namespace {

// Below this share of its own diagonal a pivot is rounding.
constexpr double least_pivot = 1e-9;

// float32 colours are known to 6e-8 of their size; variances below its square are rounding.
constexpr double relative_variance = 1e-14;

}  // namespace

ColorWhitening whiten_colors(const ColorMoments& moments, double least_variance) {
  ColorWhitening result;
  const double* s = moments.sums;
  double covariance[3][3];
  for (Index c = 0; c < 3; ++c) {
    result.mean[c] = static_cast<double>(moments.mean(c));
  }
  const Index at[3][3] = {{4, 5, 6}, {5, 7, 8}, {6, 8, 9}};
  const double share = 1.0 / s[0];
  double size = 0.0;
  for (Index i = 0; i < 3; ++i) {
    for (Index j = 0; j <= i; ++j) {
      covariance[i][j] = covariance[j][i] = (s[at[i][j]] - s[1 + i] * (s[1 + j] * share)) * share;
    }
    size += s[at[i][i]] * share;
  }
  const double least = std::max(least_variance, relative_variance * size);

  // Cholesky with pivoting: covariance = color color^T; what is left below `least` is dropped.
  Index order[3] = {0, 1, 2};
  double rest[3][3];
  std::copy(&covariance[0][0], &covariance[0][0] + 9, &rest[0][0]);
  double whiten[3][3] = {};
  for (Index step = 0; step < 3; ++step) {
    Index best = step;
    for (Index i = step + 1; i < 3; ++i) {
      if (rest[order[i]][order[i]] > rest[order[best]][order[best]]) {
        best = i;
      }
    }
    std::swap(order[step], order[best]);
    const Index p = order[step];
    if (!(rest[p][p] > least)) {
      break;
    }
    const double inverse_root = 1.0 / std::sqrt(rest[p][p]);
    for (Index i = step; i < 3; ++i) {
      result.color[order[i] * 3 + step] = rest[order[i]][p] * inverse_root;
    }
    // Row `step` of the inverse: forward substitution on the identity.
    for (Index c = 0; c < 3; ++c) {
      double value = c == p ? 1.0 : 0.0;
      for (Index j = 0; j < step; ++j) {
        value -= result.color[p * 3 + j] * whiten[j][c];
      }
      whiten[step][c] = value * inverse_root;
    }
    for (Index i = step + 1; i < 3; ++i) {
      for (Index j = step + 1; j < 3; ++j) {
        rest[order[i]][order[j]] -= result.color[order[i] * 3 + step] * result.color[order[j] * 3 + step];
      }
    }
  }
  std::copy(&whiten[0][0], &whiten[0][0] + 9, result.whiten);
  return result;
}

namespace {

/// out = in with its rows shifted and whitened: out[0] = in[0], out[1 + i] = sum_c whiten[i][c] (in[1 + c] - mean[c]
/// in[0]).
void whiten_rows(const ColorWhitening& node, const double* in, double* out) {
  double centred[3][4];
  for (Index c = 0; c < 3; ++c) {
    for (Index j = 0; j < 4; ++j) {
      centred[c][j] = in[4 + 4 * c + j] - node.mean[c] * in[j];
    }
  }
  std::copy(in, in + 4, out);
  for (Index i = 0; i < 3; ++i) {
    const double* w = node.whiten + 3 * i;
    for (Index j = 0; j < 4; ++j) {
      out[4 + 4 * i + j] = w[0] * centred[0][j] + w[1] * centred[1][j] + w[2] * centred[2][j];
    }
  }
}

void transpose(const double* in, double* out) {
  for (Index i = 0; i < 4; ++i) {
    for (Index j = 0; j < 4; ++j) {
      out[4 * j + i] = in[4 * i + j];
    }
  }
}

}  // namespace

void whiten_block(const ColorWhitening& k, const ColorWhitening& l, const double* raw, double* whitened) {
  Block rows;
  Block turned;
  Block both;
  whiten_rows(k, raw, rows);
  transpose(rows, turned);
  whiten_rows(l, turned, both);
  transpose(both, whitened);
}

void invert_cholesky(const double* block, double* factor, double* inverse) {
  std::fill(factor, factor + 16, 0.0);
  std::fill(inverse, inverse + 16, 0.0);
  double inverse_pivots[4] = {};
  for (Index i = 0; i < 4; ++i) {
    for (Index j = 0; j < i; ++j) {
      double value = block[4 * i + j];
      for (Index k = 0; k < j; ++k) {
        value -= factor[4 * i + k] * factor[4 * j + k];
      }
      factor[4 * i + j] = value * inverse_pivots[j];
    }
    double pivot = block[4 * i + i];
    for (Index k = 0; k < i; ++k) {
      pivot -= factor[4 * i + k] * factor[4 * i + k];
    }
    if (!(pivot > least_pivot * block[4 * i + i])) {
      std::fill(factor + 4 * i, factor + 4 * i + 4, 0.0);
      continue;
    }
    factor[4 * i + i] = std::sqrt(pivot);
    inverse_pivots[i] = 1.0 / factor[4 * i + i];
    for (Index j = 0; j <= i; ++j) {
      double value = i == j ? 1.0 : 0.0;
      for (Index k = j; k < i; ++k) {
        value -= factor[4 * i + k] * inverse[4 * k + j];
      }
      inverse[4 * i + j] = value * inverse_pivots[i];
    }
  }
}

ColorBasis make_basis(const ColorWhitening& whitening, const double* factor, const double* inverse) {
  ColorBasis basis;
  for (Index c = 0; c < 3; ++c) {
    basis.mean[c] = static_cast<float>(whitening.mean[c]);
  }
  // (b, a) = diag(1, whiten^T) inverse^T u and u = factor^T diag(1, color^T) (b, a).
  for (Index j = 0; j < 4; ++j) {
    basis.to_affine[j] = static_cast<float>(inverse[4 * j]);
  }
  basis.from_affine[0] = static_cast<float>(factor[0]);
  for (Index j = 0; j < 3; ++j) {
    double first = 0.0;
    for (Index m = 0; m < 3; ++m) {
      first += factor[4 * (m + 1)] * whitening.color[3 * j + m];
    }
    basis.from_affine[1 + j] = static_cast<float>(first);
  }
  for (Index i = 0; i < 3; ++i) {
    for (Index j = 0; j < 3; ++j) {
      double to = 0.0;
      double from = 0.0;
      for (Index m = 0; m < 3; ++m) {
        to += whitening.whiten[3 * m + i] * inverse[4 * (j + 1) + m + 1];
        from += factor[4 * (m + 1) + i + 1] * whitening.color[3 * j + m];
      }
      basis.to_affine[4 + 3 * i + j] = static_cast<float>(to);
      basis.from_affine[4 + 3 * i + j] = static_cast<float>(from);
    }
  }
  return basis;
}

}  // namespace fastphoto
