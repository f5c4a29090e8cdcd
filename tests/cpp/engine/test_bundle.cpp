// SPDX-License-Identifier: Apache-2.0
//
// Bundles: what is read of both formats, and that what does not fit is refused with the field that is wrong.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "engine/temporary_folder.h"
#include "fastphoto/engine/bundle.h"
#include "fastphoto/error.h"

using namespace fastphoto;
using fastphoto::tests::TemporaryFolder;
using fastphoto::tests::write_file;

namespace {

std::string zeros() { return std::string().append(64, '0'); }

/// The text with one piece replaced; the piece must be in it.
std::string with(std::string text, const std::string& old, const std::string& piece) {
  const std::size_t at = text.find(old);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), piece);
}

/// A bundle.json that leaves out what may be left out.
std::string smallest(int format) {
  return R"({"format": )" + std::to_string(format) + R"(, "name": "small", "version": "1", "description": "d",
    "licence": "l", "provenance": {"recipe": "r", "training_photos": "p", "teacher": "t", "method": "m"},
    "size_multiple": 8, "working_side": 64, "smoothing": {"lam": 2e-4, "eps": 1e-6},
    "style": {"file": "style.onnx", "sha256": ")" +
         zeros() + R"("},
    "alignments": [{"name": "colours", "channels": 3, "stride": 1, "method": "monge-kantorovich"},
                   {"name": "relu4_1", "channels": 8, "stride": 8, "method": "whitening-coloring"}],
    "segments": [{"file": "a.onnx", "sha256": ")" +
         zeros() + R"("}, {"file": "b.onnx", "sha256": ")" + zeros() +
         R"(", "carry": ["x", "y"]}, {"file": "c.onnx", "sha256": ")" + zeros() + R"("}]})";
}

std::string with_estimator(const std::string& text, const std::string& map, const std::string& extents) {
  return with(with(text, R"("monge-kantorovich")", R"("learned", "relative_ridge": 0.03)"), R"("working_side")",
              R"("estimator": {"file": "e.onnx", "sha256": ")" + zeros() + R"(", "side": 256, "map": ")" + map +
                  R"(", "extents": )" + extents + R"(}, "working_side")");
}

std::string complaint(const std::string& text) {
  try {
    Bundle::parse(text, "here/bundle.json");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Model);
    const std::string message = error.what();
    CHECK(message.find("here/bundle.json") == 0);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.size() < 600);
    return message;
  }
  return "";
}

void check_refused(const std::string& text, const std::string& piece) {
  const std::string message = complaint(text);
  CAPTURE(message);
  CAPTURE(piece);
  CHECK(message.find(piece) != std::string::npos);
}

}  // namespace

TEST_CASE("what a bundle.json leaves out gets the defaults, in both formats") {
  for (const int format : {1, 2}) {
    const Manifest m = Bundle::parse(smallest(format), "here");
    CHECK(m.format == format);
    CHECK(m.name == "small");
    CHECK(m.provenance.teacher == "t");
    CHECK(m.size_multiple == 8);
    CHECK(m.working_side == 64);
    CHECK(m.smoothing_lam == 2e-4);
    CHECK(m.smoothing_eps == 1e-6);
    CHECK(m.gamut.largest_highlight_knee == GamutOptions().largest_highlight_knee);
    CHECK(m.detail.radius == DetailOptions().radius);
    CHECK(m.labels.min_area == LabelOptions().min_area);
    CHECK(m.memory.bytes_per_working_pixel == MemoryNeeds().bytes_per_working_pixel);
    REQUIRE(m.alignments.size() == 2);
    CHECK(m.alignments[0].method == AlignmentMethod::MongeKantorovich);
    CHECK(m.alignments[1].method == AlignmentMethod::WhiteningColouring);
    CHECK(m.alignments[1].stride == 8);
    CHECK(m.alignments[1].relative_ridge == 0.0);
    CHECK(m.alignments[1].strength == 1.0);
    CHECK_FALSE(m.alignments[1].max_gain);
    REQUIRE(m.segments.size() == 3);
    CHECK(m.segments[0].carry.empty());
    CHECK(m.segments[1].carry == std::vector<std::string>{"x", "y"});
    CHECK_FALSE(m.estimator);
  }
}

