// SPDX-License-Identifier: Apache-2.0
//
// The map of colours that moves tones first, and then the colour that each tone has.
#pragma once

#include "fastphoto/export.h"
#include "fastphoto/options.h"
#include "fastphoto/statistics.h"
#include "fastphoto/transform.h"

namespace fastphoto {

/// The affine map of R, G, B that gives the content the style's luma, and its chroma given luma (Knothe 1957;
/// Rosenblatt 1952). With standard deviations s, regressions B of chroma on luma and G the Monge-Kantorovich map
/// between the covariances that chroma has at equal luma,
///
///     luma' - mean_s = s_s / s_c (luma - mean_c)
///     chroma' - mean_s = B_s (luma' - mean_s) + G (chroma - mean_c - B_c (luma - mean_c)).
///
/// Singular values of G above max_gain are set to it. Where the largest of them, g, was above it, of the shift d
/// between the mean chromas |d|^2 / (|d|^2 + (g / max_gain - 1) v) is left, where v is the style's variance of chroma.
///
/// @throws Error(InvalidArgument) unless both have three channels and the options are in range.
FASTPHOTO_API AffineTransform knothe_rosenblatt(const Statistics& content, const Statistics& style,
                                                const KnotheRosenblattOptions& options = {});

/// How far of their way the levels after the colours may move their mean features, 0 to 1. Of the shift d between the
/// mean chromas knothe_rosenblatt leaves a share k; the levels have 1 - (1 - k) |d|^2 / (|d|^2 + least_shift v), where
/// v is the style's variance of chroma: nearly k, and 1 where d is next to nothing.
FASTPHOTO_API double levels_share(const Statistics& content, const Statistics& style,
                                  const KnotheRosenblattOptions& options = {});

}  // namespace fastphoto
