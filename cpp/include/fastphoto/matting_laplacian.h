// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/SparseCore>
#include <cstdint>

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

using SparseMatrix = Eigen::SparseMatrix<double, Eigen::RowMajor, std::int64_t>;

/// The matting Laplacian L = D - W of an image, N x N for N = H * W pixels in row order.
///
/// W_ij sums, over the windows w_k that hold both i and j and lie wholly inside the image (Levin et al. 2008, eq. 12),
///
///     W_ij = sum_k 1/|w| (1 + (I_i - mu_k)^T (Sigma_k + eps/|w| Id)^-1 (I_j - mu_k)),    |w| = (2 radius + 1)^2,
///
/// and D_ii is the number of windows that hold i. L is symmetric positive semidefinite and its rows sum to zero.
/// An image smaller than one window has no windows: L = 0.
///
/// @param image    H x W x 3, finite.
/// @param threads  all_threads (0) or a number of threads.
/// @return  compressed rows, sorted columns; entries are there for all pairs that share a window, the diagonal
/// included.
/// @throws Error(InvalidArgument)
FASTPHOTO_API SparseMatrix matting_laplacian(const ImageView& image, const MattingOptions& options = {},
                                             Threads threads = {});

}  // namespace fastphoto
