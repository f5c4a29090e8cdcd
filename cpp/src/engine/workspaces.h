// SPDX-License-Identifier: Apache-2.0
//
// The memory that photos on their way take, and how much that is.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "base/page_pool.h"
#include "fastphoto/engine/bundle.h"
#include "fastphoto/engine/report.h"
#include "fastphoto/engine/stylizer.h"

namespace fastphoto {

/// A page pool for each photo on its way. Kept ones are lent again, so that photos of one size find their memory there.
class Workspaces {
 public:
  class Loan {
   public:
    Loan(Workspaces& owner, std::unique_ptr<PagePool> pages) : owner_(&owner), pages_(std::move(pages)) {}
    ~Loan();
    Loan(Loan&&) noexcept = default;
    Loan& operator=(Loan&&) noexcept = default;

    PagePool& pages() { return *pages_; }

   private:
    Workspaces* owner_;
    std::unique_ptr<PagePool> pages_;
  };

  Loan lend();

  /// From now on pools keep their pages until the Stylizer ends.
  void keep();

 private:
  std::mutex mutex_;
  bool keeps_ = false;
  std::vector<std::unique_ptr<PagePool>> idle_;
};

/// An upper bound for the bytes of one apply(). `smoothed` is the size at which the photo is smoothed; of a larger
/// photo nothing is kept.
std::size_t bytes_needed(const MemoryNeeds& network, Size working, Size smoothed, Smoothing smoothing);

}  // namespace fastphoto
