// SPDX-License-Identifier: Apache-2.0
//
// Looks: what was written is read again to the last bit, and what is no look is refused before memory is taken.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "engine/temporary_folder.h"
#include "fastphoto/engine/look.h"
#include "fastphoto/error.h"

using namespace fastphoto;
using fastphoto::tests::read_file;
using fastphoto::tests::TemporaryFolder;
using fastphoto::tests::write_file;

namespace {

/// Numbers that float32 holds exactly, so that what is read can be compared for equality.
Statistics random_statistics(Index channels, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> numbers(-1000, 1000);
  Vector mean(channels);
  Matrix covariance(channels, channels);
  for (Index i = 0; i < channels; ++i) {
    mean[i] = numbers(random) / 64.0;
    for (Index j = 0; j <= i; ++j) {
      covariance(i, j) = covariance(j, i) = i == j ? 100.0 + static_cast<double>(i) : numbers(random) / 256.0;
    }
  }
  return {std::move(mean), std::move(covariance)};
}

Look small_look(const std::vector<std::int64_t>& labels = {whole_photo}) {
  Look look;
  look.model = "small";
  look.fingerprint = std::string(64, 'a');
  look.masked = labels != std::vector<std::int64_t>{whole_photo};
  for (const std::int64_t label : labels) {
    LabelLook& style = look.labels[label];
    style.area = 0.1 + static_cast<double>(label & 15);
    style.statistics = {random_statistics(3, 1), random_statistics(5, 2)};
  }
  return look;
}

std::string complaint(const std::string& bytes) {
  try {
    Look::from_bytes(bytes, "here.look");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::File);
    const std::string message = error.what();
    CHECK(message.find("here.look") == 0);
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.size() < 600);
    return message;
  }
  return "";
}

void check_refused(const std::string& bytes, const std::string& piece) {
  const std::string message = complaint(bytes);
  CAPTURE(message);
  CAPTURE(piece);
  CHECK(message.find(piece) != std::string::npos);
}

/// The file with a piece of its header replaced, and the header's length mended.
std::string with(const std::string& bytes, const std::string& old, const std::string& piece) {
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) |
                      static_cast<std::size_t>(static_cast<unsigned char>(bytes[1])) << 8U;
  std::string header = bytes.substr(8, length);
  const std::size_t at = header.find(old);
  REQUIRE(at != std::string::npos);
  header.replace(at, old.size(), piece);
  std::string result;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    result += static_cast<char>((std::uint64_t{header.size()} >> shift) & 255U);
  }
  return result + header + bytes.substr(8 + length);
}

