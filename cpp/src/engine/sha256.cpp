// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 as FIPS 180-4 defines it, for the files that bundle.json names.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fastphoto/engine/bundle.h"

namespace fastphoto {

namespace {

using Word = std::uint32_t;
constexpr std::size_t block_bytes = 64;

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2).
constexpr std::array<Word, 64> constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

constexpr Word rotate(Word x, unsigned bits) { return (x >> bits) | (x << (32U - bits)); }

/// The hash of one block after another (6.2.2).
class Hash {
 public:
  void add_block(const char* block) {
    std::array<Word, 64> schedule{};
    for (std::size_t t = 0; t < 16; ++t) {
      for (std::size_t i = 0; i < 4; ++i) {
        schedule[t] = (schedule[t] << 8U) | static_cast<unsigned char>(block[4 * t + i]);
      }
    }
    for (std::size_t t = 16; t < 64; ++t) {
      const Word a = schedule[t - 15];
      const Word b = schedule[t - 2];
      schedule[t] = schedule[t - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3U)) + schedule[t - 7] +
                    (rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10U));
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t t = 0; t < 64; ++t) {
      const Word first =
          h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + constants[t] + schedule[t];
      const Word second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + second;
    }
    const std::array<Word, 8> turned = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state_.size(); ++i) {
      state_[i] += turned[i];
    }
  }

  std::string hexadecimal() const {
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (const Word word : state_) {
      for (unsigned shift = 32; shift > 0;) {
        shift -= 4;
        text += digits[(word >> shift) & 15U];
      }
    }
    return text;
  }

 private:
  /// The same of the square roots of the first eight primes (5.3.3).
  std::array<Word, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
};

}  // namespace

std::string sha256(std::string_view bytes) {
  Hash hash;
  const std::size_t whole = bytes.size() / block_bytes * block_bytes;
  for (std::size_t begin = 0; begin < whole; begin += block_bytes) {
    hash.add_block(bytes.data() + begin);
  }
  // The rest, a one bit, zeros, and the number of bits in 64 bits, most significant byte first (5.1.1).
  std::string end(bytes.substr(whole));
  end += '\x80';
  while (end.size() % block_bytes != block_bytes - 8) {
    end += '\0';
  }
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (unsigned shift = 64; shift > 0;) {
    shift -= 8;
    end += static_cast<char>((bits >> shift) & 255U);
  }
  for (std::size_t begin = 0; begin < end.size(); begin += block_bytes) {
    hash.add_block(end.data() + begin);
  }
  return hash.hexadecimal();
}

}  // namespace fastphoto
