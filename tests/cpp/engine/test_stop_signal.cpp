// SPDX-License-Identifier: Apache-2.0
//
// The request to end a run reaches whoever listens, early or late.
#include <doctest/doctest.h>

#include "fastphoto/engine/runtime.h"

using namespace fastphoto;

TEST_CASE("a stop signal reaches a listener that comes before or after it, and none that has gone") {
  int stopped = 0;
  StopSignal early;
  early.listen([&] { ++stopped; });
  CHECK_FALSE(early.requested());
  early.request();
  CHECK(early.requested());
  CHECK(stopped == 1);

  StopSignal late;
  late.request();
  late.listen([&] { ++stopped; });
  CHECK(stopped == 2);

  StopSignal gone;
  gone.listen([&] { ++stopped; });
  gone.forget();
  gone.request();
  CHECK(gone.requested());
  CHECK(stopped == 2);
}
