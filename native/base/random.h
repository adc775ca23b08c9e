// Seeded random numbers, the same on every platform: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). A stream is named by
// seed and purpose, so that what one part draws never shifts what another part draws.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

namespace cole {

class Random {
 public:
  Random(uint32_t seed, uint32_t purpose) : state_((static_cast<uint64_t>(purpose) << 32) | seed) {
    // Neighbouring seeds would otherwise start at neighbouring states.
    state_ = next64();
  }

  uint64_t next64() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint32_t next32() { return static_cast<uint32_t>(next64() >> 32); }
  // Uniform in [0, n), by Lemire's multiplication with rejection (TOMACS 29, 2019): every value equally likely.
  uint32_t below(uint32_t n) {
    uint64_t product = static_cast<uint64_t>(next32()) * n;
    if (static_cast<uint32_t>(product) < n) {
      const uint32_t threshold = -n % n;
      while (static_cast<uint32_t>(product) < threshold) product = static_cast<uint64_t>(next32()) * n;
    }
    return static_cast<uint32_t>(product >> 32);
  }
  // Uniform in [-bound, bound).
  float symmetric(float bound) { return (static_cast<float>(next64() >> 40) * 0x1p-23f - 1.0f) * bound; }
  template <class T>
  void shuffle(T* values, size_t n) {
    for (size_t i = n; i > 1; --i) std::swap(values[i - 1], values[below(static_cast<uint32_t>(i))]);
  }

 private:
  uint64_t state_;
};

}  // namespace cole
