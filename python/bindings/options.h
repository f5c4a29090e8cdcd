// SPDX-License-Identifier: Apache-2.0
//
// Binds an options struct: keyword arguments, attributes and repr, with the defaults of options.h and no others.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "arrays.h"
#include "fastphoto/error.h"

namespace fastphoto::python {

namespace py = pybind11;

inline void assign(int& to, const py::object& value, const char* name) { to = int_argument(value, name); }
inline void assign(bool& to, const py::object& value, const char* name) { to = bool_argument(value, name); }
inline void assign(double& to, const py::object& value, const char* name) { to = float_argument(value, name); }
inline void assign(double (&to)[3], const py::object& value, const char* name) {
  if (!py::isinstance<py::sequence>(value) || py::len(value) != 3) {
    throw Error(ErrorKind::InvalidArgument,
                std::string(name) + " must be three numbers, got " + std::string(py::repr(value)));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    to[i] = float_argument(value[py::int_(i)], name);
  }
}

template <class Value>
Value to_python(const Value& value) {
  return value;
}
inline py::tuple to_python(const double (&values)[3]) { return py::make_tuple(values[0], values[1], values[2]); }

template <class Options>
class OptionsClass {
 public:
  OptionsClass(py::module_& module, const char* name, const char* doc) : class_(module, name, doc) {
    class_.attr("_fields") = py::list();
    class_.def(py::init([](const py::kwargs& values) { return from_keywords(values); }));
    class_.def("__repr__", [](const py::object& self) {
      std::string text = py::str(py::type::of(self).attr("__name__"));
      const char* separator = "(";
      for (const py::handle field : self.attr("_fields")) {
        text += separator + std::string(py::str(field)) + "=" + std::string(py::repr(self.attr(field)));
        separator = ", ";
      }
      return text + ")";
    });
  }

  template <class Value>
  OptionsClass& field(const char* name, Value Options::* member) {
    class_.def_property(
        name, [member](const Options& self) { return to_python(self.*member); },
        [member, name](Options& self, const py::object& value) { assign(self.*member, value, name); });
    class_.attr("_fields").attr("append")(name);
    return *this;
  }

  /// The struct's defaults with some fields replaced.
  static Options from_keywords(const py::kwargs& values) {
    const py::object options = py::cast(Options());
    for (const auto& [name, value] : values) {
      if (!py::type::of(options).attr("_fields").contains(name)) {
        throw Error(ErrorKind::InvalidArgument, "there is no option " + std::string(py::repr(name)) + " in " +
                                                    std::string(py::str(py::type::of(options).attr("__name__"))));
      }
      options.attr(name) = value;
    }
    return options.cast<Options>();
  }

 private:
  py::class_<Options> class_;
};

}  // namespace fastphoto::python
