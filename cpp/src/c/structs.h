// SPDX-License-Identifier: Apache-2.0
//
// Reads and writes structs that start with their size.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>

#include "c/status.h"
#include "fastphoto/fastphoto_c.h"

namespace fastphoto::c {

/// The size that a struct had in the first version that has it. A struct that grows gets a specialisation here.
template <class Struct>
inline constexpr std::size_t first_size = sizeof(Struct);
template <>
inline constexpr std::size_t first_size<fastphoto_apply_options> = offsetof(fastphoto_apply_options, quality);
template <>
inline constexpr std::size_t first_size<fastphoto_mask> = offsetof(fastphoto_mask, alpha);
template <>
inline constexpr std::size_t first_size<fastphoto_report_numbers> =
    offsetof(fastphoto_report_numbers, smoothing_height);

/// @throws Error(InvalidArgument) unless a version of the struct has that size.
template <class Struct>
void expect_size(std::size_t size, const char* name) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  expect(first_size<Struct> <= size && size <= sizeof(Struct),
         "found " + std::to_string(size) + " as struct_size of " + name + "; expected " +
             std::to_string(sizeof(Struct)) + ", as " + name + "_init() sets it");
}

/// For the ..._init() functions: writes as much of the defaults as the caller's struct has.
template <class Struct>
fastphoto_status initialise(Struct* to, std::size_t size, const char* name, Struct defaults) noexcept {
  return guarded([&] {
    expect_given(to, name);
    expect_size<Struct>(size, name);
    defaults.struct_size = size;
    std::memcpy(to, &defaults, size);
  });
}

/// What the caller gave, with defaults for the fields that an older program does not know.
template <class Struct>
Struct read_struct(const Struct* given, const char* name, Struct defaults) {
  expect_given(given, name);
  expect_size<Struct>(given->struct_size, name);
  std::memcpy(&defaults, given, given->struct_size);
  return defaults;
}

/// The same for options, of which NULL means the defaults.
template <class Struct>
Struct read_options(const Struct* given, const char* name, const Struct& defaults) {
  return given == nullptr ? defaults : read_struct(given, name, defaults);
}

/// Writes results into the caller's struct, as far as it goes.
template <class Struct>
void write_struct(Struct* to, const char* name, Struct results) {
  expect_given(to, name);
  expect_size<Struct>(to->struct_size, name);
  results.struct_size = to->struct_size;
  std::memcpy(to, &results, to->struct_size);
}

/// A number of the C API as the enumeration of C++ that numbers the same things, of which `last` is the last.
template <class Enum>
Enum read_enum(int number, Enum last, const char* name) {
  expect(
      0 <= number && number <= static_cast<int>(last),
      "found " + std::to_string(number) + " as " + name + "; expected 0 to " + std::to_string(static_cast<int>(last)));
  return static_cast<Enum>(number);
}

}  // namespace fastphoto::c
