// The few things that the native tests need: a registry, checks that say what they compared, reproducible numbers.
#pragma once
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/kernels.h"

namespace cole::test {

struct Case {
  const char* name;
  std::function<void(const Kernels&)> run;
  bool once;
};
inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}
struct Register {
  Register(const char* name, void (*run)(const Kernels&), bool once = false) { cases().push_back({name, run, once}); }
};

inline int& failures() {
  static int count = 0;
  return count;
}
inline void report(const char* file, int line, const std::string& message) {
  if (++failures() <= 20) std::printf("    %s:%d: %s\n", file, line, message.c_str());
}

// Every case runs once per instruction set, with its table of kernels.
#define COLE_TEST(NAME)                                           \
  static void NAME(const Kernels& kernels);                       \
  static const cole::test::Register register_##NAME(#NAME, NAME); \
  static void NAME([[maybe_unused]] const Kernels& kernels)
// A case that uses no kernels runs once.
#define COLE_TEST_ONCE(NAME)                                                                          \
  static void NAME();                                                                                 \
  static const cole::test::Register register_##NAME(#NAME, [](const cole::Kernels&) { NAME(); }, true); \
  static void NAME()

#define CHECK(CONDITION)                                                              \
  do {                                                                                \
    if (!(CONDITION)) cole::test::report(__FILE__, __LINE__, "expected " #CONDITION); \
  } while (0)

#define CHECK_NEAR(ACTUAL, EXPECTED, TOLERANCE)                                                                   \
  do {                                                                                                            \
    const double actual_ = (ACTUAL), expected_ = (EXPECTED);                                                      \
    if (!(std::fabs(actual_ - expected_) <= (TOLERANCE)))                                                         \
      cole::test::report(__FILE__, __LINE__,                                                                      \
                         #ACTUAL ": expected " + std::to_string(expected_) + ", got " + std::to_string(actual_)); \
  } while (0)

inline std::vector<float> uniform(size_t n, uint32_t seed) {
  Random random(seed, 99);
  std::vector<float> out(n);
  for (float& v : out) v = random.symmetric(1);
  return out;
}

}  // namespace cole::test
