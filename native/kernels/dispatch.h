// Which instruction set the kernels run on: the best one this CPU has, or the one that COLE_ISA names.
#pragma once
#include <string>
#include <vector>

namespace cole {

// kBaseline: vectors of 16 bytes, which every processor of the family has: sse2 on x86-64, neon on 64-bit ARM.
enum class Isa { kBaseline, kAvx2, kAvx512 };

const char* isa_name(Isa isa);
// Best first.
std::vector<Isa> supported_isas();
// Decided once per process. Throws ERR_OPTION where COLE_ISA is unknown or not supported here: no silent fallback.
Isa isa();

}  // namespace cole
