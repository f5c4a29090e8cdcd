// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

#include "fastphoto/threads.h"

namespace fastphoto {

/// Matting Laplacian: Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", PAMI 2008.
struct MattingOptions {
  double eps =
      1e-7;        ///< regularisation, in units of colour^2, > 0; each window's covariance gains eps / (2 radius + 1)^2
  int radius = 1;  ///< windows are 2 radius + 1 pixels wide, 1 .. 16
};

/// Closed-form smoothing: Li et al., "A Closed-form Solution to Photorealistic Image Stylization", ECCV 2018,
/// section 3.2.
struct SmoothingOptions {
  double lam = 1e-4;          ///< weight of the stylized image against the affinity, > 0; alpha = 1 / (1 + lam)
  double eps = 1e-7;          ///< as in MattingOptions
  int radius = 1;             ///< as in MattingOptions
  double rtol = 1e-3;         ///< 0 < rtol < 1; stop at |b - A u| <= rtol |b| in every channel, and
                              ///< no pixel changed by more than rtol of the largest in the last iteration
  int max_iterations = 5000;  ///< of conjugate gradients, >= 0
  int border_padding = 0;     ///< pixels of edge replication added before and cropped after, >= 0
  bool normalized = false;    ///< false: D Y on the right side, R = u, so that a constant stays constant; true: the
                              ///< paper's S = D^-1/2 W D^-1/2, whose D^(1/2) darkens the outermost 2 radius pixels
                              ///< and brightens their neighbours. Both are the same wherever D is constant.
  bool page_pool = true;      ///< true: large buffers share huge pages in a pool that the smoother owns; false: every
                              ///< buffer is an ordinary allocation
};

/// Guided filter: He, Sun, Tang, "Guided Image Filtering", PAMI 2013, with a grey or colour guide.
struct GuidedFilterOptions {
  int radius = 35;                       ///< windows are 2 radius + 1 pixels wide, >= 0; FastPhotoStyle's value
  double eps = 0.001 / (255.0 * 255.0);  ///< regularisation, in units of guide^2, > 0. FastPhotoStyle hands 0.001 to
                                         ///< OpenCV together with an 8-bit guide, that is on a scale of 0..255
};

/// Local affine filter: one colour map for each neighbourhood; akin to the last polish of Luan et al., "Deep Photo
/// Style Transfer", CVPR 2017, which is BilateralAffineOptions'.
struct LocalAffineOptions {
  int radius = 15;           ///< windows are 2 radius + 1 pixels wide, 0 .. 127
  double range_sigma = 0.1;  ///< colour distance at which a neighbour's weight is exp(-1/2), > 0
  double ridge = 1e-3;       ///< penalty on the squared linear part of the colour map, in units of colour^2, > 0
};

/// Bilateral affine filter: the last polish of Luan et al., "Deep Photo Style Transfer", CVPR 2017, as released.
struct BilateralAffineOptions {
  int radius = 15;             ///< neighbours' maps count within windows of 2 radius + 1 pixels, 0 .. 127
  double spatial_sigma = 5.0;  ///< distance in pixels at which a neighbour's weight is exp(-1/2), > 0
  double range_sigma = 0.01;   ///< root mean square colour difference at which it is exp(-1/2), > 0
  int window_radius = 1;       ///< maps are fitted in windows of 2 window_radius + 1 pixels, 0 .. 16
  double ridge = 1e-3;         ///< penalty on a map's squared linear part, in units of colour^2, > 0
};

/// How exactly closed-form smoothing is solved for a photo in the pipeline. `Draft` and `Balanced` solve at a smaller
/// size, where the photo has more pixels than that, and apply to the full photo how colours depend on the content's
/// there (docs/smoothing.md).
enum class Quality : std::uint8_t { Draft, Balanced, Exact };

/// The pixels that a photo is smoothed at. A photo that is hardly larger is smoothed at its own size.
struct QualityOptions {
  double draft_pixels = 0.35e6;    ///< > 0
  double balanced_pixels = 2.0e6;  ///< > 0
  double hardly_larger = 1.25;     ///< times as many pixels, >= 1
};

/// Local affine maps of colours (local_affine_maps.h).
struct LocalAffineMapOptions {
  int radius = 1;     ///< windows are 2 radius + 1 pixels wide, >= 0
  double eps = 1e-6;  ///< regularisation, in units of colour^2, > 0
};

/// Alignment of feature statistics: whitening-colouring (Li et al., "Universal Style Transfer via Feature Transforms",
/// NeurIPS 2017) and the Monge-Kantorovich map. Defaults are those of the paper's photorealistic version.
struct TransformOptions {
  double content_ridge = 1.0;    ///< added to the diagonal of the content's covariance, >= 0
  double style_ridge = 0.0;      ///< added to the diagonal of the style's covariance, >= 0
  double eigenvalue_cut = 1e-5;  ///< eigenvalues (after the ridge) below this are dropped, >= 0
  double strength = 1.0;         ///< 0 leaves the features as they are, exactly; 1 aligns them; 0 .. 1
};

/// The Knothe-Rosenblatt map of colours (knothe_rosenblatt.h).
struct KnotheRosenblattOptions {
  double content_ridge = 0.0;  ///< added to the diagonal of the content's covariance, >= 0. A grey content needs one
  double style_ridge = 0.0;    ///< added to the diagonal of the style's covariance, >= 0
  double max_gain = std::numeric_limits<double>::infinity();  ///< limit for the gain of chroma, >= 1
  double least_shift =
      0.05;               ///< share of the style's variance of chroma below which a squared shift counts as none, > 0
  double strength = 1.0;  ///< 0 (the identity) .. 1
};

/// Compression into the range of colours (gamut.h). The arrays go together: shares of the values at one end of a
/// channel whose excess is looked at, and how much of it counts at either end. What lies beyond the outermost 5 % may
/// be cut off if it is not far out. Burnt highlights disturb more than black shadows, so theirs count more and get more
/// room.
struct GamutOptions {
  double shares[3] = {0.05, 0.01, 0.001};          ///< 0 .. 1
  double shadows_counted[3] = {1.0, 0.6, 0.3};     ///< 0 .. 1
  double highlights_counted[3] = {1.0, 1.0, 0.8};  ///< 0 .. 1
  double knee_per_excess = 4.0;                    ///< tones up to so many times the excess give room, > 0
  double largest_shadow_knee = 0.15;               ///< but never more than this much of the range, 0 .. 1
  double largest_highlight_knee = 0.3;
  double least_excess = 1e-3;  ///< excess below this is invisible (a quarter of an 8-bit step), > 0
};

/// Giving a restyled photo the content's detail back (detail.h).
struct DetailOptions {
  double radius = 12.0 / 700.0;  ///< of the guided filter, as a share of the longer side, > 0
  double edge_variance = 0.02;   ///< its eps: the variance of what counts as an edge rather than as detail, > 0
  double amount = 0.8;           ///< how much of the result's detail is replaced, 0 .. 1
  double largest_change = 0.05;  ///< no pixel is changed by more: larger differences are edges and would get halos, > 0
  double largest_gain = 3.0;     ///< the content's detail is not made stronger: in a flat content it is noise, > 0
};

/// Barycentres of statistics (barycentre.h).
struct BarycentreOptions {
  double relative_ridge = 1e-6;  ///< added to all covariances, as a share of their mean variance, >= 0. It lies far
                                 ///< below what can be seen, and above what rounding does to inverse roots
  double tolerance = 1e-6;       ///< stop when the covariance changes by less, relative to its norm, 0 .. 1
  int max_iterations = 50;       ///< >= 1
};

/// Strengths apart of what changed between content and result, and what is kept of the content (adjustment.h).
struct AdjustmentOptions {
  double tone = 1.0;                ///< of the change of luma, 0 .. 1.5: 0 none of it, 1 all of it
  double colour = 1.0;              ///< of the change of chroma beside the common shift, 0 .. 1.5
  double white_balance = 1.0;       ///< of the shift of chroma that is common to the whole photo, 0 .. 1.5
  bool preserve_luminance = false;  ///< the result has the content's luma
  bool preserve_skin = false;       ///< colours of skin keep their chroma
  bool preserve_neutrals = false;   ///< what is grey stays grey
};

/// Which labels of two masks take part (labels.h).
struct LabelOptions {
  double min_area = 10.0;         ///< pixels at working size that a label must exceed in both photos, >= 0
  double max_area_ratio = 100.0;  ///< the areas' ratio must be below this, > 1
};

}  // namespace fastphoto
