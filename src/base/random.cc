#include "base/random.h"

#include <sys/random.h>

#include <bit>

#include "base/encoding.h"
#include "base/result.h"

namespace mayfly {

uint64_t Random::Below(uint64_t bound) {
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value = Next();
  while (value >= limit) value = Next();
  return value % bound;
}

std::string Random::Hex(int bytes) {
  std::string raw;
  while (static_cast<int>(raw.size()) < bytes) {
    const uint64_t value = Next();
    raw.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  raw.resize(static_cast<size_t>(bytes));
  return HexEncode(raw);
}

std::string Random::Uuid() {
  std::string hex = Hex(16);
  hex[12] = '4';
  hex[16] = "89ab"[Next() & 3];
  for (const size_t at : {8u, 13u, 18u, 23u}) hex.insert(at, 1, '-');
  return hex;
}

uint64_t SystemRandom::Next() {
  if (left_ == 0) {
    MF_ASSERT(getrandom(buffer_, sizeof buffer_, 0) == static_cast<ssize_t>(sizeof buffer_));
    left_ = 32;
  }
  return buffer_[--left_];
}

SeededRandom::SeededRandom(uint64_t seed) {
  for (uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

uint64_t SeededRandom::Next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

}  // namespace mayfly
