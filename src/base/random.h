// Randomness through a port: the kernel's for programs, seeded for simulation.
#pragma once

#include <cstdint>
#include <string>

namespace mayfly {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
  // Uniform in [0, bound). bound > 0.
  uint64_t Below(uint64_t bound);
  // Uniform in [0, 1).
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

  // "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx"
  std::string Uuid();
  // `bytes` random bytes in lower-case hex.
  std::string Hex(int bytes);
};

// getrandom(2) through a small buffer. One thread.
class SystemRandom final : public Random {
 public:
  uint64_t Next() override;

 private:
  uint64_t buffer_[32];
  int left_ = 0;
};

// Deterministic (xoshiro256**, seeded by splitmix64). For simulation only.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed);
  uint64_t Next() override;

 private:
  uint64_t state_[4];
};

}  // namespace mayfly
