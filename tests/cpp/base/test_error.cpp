// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "fastphoto/error.h"
#include "fastphoto/guided_filter.h"

using namespace fastphoto;

TEST_CASE("an error says its kind and names the argument") {
  try {
    guided_filter(ImageView(), ImageView());
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::InvalidArgument);
    CHECK(std::string(error.what()) == "guide must be H x W, H x W x 1 or H x W x 3, got 0 x 0 x 0");
  }
}
