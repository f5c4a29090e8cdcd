// SPDX-License-Identifier: Apache-2.0
//
// fastphoto: the numerical core of photorealistic style transfer. It takes arrays and returns arrays: no files, no
// printing, no global state; the number of threads is an argument and never changes a result.
//
//     #include <fastphoto/fastphoto.h>
//
//     fastphoto::ImageView content(content_samples, height, width, 3);   // borrowed, float32, 0..1, sRGB-encoded
//     fastphoto::ImageView stylized(stylized_samples, height, width, 3);
//     fastphoto::SmoothingResult smooth = fastphoto::closed_form_smooth(stylized, content);
//     // smooth.image.data() is height x width x 3; smooth.info tells iterations and residual
//
// Link with the CMake target fastphoto::core. Functions may be called from several threads at once.
#pragma once

#include "fastphoto/adjustment.h"
#include "fastphoto/barycentre.h"
#include "fastphoto/bilateral_affine_filter.h"
#include "fastphoto/closed_form_smoothing.h"
#include "fastphoto/colour_map.h"
#include "fastphoto/detail.h"
#include "fastphoto/error.h"
#include "fastphoto/gamut.h"
#include "fastphoto/guided_filter.h"
#include "fastphoto/image.h"
#include "fastphoto/knothe_rosenblatt.h"
#include "fastphoto/labels.h"
#include "fastphoto/local_affine_filter.h"
#include "fastphoto/local_affine_maps.h"
#include "fastphoto/matting_laplacian.h"
#include "fastphoto/options.h"
#include "fastphoto/pixels.h"
#include "fastphoto/progress.h"
#include "fastphoto/resample.h"
#include "fastphoto/simd_level.h"
#include "fastphoto/statistics.h"
#include "fastphoto/threads.h"
#include "fastphoto/transform.h"
