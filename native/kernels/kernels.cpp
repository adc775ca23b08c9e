#include "kernels/kernels.h"

#include <string>

#include "base/error.h"

namespace cole {

const Kernels& kernels_baseline();
#if defined(__x86_64__)
const Kernels& kernels_avx2();
const Kernels& kernels_avx512();
#endif

const Kernels& kernels(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2:
      return kernels_avx2();
    case Isa::kAvx512:
      return kernels_avx512();
#endif
    case Isa::kBaseline:
      return kernels_baseline();
    default:
      break;
  }
  throw Error("ERR_OPTION", std::string("expected an instruction set of this CPU, got ") + isa_name(isa));
}

const Kernels& kernels() {
  static const Kernels& chosen = kernels(isa());
  return chosen;
}

}  // namespace cole
