// While alive, this thread's floating point unit takes denormal numbers for zero: Adam's moments of units that never
// fire decay into denormals, which cost over a hundred cycles each. Restores the caller's setting at the end.
#pragma once
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif
#include <cstdint>

namespace cole {

class FlushDenormals {
 public:
#if defined(__x86_64__)
  // Bits 15 (flush to zero) and 6 (denormals are zero).
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040u); }
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    // Bit 24: flush to zero.
    asm volatile("msr fpcr, %0" : : "r"(saved_ | (uint64_t{1} << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }

 private:
  uint64_t saved_;
#else
  FlushDenormals() {}
#endif

 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

}  // namespace cole
