// Asks for pages of 2 MB where fresh memory is about to be written: with small ones, its first pass costs more than the work.
#pragma once
#if defined(__linux__)
#include <sys/mman.h>
#endif
#include <cstddef>
#include <cstdint>

namespace cole {

constexpr size_t kHugePage = size_t{2} << 20;

// For the whole huge pages within the block. Advice: nothing happens where there are none.
inline void prefer_huge_pages([[maybe_unused]] void* data, [[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  const auto begin = (reinterpret_cast<uintptr_t>(data) + kHugePage - 1) / kHugePage * kHugePage;
  const auto end = (reinterpret_cast<uintptr_t>(data) + bytes) / kHugePage * kHugePage;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace cole