void check_invalid(const Look& look, const std::string& piece) {
  try {
    look.check();
    FAIL("expected an error with: " << piece);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::InvalidArgument);
    const std::string message = error.what();
    CAPTURE(message);
    CHECK(message.find(piece) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("a look that was written is read again to the last bit") {
  Look masked =
      small_look({std::numeric_limits<std::int64_t>::min(), -3, 0, 7, std::numeric_limits<std::int64_t>::max()});
  masked.model = "n\xC3\xA4me \"quoted\" \\";
  masked.thumbnail.assign(48, 0.25F);
  masked.thumbnail[5] = 1.0F;
  for (const Look& look : {small_look(), masked}) {
    const Look again = Look::from_bytes(look.to_bytes(), "here");
    CHECK(again.model == look.model);
    CHECK(again.fingerprint == look.fingerprint);
    CHECK(again.masked == look.masked);
    CHECK(again.thumbnail == look.thumbnail);
    REQUIRE(again.labels.size() == look.labels.size());
    for (const auto& [label, style] : look.labels) {
      const LabelLook& found = again.labels.at(label);
      CHECK(found.area == style.area);
      REQUIRE(found.statistics.size() == style.statistics.size());
      for (std::size_t i = 0; i < style.statistics.size(); ++i) {
        CHECK(found.statistics[i].mean == style.statistics[i].mean);
        CHECK(found.statistics[i].covariance == style.statistics[i].covariance);
      }
    }
    CHECK(again.to_bytes() == look.to_bytes());
  }
}

TEST_CASE("what is symmetric but for rounding is written and read") {
  Look look = small_look();
  Statistics& s = look.labels.at(whole_photo).statistics[1];
  s.covariance(0, 1) += 0.9e-6 * s.covariance.cwiseAbs().maxCoeff();  // as much as Statistics allows, nearly
  const Look again = Look::from_bytes(look.to_bytes(), "here");
  const Matrix& found = again.labels.at(whole_photo).statistics[1].covariance;
  CHECK(found == found.transpose());
  CHECK((found - s.covariance).cwiseAbs().maxCoeff() < 1e-3);
}

TEST_CASE("the header is one JSON object of a length divisible by eight, numbers are little-endian float32") {
  Look look = small_look();
  look.labels.at(whole_photo).statistics = {Statistics(Vector::Constant(1, 1.0), Matrix::Constant(1, 1, 2.0))};
  const std::string bytes = look.to_bytes();
  CHECK(bytes.size() % 8 == 0);
  CHECK(bytes[8] == '{');
  CHECK(bytes.find(R"("0/0/mean":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})") != std::string::npos);
  CHECK(bytes.find(R"("0/0/covariance":{"dtype":"F32","shape":[1,1],"data_offsets":[4,8]})") != std::string::npos);
  CHECK(bytes.substr(bytes.size() - 8) == std::string("\x00\x00\x80\x3f\x00\x00\x00\x40", 8));
}

TEST_CASE("looks that are none are not written") {
  check_invalid(Look(), "model must be a name");
  Look look = small_look();
  look.fingerprint = "5";
  check_invalid(look, "fingerprint must be 64");
  look = small_look();
  look.model = "a\nb";
  check_invalid(look, "without control characters, got 'a\\x0ab'");
  look = small_look();
  look.labels.clear();
  check_invalid(look, "1 to 256 labels, got 0");
  look = small_look({1, 2});
  look.masked = false;
  check_invalid(look, "must have the label 0 only");
  for (const double area : {0.0, -5.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    look = small_look();
    look.labels.at(whole_photo).area = area;
    check_invalid(look, "label 0's area must be a positive number");
  }
  look = small_look();
  look.labels.at(whole_photo).statistics.clear();
  check_invalid(look, "label 0 has statistics of 0 alignments");
  look = small_look();
  look.labels.at(whole_photo).statistics[1].covariance(2, 2) = -1.0;
  check_invalid(look, "label 0, alignment 1: covariance must have no negative");
  look = small_look({1, 2});
  look.labels.at(2).statistics.pop_back();
  check_invalid(look, "label 2 has statistics of 3 channels, expected 3, 5 as label 1");
  look = small_look();
  look.thumbnail.assign(13, 0.5F);
  check_invalid(look, "thumbnail must have 3 x side x side numbers, got 13");
  look.thumbnail.assign(12, std::nanf(""));
  check_invalid(look, "between 0 and 1");
  look = small_look();
  look.labels.at(whole_photo).statistics[0].mean[0] = 1e39;
  CHECK_NOTHROW(look.check());
  CHECK_THROWS_WITH_AS(look.to_bytes(), doctest::Contains("0/0/mean holds 1e+39"), Error);
}

TEST_CASE("what is no look is refused with what was found and what was expected") {
  const std::string good = small_look({4, 9}).to_bytes();
  CHECK(complaint(good).empty());
  const std::vector<std::pair<std::string, std::string>> changes = {
      {R"("F32")", R"("F64")"},
      {R"([3])", R"([4])"},
      {R"([3])", R"([3,1])"},
      {R"([3])", R"([])"},
      {R"([3])", R"([9223372036854775807])"},
      {R"([3,3])", R"([65536,65536,65536])"},
      {R"([0,12])", R"([12,0])"},
      {R"([0,12])", R"([-12,0])"},
      {R"([0,12])", R"([0,12,24])"},
      {R"([0,12])", R"([0,1e2])"},
      {R"("4/0/mean")", R"("4/7/mean")"},
      {R"("4/0/mean")", R"("4/0/covariance")"},
      {R"(,"4/0/mean")", R"(,"extra":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"4/0/mean")"},
      {R"("look_format":"2")", R"("look_format":"3")"},
      {R"("look_format":"2")", R"("look_format":2)"},
      {R"("masked":"true")", R"("masked":"yes")"},
      {R"("masked":"true")", R"("masked":"false")"},
      {R"("alignments":"2")", R"("alignments":"1")"},
      {R"("alignments":"2")", R"("alignments":"99999999999999999999")"},
      {R"("areas":)", R"("aeras":)"},
      {R"({\"4\":)", R"({\"04\":)"},
      {R"({\"4\":)", R"({\"99999999999999999999\":)"},
      {R"({\"4\":)", R"({\"sky\":)"},
      {R"({\"4\":)", R"({\"4\":0,\"5\":)"},
      {R"({\"4\":)", R"({\"4\":1e999,\"5\":)"},
      {R"({\"4\":)", R"({\"4\":[],\"5\":)"},
      {R"("__metadata__")", R"("__metadat__")"},
      {R"("fingerprint":"aaaa)", R"("fingerprint":"AAAA)"},
  };
  const std::vector<std::string> messages = {
      R"(.dtype is "F64"; expected "F32")",
      "expected 16 bytes between the offsets",
      "'4/0/mean' has the shape 3 x 1, expected one axis",
      ".shape is []; expected an array of 1 to 3",
      ".shape[0] is 9223372036854775807; expected a whole number, 1 to 65536",
      "bytes between the offsets",
      ".data_offsets[1] is 0; expected a whole number, 12 to",
      ".data_offsets[0] is -12; expected a whole number, 0 to",
      ".data_offsets is [0,12,24]; expected an array of 2",
      ".data_offsets[1] is 100.0; expected a whole number",
      "the tensor '4/0/mean' is missing",
      "the field '4/0/covariance' stands twice",
      "begins at byte 0 of the data, expected 4",
      R"(.look_format is "3"; expected "2")",
      ".look_format is 2; expected a line of text",
      R"(.masked is "yes"; expected "true" or "false")",
      "must have the label 0 only, got 2 labels",
      "is unknown; expected those of the labels and alignments only",
      R"(.alignments is "99999999999999999999"; expected a text with a whole number, 1 to 32)",
      "$.__metadata__.aeras is unknown here",
      "the label '04' is written in another way, expected 4",
      "the label '99999999999999999999' is not a whole number",
      "the label 'sky' is not a whole number",
      "the labels' areas: $.4 is 0; expected a number above 0",
      "the labels' areas: it holds a number that is too large",
      "deeper than 1 level",
      "$ has no field '__metadata__'",
      "fingerprint must be 64 lower-case",
  };
  REQUIRE(changes.size() == messages.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    check_refused(with(good, changes[i].first, changes[i].second), messages[i]);
  }
}

TEST_CASE("bytes that are cut off, added or no numbers are refused") {
  const std::string good = small_look().to_bytes();
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(complaint(good.substr(0, size)).empty());
  }
  check_refused(good + std::string(4, '\0'), "the tensors end at byte");
  check_refused("PK\x03\x04 and so on", "found a zip archive");
  check_refused(std::string(8, '\xff') + "{}", "found a header of 18446744073709551615 bytes");
  check_refused(std::string("\x00\x00\x00\x10\x00\x00\x00\x00", 8) + "{}", "found a header of 268435456 bytes");
  std::string nan = good;
  nan.replace(nan.size() - 4, 4, std::string("\x00\x00\xc0\x7f", 4));
  check_refused(nan, "0/1/: covariance holds NaN");
}

TEST_CASE("a look is saved all or nothing") {
  const TemporaryFolder folder;
  const Look look = small_look();
  const std::filesystem::path path = folder.path() / "evening.look";
  write_file(path, "before");
  look.save(path);
  CHECK(read_file(path) == look.to_bytes());
  CHECK(folder.entries() == 1);
  CHECK(Look::load(path).to_bytes() == look.to_bytes());

  std::filesystem::create_directory(folder.path() / "taken");
  CHECK_THROWS_WITH_AS(look.save(folder.path() / "taken"), doctest::Contains("cannot write the look"), Error);
  CHECK_THROWS_WITH_AS(look.save(folder.path() / "none" / "a.look"), doctest::Contains("No such file"), Error);
  CHECK(folder.entries() == 2);
#ifndef _WIN32
  std::filesystem::create_symlink("evening.look", folder.path() / "link.look");
  small_look({1, 2}).save(folder.path() / "link.look");
  CHECK(std::filesystem::is_symlink(folder.path() / "link.look"));
  CHECK(Look::load(path).labels.size() == 2);
#endif
}

TEST_CASE("files that are no looks or no files are refused with their name") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(Look::load(folder.path() / "none"), doctest::Contains("none: No such file"), Error);
  CHECK_THROWS_WITH_AS(Look::load(folder.path()), doctest::Contains("Is a directory"), Error);
  write_file(folder.path() / "a.look", "");
  CHECK_THROWS_WITH_AS(Look::load(folder.path() / "a.look"), doctest::Contains("a.look is not a look: found 0 bytes"),
                       Error);
#ifndef _WIN32
  CHECK_THROWS_WITH_AS(Look::load("/dev/zero"), doctest::Contains("Not a regular file"), Error);
#endif
}

TEST_CASE("details for people survive, and looks without them need no more bytes") {
  Look look = small_look({7});
  const std::size_t plain = look.to_bytes().size();
  look.name = "evening";
  look.sources = {std::string(64, 'b'), std::string(64, 'c')};
  look.label_names[7] = "sky";
  look.preview = {2, 3, std::vector<std::uint8_t>(18, 200)};
  const std::string bytes = look.to_bytes();
  CHECK(bytes.size() > plain);
  const Look again = Look::from_bytes(bytes, "here.look");
  CHECK(again.name == look.name);
  CHECK(again.sources == look.sources);
  CHECK(again.label_names == look.label_names);
  CHECK(again.preview.samples == look.preview.samples);
  CHECK(again.preview.width == 3);
  CHECK(again.to_bytes() == bytes);

  look.preview.samples.pop_back();
  CHECK_THROWS_AS(look.to_bytes(), Error);
}

TEST_CASE("looks are pooled and blended") {
  const Look first = small_look({1, 2});
  Look second = small_look({2, 3});
  second.labels[2].statistics[0] = random_statistics(3, 9);
  const Look blend = Look::blend({first, second}, {1.0, 3.0});
  CHECK(blend.labels.size() == 3);
  const Vector expected = 0.25 * first.labels.at(2).statistics[0].mean + 0.75 * second.labels.at(2).statistics[0].mean;
  CHECK((blend.labels.at(2).statistics[0].mean - expected).norm() < 1e-9);
  CHECK(Look::blend({first, second}, {1.0, 0.0}).to_bytes() == first.to_bytes());
  CHECK(Look::pool({first}).to_bytes() == first.to_bytes());
  CHECK_THROWS_AS(Look::pool({}), Error);
  CHECK_THROWS_AS(Look::blend({first, small_look()}, {1.0, 1.0}), Error);
}
