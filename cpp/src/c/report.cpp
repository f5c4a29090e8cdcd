// SPDX-License-Identifier: Apache-2.0
//
// C API: what a run did, as numbers and texts.
#include <string>
#include <vector>

#include "c/handles.h"
#include "c/structs.h"

using namespace fastphoto;     // NOLINT(google-build-using-namespace): this file defines functions of C
using namespace fastphoto::c;  // NOLINT(google-build-using-namespace)

namespace {

template <class Item>
const Item& item_at(const std::vector<Item>& items, std::size_t index, const char* what) {
  expect(index < items.size(), "found " + std::to_string(index) + " as index of a " + what + "; expected less than " +
                                   std::to_string(items.size()));
  return items[index];
}

}  // namespace

fastphoto_status fastphoto_report_numbers_init(fastphoto_report_numbers* numbers, size_t struct_size) {
  return initialise(numbers, struct_size, "fastphoto_report_numbers", {});
}

fastphoto_status fastphoto_report_read(const fastphoto_report* report, fastphoto_report_numbers* numbers) {
  return guarded([&] {
    expect_given(report, "report");
    const Report& from = report->report;
    fastphoto_report_numbers results = {};
    results.strength = from.strength;
    for (const StageReport& stage : from.stages) {
      results.seconds += stage.seconds;
    }
    results.content_height = from.content_size.height;
    results.content_width = from.content_size.width;
    results.working_height = from.working_size.height;
    results.working_width = from.working_size.width;
    results.smoothing_height = from.smoothing_size.height;
    results.smoothing_width = from.smoothing_size.width;
    results.smoothing_error = from.expected_error;
    results.label_count = from.labels.size();
    results.kept_label_count = from.kept_labels.size();
    results.stage_count = from.stages.size();
    if (from.look_fit) {
      results.has_look_fit = 1;
      results.untouched_error = from.look_fit->untouched_error;
      results.expected_error = from.look_fit->expected_error;
      results.fit = from.look_fit->fit;
      results.applied_strength = from.look_fit->applied_strength;
    }
    if (from.solver) {
      results.solved = 1;
      results.iterations = from.solver->iterations;
      results.converged = from.solver->converged ? 1 : 0;
      results.preconditioner = static_cast<int>(from.solver->preconditioner);
      results.residual = from.solver->residual;
      results.solve_seconds = from.solver->seconds;
    }
    write_struct(numbers, "fastphoto_report_numbers", results);
  });
}

const char* fastphoto_report_model(const fastphoto_report* report) {
  return report != nullptr ? report->report.model.c_str() : nullptr;
}

const char* fastphoto_report_model_version(const fastphoto_report* report) {
  return report != nullptr ? report->report.model_version.c_str() : nullptr;
}

const char* fastphoto_report_smoothing(const fastphoto_report* report) {
  return report != nullptr ? report->report.smoothing.c_str() : nullptr;
}

const fastphoto_device* fastphoto_report_device(const fastphoto_report* report) {
  return report != nullptr ? &report->device : nullptr;
}

fastphoto_status fastphoto_report_label(const fastphoto_report* report, size_t index, int64_t* label) {
  return guarded([&] {
    expect_given(report, "report");
    expect_given(label, "label");
    *label = item_at(report->report.labels, index, "label");
  });
}

fastphoto_status fastphoto_report_kept_label(const fastphoto_report* report, size_t index, int64_t* label) {
  return guarded([&] {
    expect_given(report, "report");
    expect_given(label, "label");
    *label = item_at(report->report.kept_labels, index, "label that kept its look");
  });
}

fastphoto_status fastphoto_report_stage(const fastphoto_report* report, size_t index, const char** name,
                                        double* seconds) {
  return guarded([&] {
    expect_given(report, "report");
    expect_given(static_cast<const void*>(name), "name");
    expect_given(seconds, "seconds");
    const StageReport& stage = item_at(report->report.stages, index, "stage");
    *name = stage.name.c_str();
    *seconds = stage.seconds;
  });
}

// NOLINTNEXTLINE(misc-const-correctness): who frees a handle owns it
void fastphoto_report_free(fastphoto_report* report) { delete report; }
