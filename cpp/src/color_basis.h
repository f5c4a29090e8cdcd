// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "fastphoto/image.h"

namespace fastphoto {

/// Hat-weighted moments of colour at a node: sums of phi (1, r, g, b, rr, rg, rb, gg, gb, bb).
struct ColorMoments {
  double sums[10] = {};

  /// In the precision in which it is kept.
  float mean(Index channel) const { return static_cast<float>(sums[1 + channel] / sums[0]); }

  void add(double weight, const ColorMoments& other) {
    for (int i = 0; i < 10; ++i) {
      sums[i] += weight * other.sums[i];
    }
  }
};

/// Coordinates of a node's affine functions of colour, b + a . (I - mean), in which they are well scaled:
/// (b, a) = to_affine u and u = from_affine (b, a). Directions in which the colour does not vary are left out: their
/// coordinate is always zero. Only the first row and the lower right 3 x 3 of either matrix are not zero.
struct ColorBasis {
  float mean[3] = {};
  float to_affine[13] = {};
  float from_affine[13] = {};
};

/// The whitening of a node's colours: q = whiten (I - mean) has unit covariance in the directions that are kept.
struct ColorWhitening {
  double mean[3] = {};
  double whiten[9] = {};
  double color[9] = {};  // I - mean = color q
};

/// @param least_variance  of a direction that counts as varying.
ColorWhitening whiten_colors(const ColorMoments& moments, double least_variance);

/// A 4 x 4 matrix of coefficients of (1, I) and of (1, q).
using Block = double[16];

/// K = shift_k M shift_l^T, where shift turns (1, I) into (1, q).
void whiten_block(const ColorWhitening& k, const ColorWhitening& l, const double* raw, double* whitened);

/// The lower triangular inverse of the Cholesky factor of a diagonal block; rows of directions without energy are zero.
void invert_cholesky(const double* block, double* factor, double* inverse);

/// The basis in which the diagonal block is the identity.
ColorBasis make_basis(const ColorWhitening& whitening, const double* factor, const double* inverse);

}  // namespace fastphoto
