// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fastphoto {

/// Value of every `threads` argument that means: as many as the hardware runs at once.
/// Results are equal, bit for bit, for every number of threads.
inline constexpr int all_threads = 0;

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
  bool normalized = true;     ///< true: the paper's S = D^-1/2 W D^-1/2, whose D^(1/2) darkens the outermost 2 radius
                           ///< pixels and brightens what is next to them; false: R = u with D Y on the right side, the
                           ///< same wherever D is constant, and constants come back exactly up to the border
};

/// Guided filter: He, Sun, Tang, "Guided Image Filtering", PAMI 2013, with a grey or colour guide.
struct GuidedFilterOptions {
  int radius = 35;                       ///< windows are 2 radius + 1 pixels wide, >= 0; FastPhotoStyle's value
  double eps = 0.001 / (255.0 * 255.0);  ///< regularisation, in units of guide^2, > 0. FastPhotoStyle hands 0.001 to
                                         ///< OpenCV together with an 8-bit guide, that is on a scale of 0..255
};

/// Local affine filter: the last polish of Luan et al., "Deep Photo Style Transfer", CVPR 2017, as released.
struct LocalAffineOptions {
  int radius = 15;           ///< windows are 2 radius + 1 pixels wide, 0 .. 127
  double range_sigma = 0.1;  ///< colour distance at which a neighbour's weight is exp(-1/2), > 0
  double ridge = 1e-3;       ///< penalty on the squared linear part of the colour map, in units of colour^2, > 0
};

/// Alignment of feature statistics: whitening-colouring (Li et al., "Universal Style Transfer via Feature Transforms",
/// NeurIPS 2017) and the Monge-Kantorovich map. Defaults are those of the paper's photorealistic version.
struct TransformOptions {
  double content_ridge = 1.0;    ///< added to the diagonal of the content's covariance, >= 0
  double style_ridge = 0.0;      ///< added to the diagonal of the style's covariance, >= 0
  double eigenvalue_cut = 1e-5;  ///< eigenvalues (after the ridge) below this are dropped, >= 0
  double strength = 1.0;         ///< 0 leaves the features as they are, exactly; 1 aligns them; 0 .. 1
};

}  // namespace fastphoto
