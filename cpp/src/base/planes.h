// SPDX-License-Identifier: Apache-2.0
//
// Views of rows in several planes, such as channels: a pointer with the steps that belong to it.
#pragma once

#include <type_traits>

#include "fastphoto/image.h"

namespace fastphoto {

/// One row in several planes. Kernels that go through many planes at once take it by reference: of a copy, compilers
/// find the address of each plane before the loop, and have no registers for so many.
template <class T>
struct Planes {
  T* first;    ///< plane 0
  Index step;  ///< samples from one plane to the next

  T* operator[](Index plane) const { return first + plane * step; }

  /// The same planes from a later sample of the row on.
  Planes from(Index sample) const { return {first + sample, step}; }

  /// The planes from a later one on.
  Planes behind(Index planes) const { return {first + planes * step, step}; }

  // NOLINTNEXTLINE(google-explicit-constructor,misc-explicit-constructor): as pointers convert
  operator Planes<const T>() const { return {first, step}; }
};

/// Several rows in several planes.
template <class T>
struct PlaneRows {
  T* first;          ///< plane 0 of row 0
  Index row_step;    ///< samples from one row to the next
  Index plane_step;  ///< samples from one plane to the next

  Planes<T> row(Index y) const { return {first + y * row_step, plane_step}; }

  /// The same rows from a later sample on.
  PlaneRows from(Index sample) const { return {first + sample, row_step, plane_step}; }

  // NOLINTNEXTLINE(google-explicit-constructor,misc-explicit-constructor): as pointers convert
  operator PlaneRows<const T>() const { return {first, row_step, plane_step}; }
};

}  // namespace fastphoto
