// Native tests: every case that uses kernels with those of every instruction set of this CPU, or of the one that COLE_ISA
// names.
#include <cstdlib>
#include <cstring>
#include <exception>

#include "test/check.h"

int main() {
  using namespace cole;
  try {
    std::vector<Isa> isas = supported_isas();
    if (const char* forced = std::getenv("COLE_ISA"); forced && *forced) isas = {isa()};
    for (Isa i : isas) {
      for (const auto& c : test::cases()) {
        if (c.once && i != isas.front()) continue;
        const int before = test::failures();
        c.run(kernels(i));
        std::printf("%s %s %s\n", test::failures() == before ? "ok  " : "FAIL", isa_name(i), c.name);
      }
    }
  } catch (const std::exception& e) {
    std::printf("FAIL %s\n", e.what());
    return 1;
  }
  std::printf("%d failures\n", test::failures());
  return test::failures() ? 1 : 0;
}
