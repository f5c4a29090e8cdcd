// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 against the examples of FIPS 180-4 and NIST's test vectors, and at every length around a block.
#include <doctest/doctest.h>

#include <string>

#include "fastphoto/engine/bundle.h"

using namespace fastphoto;

TEST_CASE("SHA-256 has the values that NIST published") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
               "mnopqrstnopqrstu") == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(sha256(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 counts every byte: zeros of other lengths, and a single other bit, have other values") {
  // The lengths at which the padding goes from one block to two, and those around whole blocks. Sums by hashlib.
  CHECK(sha256(std::string(55, '\0')) == "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7");
  CHECK(sha256(std::string(56, '\0')) == "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb");
  CHECK(sha256(std::string(63, '\0')) == "c7723fa1e0127975e49e62e753db53924c1bd84b8ac1ac08df78d09270f3d971");
  CHECK(sha256(std::string(64, '\0')) == "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
  CHECK(sha256(std::string(65, '\0')) == "98ce42deef51d40269d542f5314bef2c7468d401ad5d85168bfab4c0108f75f7");
  std::string one(64, '\0');
  one[63] = '\x01';
  CHECK(sha256(one) != sha256(std::string(64, '\0')));
}