TEST_CASE("format 2 has tables of its own, read number by number") {
  const std::string text = with(
      with(
          smallest(2), R"("method": "monge-kantorovich")",
          R"("method": "knothe-rosenblatt", "relative_ridge": 0.03, "max_gain": 1.5, "least_shift": 0.07, "strength": 0.5)"),
      R"("style")",
      R"("gamut": {"shares": [0.5, 0.25, 0.125], "shadows_counted": [1, 0.5, 0], "highlights_counted": [0, 0.75, 1],
       "knee_per_excess": 5, "largest_shadow_knee": 0.2, "largest_highlight_knee": 0.4, "least_excess": 0.01},
       "detail": {"radius": 0.5, "edge_variance": 0.03, "amount": 0.7, "largest_change": 0.06, "largest_gain": 2},
       "labels": {"min_area": 11, "max_area_ratio": 50}, "memory": {"fixed_bytes": 5e8, "bytes_per_working_pixel": 900},
       "style")");
  const Manifest m = Bundle::parse(text, "here");
  CHECK(m.gamut.shares[2] == 0.125);
  CHECK(m.gamut.shadows_counted[1] == 0.5);
  CHECK(m.gamut.highlights_counted[1] == 0.75);
  CHECK(m.gamut.knee_per_excess == 5.0);
  CHECK(m.gamut.largest_shadow_knee == 0.2);
  CHECK(m.gamut.largest_highlight_knee == 0.4);
  CHECK(m.gamut.least_excess == 0.01);
  CHECK(m.detail.radius == 0.5);
  CHECK(m.detail.edge_variance == 0.03);
  CHECK(m.detail.amount == 0.7);
  CHECK(m.detail.largest_change == 0.06);
  CHECK(m.detail.largest_gain == 2.0);
  CHECK(m.labels.min_area == 11.0);
  CHECK(m.labels.max_area_ratio == 50.0);
  CHECK(m.memory.fixed_bytes == 5e8);
  CHECK(m.memory.bytes_per_working_pixel == 900.0);
  CHECK(m.alignments[0].max_gain == 1.5);
  CHECK(m.alignments[0].least_shift == 0.07);
  CHECK(m.alignments[0].strength == 0.5);
  check_refused(with(text, R"("max_area_ratio": 50)", R"("max_area_ratio": 1)"), "$.labels.max_area_ratio is 1");
  check_refused(with(text, R"("radius": 0.5)", R"("radius": 0)"), "$.detail.radius is 0; expected a number above 0");
  check_refused(with(text, R"("amount": 0.7, )", ""), "$.detail has no field 'amount'");
  check_refused(with(text, "[0.5, 0.25, 0.125]", "[0.5, 0.25]"),
                "$.gamut.shares is [0.5,0.25]; expected an array of 3");
  check_refused(with(text, "0.125", "1.5"), "$.gamut.shares[2] is 1.5; expected a number, 0 to 1");
  check_refused(with(text, R"("format": 2)", R"("format": 1)"), "is unknown here");
}

TEST_CASE("a learned alignment and its estimator go together") {
  const Manifest m = Bundle::parse(with_estimator(smallest(2), "grid", "[16, 8, 4]"), "here");
  REQUIRE(m.estimator);
  const Estimator estimator = m.estimator.value_or(Estimator());
  CHECK(m.alignments[0].method == AlignmentMethod::Learned);
  CHECK(estimator.file == "e.onnx");
  CHECK(estimator.side == 256);
  CHECK(estimator.map == ColourMapKind::Grid);
  CHECK(estimator.extents == std::vector<Index>{16, 8, 4});
  CHECK(complaint(with_estimator(smallest(2), "lut", "[33]")).empty());
  CHECK(complaint(with_estimator(smallest(2), "matrix-and-curves", "[0]")).empty());

  check_refused(with(smallest(2), "monge-kantorovich", "learned"),
                "'colours' has the method learned, is number 1 with 3 channels and no");
  check_refused(with(with_estimator(smallest(2), "lut", "[9]"), "learned", "monge-kantorovich"),
                "$.estimator is there");
  check_refused(with(with_estimator(smallest(2), "lut", "[9]"), "whitening-coloring", "learned"), "is number 2 with 8");
  check_refused(with(with_estimator(smallest(2), "lut", "[9]"), "0.03", "0"),
                "has 3 channels and a relative_ridge of 0, expected 3 and more than 0 for the method learned");
  check_refused(with(with_estimator(smallest(2), "lut", "[9]"), R"("channels": 3)", R"("channels": 4)"),
                "with 4 channels");
  check_refused(with_estimator(smallest(2), "cube", "[9]"), "expected matrix-and-curves, lut or grid");
  check_refused(with_estimator(smallest(2), "lut", "[1]"), "$.estimator.extents does not fit: a ");
  check_refused(with_estimator(smallest(2), "matrix-and-curves", "[1]"), "with no point or at least 2");
  check_refused(with_estimator(smallest(2), "lut", "[9, 9]"), "with at least 2 points");
  check_refused(with_estimator(smallest(2), "grid", "[16, 8]"), "{rows, columns, lumas}");
  check_refused(with_estimator(smallest(2), "grid", "[16777216, 16777216, 16777216]"), "$.estimator.extents does not");
  check_refused(with_estimator(smallest(2), "lut", "[65536]"), "$.estimator.extents is [65536]; expected a map of at");
  check_refused(with_estimator(smallest(2), "lut", "[-1]"), "$.estimator.extents[0] is -1; expected a whole number, 0");
  check_refused(with_estimator(smallest(1), "lut", "[9]"), "$.estimator is unknown here");
  check_refused(with(smallest(1), "monge-kantorovich", "learned"), "expected monge-kantorovich, whitening-coloring or");
}

