// SPDX-License-Identifier: Apache-2.0
#include "affine_rows.h"

#include "multiversion.h"

namespace fastphoto {

FASTPHOTO_MULTIVERSION void multiply_basis(const float* matrix, Index matrix_step, Index count, Index unknown_step,
                                           float* u) {
  FASTPHOTO_INDEPENDENT
  for (Index i = 0; i < count; ++i) {
    const float u0 = u[i];
    const float u1 = u[unknown_step + i];
    const float u2 = u[2 * unknown_step + i];
    const float u3 = u[3 * unknown_step + i];
    const float* m = matrix + i;
    u[i] = m[0] * u0 + m[matrix_step] * u1 + m[2 * matrix_step] * u2 + m[3 * matrix_step] * u3;
    u[unknown_step + i] = m[4 * matrix_step] * u1 + m[5 * matrix_step] * u2 + m[6 * matrix_step] * u3;
    u[2 * unknown_step + i] = m[7 * matrix_step] * u1 + m[8 * matrix_step] * u2 + m[9 * matrix_step] * u3;
    u[3 * unknown_step + i] = m[10 * matrix_step] * u1 + m[11 * matrix_step] * u2 + m[12 * matrix_step] * u3;
  }
}

FASTPHOTO_MULTIVERSION void multiply_transposed_basis(const float* matrix, Index matrix_step, Index count,
                                                      Index unknown_step, float* u) {
  FASTPHOTO_INDEPENDENT
  for (Index i = 0; i < count; ++i) {
    const float b = u[i];
    const float a0 = u[unknown_step + i];
    const float a1 = u[2 * unknown_step + i];
    const float a2 = u[3 * unknown_step + i];
    const float* m = matrix + i;
    u[i] = m[0] * b;
    u[unknown_step + i] =
        m[matrix_step] * b + m[4 * matrix_step] * a0 + m[7 * matrix_step] * a1 + m[10 * matrix_step] * a2;
    u[2 * unknown_step + i] =
        m[2 * matrix_step] * b + m[5 * matrix_step] * a0 + m[8 * matrix_step] * a1 + m[11 * matrix_step] * a2;
    u[3 * unknown_step + i] =
        m[3 * matrix_step] * b + m[6 * matrix_step] * a0 + m[9 * matrix_step] * a1 + m[12 * matrix_step] * a2;
  }
}

}  // namespace fastphoto
