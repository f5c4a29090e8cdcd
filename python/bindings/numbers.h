// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/numpy.h>

#include "fastphoto/statistics.h"

namespace fastphoto::python {

/// A read-only array over a member of a bound object, which it keeps alive.
template <class Numbers>
pybind11::array view_of(const Numbers& numbers, const pybind11::object& owner) {
  pybind11::array::ShapeContainer shape = Numbers::ColsAtCompileTime == 1
                                              ? pybind11::array::ShapeContainer{numbers.rows()}
                                              : pybind11::array::ShapeContainer{numbers.rows(), numbers.cols()};
  pybind11::array_t<double> array(std::move(shape), numbers.data(), owner);
  array.attr("setflags")(pybind11::arg("write") = false);
  return std::move(array);
}

}  // namespace fastphoto::python
