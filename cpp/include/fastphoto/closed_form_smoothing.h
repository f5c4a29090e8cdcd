// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "fastphoto/export.h"
#include "fastphoto/image.h"
#include "fastphoto/options.h"

namespace fastphoto {

/// The least SmoothingOptions::lam: below it the stylized image is lost in rounding.
inline constexpr double least_smoothing_lam = 1e-10;

/// What conjugate gradients were preconditioned with.
enum class SmoothingPreconditioner {
  None,       ///< nothing was iterated
  Multigrid,  ///< colour-affine multigrid
  Diagonal,   ///< the diagonal: radius > 1, a photo of a few pixels, or where multigrid was unfit
};

/// How a solve went. Nothing is thrown when it did not converge: the caller decides.
struct SmoothingInfo {
  int iterations = 0;     ///< of conjugate gradients
  double residual = 0.0;  ///< largest |b - A u| / |b| over the channels, computed afresh from the result
  double seconds = 0.0;   ///< wall time of solve()
  bool converged = true;  ///< residual <= rtol
  SmoothingPreconditioner preconditioner = SmoothingPreconditioner::None;  ///< the last one used
};

/// What a single solve may be given beside its image.
struct SolveOptions {
  std::optional<double> rtol;  ///< none: the smoother's own
  const ImageView* initial =
      nullptr;  ///< where to start, of the stylized image's shape; none: from the stylized image or zero

  /// Called after every iteration from the thread that called solve(); false cancels. May be empty.
  std::function<bool(int iteration, double residual)> progress;
};

struct SmoothingResult {
  Image image;  ///< H x W x C, interleaved, not clipped
  SmoothingInfo info;
};

/// Closed-form photorealistic smoothing (Li et al., ECCV 2018, section 3.2): removes from a stylized image every
/// structure that the content image does not have.
///
/// With the matting affinity W of the content, D = diag(W 1), S = D^-1/2 W D^-1/2 and alpha = 1 / (1 + lam), the
/// result is R = (1 - alpha) (I - alpha S)^-1 Y (eq. 9). It is found through
///
///     ((1 - alpha) D + alpha L) u = (1 - alpha) D^(1/2) Y,    R = D^(1/2) u,    L = D - W
///
/// or, with `normalized` off, ((1 - alpha) D + alpha L) R = (1 - alpha) D Y, which differs at the border only in that
/// constants stay constant. Solved with preconditioned conjugate gradients in float32, dot products in float64, and a
/// float64 solution that gathers the float32 corrections. A content smaller than one window has no affinity: R = Y.
///
/// The preconditioner is a multigrid whose coarse spaces are affine functions of the content's colour, for radius 1;
/// where it does not fit, and for larger radii, the diagonal. Images of more than four channels are solved four at a
/// time.
///
/// Construction assembles the affinity and the coarse operators (set-up); solve() may be called many times, from one
/// thread at a time or many.
class FASTPHOTO_API ClosedFormSmoother {
 public:
  /// @param content  H x W x 3, finite; not needed after construction.
  /// @throws Error(InvalidArgument)
  explicit ClosedFormSmoother(const ImageView& content, const SmoothingOptions& options = {}, Threads threads = {});

  /// @param data_weights  H x W x 1, finite, >= 0 and somewhere positive: pixel i of the stylized image counts with
  ///                      lam * data_weights_i. Zero leaves a pixel to its neighbours (scribbles, colourisation).
  ClosedFormSmoother(const ImageView& content, const ImageView& data_weights, const SmoothingOptions& options = {},
                     Threads threads = {});
  ~ClosedFormSmoother();
  ClosedFormSmoother(ClosedFormSmoother&&) noexcept;
  ClosedFormSmoother& operator=(ClosedFormSmoother&&) noexcept;

  /// @param stylized  H x W x C of the content's size, C >= 1, finite.
  /// @throws Error(InvalidArgument)
  SmoothingResult solve(const ImageView& stylized, Threads threads = {}) const;

  /// @throws Error(Cancelled) if progress says so.
  SmoothingResult solve(const ImageView& stylized, const SolveOptions& options, Threads threads = {}) const;

  /// L X, with the content's matting Laplacian L = D - W for each channel: half the gradient of the sum over channels
  /// of x . L x, how far the image is from affine functions of the content's colours. Sums of differences in float32: a
  /// constant gives zeros but for the rounding of lam D, which is taken off again.
  ///
  /// @param image  H x W x C of the content's size, C >= 1, finite.
  /// @return  H x W x C, interleaved; zeros where the content is smaller than a window.
  /// @throws Error(InvalidArgument) also if the smoother has a border_padding or is `normalized`.
  Image laplacian_product(const ImageView& image, Threads threads = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Set-up and one solve.
FASTPHOTO_API SmoothingResult closed_form_smooth(const ImageView& stylized, const ImageView& content,
                                                 const SmoothingOptions& options = {}, Threads threads = {});

}  // namespace fastphoto
