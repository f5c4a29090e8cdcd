// SPDX-License-Identifier: Apache-2.0
//
// Runs the examples as programs and looks at what they leave.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "folder.h"

namespace {

/// The exit status of a program in the folder of examples; what it prints goes to `output`.
int run(const std::string& program, const std::string& arguments, const std::string& output) {
  const std::string command = "\"" EXAMPLES_FOLDER "/" + program + "\" " + arguments + " >\"" + output + "\" 2>&1";
  // NOLINTNEXTLINE(bugprone-command-processor,concurrency-mt-unsafe): its words are the test's own
  const int status = std::system(command.c_str());
  return status > 255 ? status / 256 : status;
}

std::string quoted(const std::string& text) { return "\"" + text + "\" "; }

/// How much neighbours differ, in all.
long roughness(const std::string& path) {
  const ppm::Photo photo(path);
  const auto* samples = static_cast<const std::uint8_t*>(photo.samples());
  long sum = 0;
  for (std::ptrdiff_t i = 3; i < photo.width() * photo.height() * 3; ++i) {
    sum += std::abs(samples[i] - samples[i - 3]);
  }
  return sum;
}

}  // namespace

TEST_CASE("smooth") {
  const Folder folder;
  const std::string content = folder.file("content.ppm");
  const std::string stylized = folder.file("stylized.ppm");
  const std::string out = folder.file("out.ppm");
  const std::string output = folder.file("output");
  write_photo(content, 41, 29, 1);
  write_photo(stylized, 41, 29, 2);
  REQUIRE(run("smooth", quoted(content) + quoted(stylized) + quoted(out), output) == 0);
  CHECK(read_bytes(output).find("iterations") != std::string::npos);
  CHECK(roughness(out) < roughness(stylized));

  CHECK(run("smooth", quoted(content), output) == 2);
  CHECK(read_bytes(output).find("usage: smooth") == 0);
  write_photo(stylized, 40, 29, 2);
  CHECK(run("smooth", quoted(content) + quoted(stylized) + quoted(out), output) == 1);
  CHECK(read_bytes(output).find("smooth: ") == 0);
  CHECK(run("smooth", quoted(content) + quoted(folder.file("none.ppm")) + quoted(out), output) == 1);
  CHECK(read_bytes(output).find("none.ppm: the file cannot be opened") != std::string::npos);
}

#ifdef FASTPHOTO_HAS_ONNXRUNTIME
TEST_CASE("stylize, in C++ and in C, and the camera's loop") {
  if (std::getenv("FASTPHOTO_ONNXRUNTIME") == nullptr) {  // NOLINT(concurrency-mt-unsafe): only read
    MESSAGE("left out: FASTPHOTO_ONNXRUNTIME does not name ONNX Runtime's library");
    return;
  }
  const Folder folder;
  const std::string model = quoted(FASTPHOTO_MODELS "/photowct-lite");
  const std::string content = folder.file("content.ppm");
  const std::string style = folder.file("style.ppm");
  const std::string out = folder.file("out.ppm");
  const std::string out_c = folder.file("out_c.ppm");
  const std::string output = folder.file("output");
  write_photo(content, 80, 56, 1);
  write_photo(style, 64, 64, 2);

  REQUIRE(run("stylize", model + quoted(content) + quoted(style) + quoted(out), output) == 0);
  CHECK(read_bytes(output).find("photowct-lite on ") == 0);
  const ppm::Photo result(out);
  CHECK(result.width() == 80);
  CHECK(result.height() == 56);
  CHECK(read_bytes(out) != read_bytes(content));

  REQUIRE(run("stylize_c", model + quoted(content) + quoted(style) + quoted(out_c), output) == 0);
  CHECK(read_bytes(out_c) == read_bytes(out));

  REQUIRE(run("camera_loop", model + quoted(style) + quoted(content) + "3", output) == 0);
  CHECK(read_bytes(output).find("3 frames of 60 x 42: half within ") == 0);
  std::filesystem::create_directory(folder.file("frames"));
  std::filesystem::copy(content, folder.file("frames/1.ppm"));
  std::filesystem::copy(content, folder.file("frames/2.ppm"));
  REQUIRE(run("camera_loop", model + quoted(style) + quoted(folder.file("frames")) + "2", output) == 0);
  CHECK(read_bytes(output).find("2 frames of 80 x 56: ") == 0);

  CHECK(run("camera_loop", model + quoted(style) + quoted(content) + "0", output) == 1);
  CHECK(read_bytes(output).find("expected 1 to 1000000") != std::string::npos);
  for (const std::string program : {"stylize", "stylize_c"}) {
    CHECK(run(program, model, output) == 2);
    CHECK(run(program, quoted("no/such/model") + quoted(content) + quoted(style) + quoted(out), output) == 1);
    CHECK(read_bytes(output).find(program + ": ") == 0);
    CHECK(run(program, model + quoted(content) + quoted(style) + quoted(out) + quoted("/no/such/library.so"), output) ==
          1);
    CHECK(read_bytes(output).find("/no/such/library.so") != std::string::npos);
  }
}
#endif
