// SPDX-License-Identifier: Apache-2.0
//
// The exponential of numbers that are not positive, for weights that fall off.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/multiversion.h"

namespace fastphoto {

/// exp(x) for x <= 0, to 2e-7 relative; below -87 it stays at about 1e-38. No branches and no library call, so that the
/// compiler vectorises it.
FASTPHOTO_INLINE float exp_of_negative(float x) {
  const float clamped = x > -87.0F ? x : -87.0F;
  const float scaled = clamped * 1.44269504F;
  const auto whole = static_cast<std::int32_t>(scaled - 0.5F);  // rounds to nearest: scaled <= 0
  const auto n = static_cast<float>(whole);
  const float f = (clamped - n * 0.693359375F) + n * 2.12194440e-4F;  // ln 2 in two parts
  float p = 1.9875691500e-4F;
  p = p * f + 1.3981999507e-3F;
  p = p * f + 8.3334519073e-3F;
  p = p * f + 4.1665795894e-2F;
  p = p * f + 1.6666665459e-1F;
  p = p * f + 5.0000001201e-1F;
  p = p * f * f + f + 1.0F;
  const std::int32_t bits = (whole + 127) * (1 << 23);
  float power = 0.0F;
  std::memcpy(&power, &bits, sizeof(power));
  return p * power;
}

}  // namespace fastphoto
