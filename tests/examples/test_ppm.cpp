// SPDX-License-Identifier: Apache-2.0
//
// Tests the examples' reader and writer of PPM files, on whole and on damaged ones.
#include <doctest/doctest.h>

#include <string>

#include "folder.h"

using namespace std::string_literals;

TEST_CASE("a photo of 8 bits comes back as it was written") {
  const Folder folder;
  write_photo(folder.file("a.ppm"), 7, 5, 1);
  const ppm::Photo photo(folder.file("a.ppm"));
  CHECK(photo.width() == 7);
  CHECK(photo.height() == 5);
  CHECK(photo.bits() == 8);
  photo.write(folder.file("b.ppm"));
  CHECK(read_bytes(folder.file("a.ppm")) == read_bytes(folder.file("b.ppm")));
}

TEST_CASE("a photo of 16 bits comes back as it was written, its larger halves first") {
  const Folder folder;
  write_bytes(folder.file("a.ppm"), "P6\n1 1\n65535\n\x01\x02\x03\x04\xff\xfe"s);
  const ppm::Photo photo(folder.file("a.ppm"));
  CHECK(photo.bits() == 16);
  CHECK(static_cast<const std::uint16_t*>(photo.samples())[0] == 0x0102);
  photo.write(folder.file("b.ppm"));
  CHECK(read_bytes(folder.file("a.ppm")) == read_bytes(folder.file("b.ppm")));
}

TEST_CASE("comments and white space of the header are skipped, and samples are scaled to whole range") {
  const Folder folder;
  write_bytes(folder.file("a.ppm"), "P6 # made by hand\n#\n 1\t1 # so wide\n100\n\x64\x32\0"s);
  const ppm::Photo photo(folder.file("a.ppm"));
  const auto* samples = static_cast<const std::uint8_t*>(photo.samples());
  CHECK(samples[0] == 255);
  CHECK(samples[1] == 128);
  CHECK(samples[2] == 0);
  write_bytes(folder.file("b.ppm"), "P6 1 1 1000\n\x03\xe8\x01\xf4\0\0"s);
  const ppm::Photo deep(folder.file("b.ppm"));
  const auto* numbers = static_cast<const std::uint16_t*>(deep.samples());
  CHECK(numbers[0] == 65535);
  CHECK(numbers[1] == 32768);
  CHECK(numbers[2] == 0);
}

TEST_CASE("damaged files give a message that names the file") {
  const Folder folder;
  const std::string file = folder.file("a.ppm");
  const auto message = [&](const std::string& bytes) {
    write_bytes(file, bytes);
    try {
      const ppm::Photo photo(file);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return "nothing"s;
  };
  const std::string whole = "P6\n2 1\n255\n\x01\x02\x03\x04\x05\x06"s;
  CHECK(message(whole) == "nothing");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CHECK(message(whole.substr(0, length)).find(file + ": ") == 0);
  }
  CHECK(message("P3\n1 1\n255\n1 2 3\n").find("expected P6") != std::string::npos);
  CHECK(message("P6\n0 1\n255\n").find("header is damaged") != std::string::npos);
  CHECK(message("P6\n-4 1\n255\n").find("header is damaged") != std::string::npos);
  CHECK(message("P6\n1 1\n65536\nabcdef").find("header is damaged") != std::string::npos);
  CHECK(message("P6\n99999999999999999999 1\n255\nabc").find("header is damaged") != std::string::npos);
  CHECK(message("P6\n1000000 1000000\n255\nabc").find("truncated") != std::string::npos);
  CHECK(message("P6\n1 1\n5\n\x05\x06\x05").find("larger than the header says") != std::string::npos);
  CHECK_THROWS_WITH_AS(ppm::Photo(folder.file("none.ppm")),
                       (folder.file("none.ppm") + ": the file cannot be opened").c_str(), std::runtime_error);
}
