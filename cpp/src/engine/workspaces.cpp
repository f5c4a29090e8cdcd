// SPDX-License-Identifier: Apache-2.0
//
// Lends page pools and adds up what a photo takes.
#include "engine/workspaces.h"

#include <algorithm>
#include <utility>

namespace fastphoto {

Workspaces::Loan::~Loan() {
  if (pages_ == nullptr) {
    return;
  }
  const std::scoped_lock lock(owner_->mutex_);
  if (owner_->keeps_) {
    owner_->idle_.push_back(std::move(pages_));
  }
}

Workspaces::Loan Workspaces::lend() {
  const std::scoped_lock lock(mutex_);
  if (idle_.empty()) {
    return {*this, std::make_unique<PagePool>(keeps_ ? PagePool::Keep::UntilDestroyed : PagePool::Keep::WhileUsed)};
  }
  std::unique_ptr<PagePool> pages = std::move(idle_.back());
  idle_.pop_back();
  return {*this, std::move(pages)};
}

void Workspaces::keep() {
  const std::scoped_lock lock(mutex_);
  keeps_ = true;
}

namespace {

// Bytes a pixel. A photo is three float32 samples. Content and restyled photo are always there.
constexpr double photo_bytes = 12.0;
// What smoothing takes beside them, its result included: measured, and a tenth more (docs/smoothing.md).
constexpr double closed_form_bytes = 235.0;
constexpr double guided_bytes = 72.0;
// Rounding up to huge pages, and what does not grow with the photo.
constexpr double fixed_bytes = 32e6;

double smoothing_bytes(Smoothing smoothing) {
  switch (smoothing) {
    case Smoothing::ClosedForm:
      return closed_form_bytes;
    case Smoothing::Guided:
      return guided_bytes;  // the content's detail takes no more afterwards
    case Smoothing::None:
      break;
  }
  return 0.0;
}

}  // namespace

std::size_t bytes_needed(const MemoryNeeds& network, Size working, Size smoothed, Smoothing smoothing) {
  const double working_pixels = static_cast<double>(working.height) * static_cast<double>(working.width);
  const double smoothed_pixels = static_cast<double>(smoothed.height) * static_cast<double>(smoothed.width);
  return static_cast<std::size_t>(fixed_bytes + network.fixed_bytes + network.bytes_per_working_pixel * working_pixels +
                                  (2.0 * photo_bytes + smoothing_bytes(smoothing)) * smoothed_pixels);
}

}  // namespace fastphoto
