// Which instruction set the kernels run on: the best one this CPU has, or the one that COLE_ISA names.
#pragma once
#include <string>
#include <vector>

namespace cole {

enum class Isa { kScalar, kAvx2, kAvx512, kNeon };

const char* isa_name(Isa isa);
// Best first.
std::vector<Isa> supported_isas();
// Decided once per process. Throws ERR_OPTION where COLE_ISA is unknown or not supported here: no silent fallback.
Isa isa();

}  // namespace cole
