// SPDX-License-Identifier: Apache-2.0
//
// What the pipeline's opaque handles hold.
#pragma once

#include <filesystem>
#include <memory>

#include "fastphoto/engine/stylizer.h"
#include "fastphoto/fastphoto_c.h"

struct fastphoto_runtime {
  std::shared_ptr<fastphoto::Runtime> runtime;
};

struct fastphoto_device {
  fastphoto::DeviceReport report;
};

struct fastphoto_stylizer {
  fastphoto::Stylizer stylizer;
};

struct fastphoto_look {
  fastphoto::Look look;
};

struct fastphoto_restyled {
  fastphoto::Stylizer::Restyled photo;
};

struct fastphoto_report {
  fastphoto::Report report;
  fastphoto_device device;
};

namespace fastphoto::c {

inline std::filesystem::path path_of(const char* utf8) { return std::filesystem::u8path(utf8); }

}  // namespace fastphoto::c
