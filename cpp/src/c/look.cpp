// SPDX-License-Identifier: Apache-2.0
//
// C API: looks, their files and what they say of themselves.
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "c/handles.h"
#include "c/status.h"

using namespace fastphoto;     // NOLINT(google-build-using-namespace): this file defines functions of C
using namespace fastphoto::c;  // NOLINT(google-build-using-namespace)

fastphoto_status fastphoto_look_load(const char* path, fastphoto_look** look) {
  return guarded_make(look, "look", [&] {
    expect_given(path, "path");
    return std::make_unique<fastphoto_look>(fastphoto_look{Look::load(path_of(path))});
  });
}

fastphoto_status fastphoto_look_save(const fastphoto_look* look, const char* path) {
  return guarded([&] {
    expect_given(look, "look");
    expect_given(path, "path");
    look->look.save(path_of(path));
  });
}

fastphoto_status fastphoto_look_from_bytes(const void* bytes, size_t size, const char* where, fastphoto_look** look) {
  return guarded_make(look, "look", [&] {
    expect_given(bytes, "bytes");
    expect_given(where, "where");
    return std::make_unique<fastphoto_look>(
        fastphoto_look{Look::from_bytes({static_cast<const char*>(bytes), size}, where)});
  });
}

fastphoto_status fastphoto_look_to_bytes(const fastphoto_look* look, void* buffer, size_t capacity, size_t* size) {
  return guarded([&] {
    expect_given(look, "look");
    expect_given(size, "size");
    const std::string bytes = look->look.to_bytes();
    *size = bytes.size();
    if (buffer != nullptr) {
      expect(capacity >= bytes.size(), "found room for " + std::to_string(capacity) +
                                           " bytes in buffer; expected at least " + std::to_string(bytes.size()));
      std::memcpy(buffer, bytes.data(), bytes.size());
    }
  });
}

namespace {

std::vector<Look> looks_of(const fastphoto_look* const* looks, size_t count) {
  expect_given(static_cast<const void*>(looks), "looks");
  std::vector<Look> result;
  result.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    expect_given(looks[i], "a look");
    result.push_back(looks[i]->look);
  }
  return result;
}

}  // namespace

fastphoto_status fastphoto_look_pool(const fastphoto_look* const* looks, size_t count, fastphoto_look** look) {
  return guarded_make(look, "look", [&] {
    return std::make_unique<fastphoto_look>(fastphoto_look{Look::pool(looks_of(looks, count))});
  });
}

fastphoto_status fastphoto_look_blend(const fastphoto_look* const* looks, const double* weights, size_t count,
                                      fastphoto_look** look) {
  return guarded_make(look, "look", [&] {
    const std::vector<Look> parts = looks_of(looks, count);
    expect_given(weights, "weights");
    return std::make_unique<fastphoto_look>(fastphoto_look{Look::blend(parts, {weights, weights + count})});
  });
}

// NOLINTNEXTLINE(misc-const-correctness): who frees a handle owns it
void fastphoto_look_free(fastphoto_look* look) { delete look; }

const char* fastphoto_look_model(const fastphoto_look* look) {
  return look != nullptr ? look->look.model.c_str() : nullptr;
}

const char* fastphoto_look_fingerprint(const fastphoto_look* look) {
  return look != nullptr ? look->look.fingerprint.c_str() : nullptr;
}

int fastphoto_look_masked(const fastphoto_look* look) { return look != nullptr && look->look.masked ? 1 : 0; }

size_t fastphoto_look_label_count(const fastphoto_look* look) { return look != nullptr ? look->look.labels.size() : 0; }

fastphoto_status fastphoto_look_label(const fastphoto_look* look, size_t index, int64_t* label, double* area) {
  return guarded([&] {
    expect_given(look, "look");
    expect_given(label, "label");
    expect_given(area, "area");
    const auto& labels = look->look.labels;
    expect(index < labels.size(), "found " + std::to_string(index) + " as index of a label; expected less than " +
                                      std::to_string(labels.size()));
    const auto& [number, label_look] = *std::next(labels.begin(), static_cast<Index>(index));
    *label = number;
    *area = label_look.area;
  });
}