TEST_CASE("what is wrong in a bundle.json is named with its path, what was found and what was expected") {
  const std::string good = smallest(2);
  const std::vector<std::pair<std::string, std::string>> changes = {
      {R"("format": 2)", R"("format": 3)"},
      {R"("format": 2, )", ""},
      {R"("format": 2)", R"("format": "2")"},
      {R"("size_multiple": 8)", R"("size_multiple": 0)"},
      {R"("size_multiple": 8)", R"("size_multiple": 1000000000000000000)"},
      {R"("size_multiple": 8)", R"("size_multiple": 18446744073709551615)"},
      {R"("size_multiple": 8)", R"("size_multiple": 8.0)"},
      {R"("size_multiple": 8)", R"("size_multiple": 12)"},
      {R"("working_side": 64)", R"("working_side": true)"},
      {R"("lam": 2e-4)", R"("lam": 1e-320)"},
      {R"("eps": 1e-6)", R"("eps": -1)"},
      {R"("eps": 1e-6)", R"("eps": 1e-6, "rho": 1)"},
      {R"("style.onnx")", R"("../style.onnx")"},
      {R"("a.onnx")", "\"" + std::string(5000, 'a') + ".onnx\""},
      {R"("name": "small")", R"("name": "a\u001b[31m\nb")"},
      {R"("method": "whitening-coloring")", R"("method": "whitening-coloring", "strength": 1.01)"},
      {R"("method": "whitening-coloring")", R"("method": "whitening-coloring", "max_gain": 2)"},
      {R"("method": "whitening-coloring")", R"("method": "knothe-rosenblatt")"},
      {R"("method": "whitening-coloring")", R"("method": "whitening-coloring", "relative_ridge": 1e308)"},
      {R"("relu4_1")", R"("colours")"},
      {R"(["x", "y"])", R"(["x", 5])"},
      {R"(["x", "y"])", R"("xy")"},
      {R"("licence": "l")", R"("licence": "l", "licence": "l")"},
      {R"("licence": "l")", R"("licence": "l", "surprise": 1)"},
      {R"("name": "small", )", ""},
      {R"("description": "d")", R"("description": 1e999)"},
      {R"("description": "d")", "\"description\": \"\xff\""},
      {R"("licence": "l")", R"("licence": )" + std::string(200000, '[')},
  };
  const std::vector<std::string> messages = {
      "bundle format 3, this version of fastphoto-native reads 1 and 2",
      "bundle format missing, this version",
      R"(bundle format "2", this version)",
      "$.size_multiple is 0; expected a whole number, 1 to 256",
      "$.size_multiple is 1000000000000000000;",
      "$.size_multiple is 18446744073709551615;",
      "$.size_multiple is 8.0; expected a whole number",
      "alignment 'relu4_1' has stride 8, expected a divisor of size_multiple 12",
      "$.working_side is true;",
      "$.smoothing.lam is",
      "$.smoothing.eps is -1; expected a number above 0",
      "$.smoothing.rho is unknown here; expected only lam, eps",
      R"($.style.file is "../style.onnx"; expected a file's name of letters)",
      R"($.segments[0].file is "aaaa)",
      R"($.name is "a\u001b[31m\nb"; expected a line of text)",
      "$.alignments[1].strength is 1.01; expected a number, 0 to 1",
      "$.alignments[1] has a max_gain and the method whitening-coloring, expected knothe-rosenblatt",
      "'relu4_1' has 8 channels and a relative_ridge of 0, expected 3 and more than 0",
      "$.alignments[1].relative_ridge is 1e+308;",
      "alignment 'colours' stands twice",
      "$.segments[1].carry[1] is 5; expected a line of text",
      R"($.segments[1].carry is "xy"; expected an array)",
      "the field 'licence' stands twice in one object",
      "$.surprise is unknown here; expected only format, name",
      "$ has no field 'name'",
      "a number that is too large",
      "found no JSON at line 1, column",
      "nested deeper than 16 levels",
  };
  REQUIRE(changes.size() == messages.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    check_refused(with(good, changes[i].first, changes[i].second), messages[i]);
  }
  check_refused("", "not a valid bundle: found no JSON at line 1, column 1");
  check_refused("[]", "$ is []; expected an object");
  check_refused(good + std::string(1, '\0') + "more", "holds a byte of zero");
  check_refused("{\n\n  x", "line 3, column 3");
  check_refused(std::string((1 << 20) + 1, ' '), "expected at most 1048576");
}

TEST_CASE("a chain has one segment more than alignments, and at least one of those") {
  const std::string segment = R"({"file": "a.onnx", "sha256": ")" + zeros() + R"("}, )";
  check_refused(with(smallest(1), segment, ""), "2 segments for 2 alignments, expected one more");
  const std::string good = smallest(2);
  const std::size_t begin = good.find(R"("alignments")");
  const std::string none =
      good.substr(0, begin) + R"("alignments": [], "segments": [{"file": "a.onnx", "sha256": ")" + zeros() + R"("}]})";
  check_refused(none, "$.alignments is []; expected at least one");
}

TEST_CASE("the embedded models open, and their files are whole") {
  for (const char* name : {"photowct-lite", "photowct-strong"}) {
    const Bundle bundle = Bundle::open(std::filesystem::path(FASTPHOTO_MODELS) / name);
    CHECK(bundle.manifest().name == name);
    CHECK(bundle.manifest().format == 2);
    CHECK(bundle.fingerprint() == bundle.manifest().style.sha256);
    CHECK(bundle.read(bundle.manifest().style).size() > 10000);
    for (const Segment& segment : bundle.manifest().segments) {
      CHECK_FALSE(bundle.read(segment).empty());
    }
  }
}

TEST_CASE("files that are missing, pointers, damaged or no files are refused") {
  const TemporaryFolder folder;
  const auto complaint_of = [](auto&& call) -> std::string {
    try {
      call();
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::Model);
      return error.what();
    }
    return "";
  };
  const std::string missing = complaint_of([&] { Bundle::open(folder.path()); });
  CHECK(missing.find("cannot read " + (folder.path() / "bundle.json").string() + ": No such file") == 0);

  write_file(folder.path() / "bundle.json", with(smallest(1), zeros(), sha256("graph")));
  write_file(folder.path() / "style.onnx", "graph");
  const Bundle bundle = Bundle::open(folder.path());
  const ModelFile style = bundle.manifest().style;
  CHECK(bundle.read(style) == "graph");

  write_file(folder.path() / "style.onnx", "grapj");
  CHECK(complaint_of([&] { (void)bundle.read(style); }).find("has SHA-256 ") != std::string::npos);
  write_file(folder.path() / "style.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
  CHECK(complaint_of([&] { (void)bundle.read(style); }).find("is a Git-LFS pointer") != std::string::npos);
  std::filesystem::remove(folder.path() / "style.onnx");
  CHECK(complaint_of([&] { (void)bundle.read(style); }).find("style.onnx: No such file") != std::string::npos);
  std::filesystem::create_directory(folder.path() / "style.onnx");
  CHECK(complaint_of([&] { (void)bundle.read(style); }).find("style.onnx: Is a directory") != std::string::npos);
#ifndef _WIN32
  std::filesystem::remove(folder.path() / "style.onnx");
  std::filesystem::create_symlink("/dev/zero", folder.path() / "style.onnx");
  CHECK(complaint_of([&] { (void)bundle.read(style); }).find("Not a regular file") != std::string::npos);
#endif
}
