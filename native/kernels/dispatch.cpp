#include "kernels/dispatch.h"

#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace cole {

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kBaseline:
      break;
  }
#if defined(__x86_64__)
  return "sse2";
#elif defined(__aarch64__)
  return "neon";
#else
  return "baseline";
#endif
}

std::vector<Isa> supported_isas() {
  std::vector<Isa> out;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    out.push_back(Isa::kAvx512);
  // Every CPU with these two converts half floats as well (F16C).
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) out.push_back(Isa::kAvx2);
#endif
  out.push_back(Isa::kBaseline);
  return out;
}

static Isa choose() {
  const auto supported = supported_isas();
  const char* forced = std::getenv("COLE_ISA");
  if (!forced || !*forced) return supported.front();
  std::string names;
  for (Isa isa : supported) {
    if (std::strcmp(forced, isa_name(isa)) == 0) return isa;
    names += std::string(names.empty() ? "" : ", ") + isa_name(isa);
  }
  throw Error("ERR_OPTION", "expected one of " + names + " for COLE_ISA on this CPU, got " + forced);
}

Isa isa() {
  static const Isa chosen = choose();
  return chosen;
}

}  // namespace cole
