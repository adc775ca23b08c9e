// Blocked matrix product around the packed register tile. Operands come as functions, so a caller can transpose, centre
// or widen them while they are packed. The order of the sum over p of each element is fixed: blocks of kDepth in turn,
// whatever the number of threads.
#pragma once
#include <algorithm>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/parallel_for.h"
#include "kernels/kernels.h"

namespace cole {

namespace gemm_detail {

// Depth of a block: a panel of b (kDepth x tile columns) fits the first-level cache.
constexpr size_t kDepth = 256;
// Rows of c that one task computes: kDepth * kRows packed elements of a stay in the second-level cache.
constexpr size_t kRows = 96;

template <class T>
struct Tile {
  size_t rows, cols;
  void (*multiply)(size_t, const T*, const T*, T*, size_t, bool);
};
inline Tile<float> tile_of(const Kernels& k, float) { return {k.rows_f32, k.cols_f32, k.tile_f32}; }
inline Tile<double> tile_of(const Kernels& k, double) { return {k.rows_f64, k.cols_f64, k.tile_f64}; }

// Packs at(i, p) for i in [begin, end), p in [p0, p0 + depth) into panels of `width` values of i; missing ones are
// zero. All panels together go through p in steps of kStep, so that an operand with i contiguous is read in long pieces.
template <class T, class At>
void pack(const At& at, size_t begin, size_t end, size_t p0, size_t depth, size_t width, T* to) {
  constexpr size_t kStep = 16;
  for (size_t step = 0; step < depth; step += kStep)
    for (size_t i = begin; i < end; i += width) {
      const size_t count = std::min(width, end - i);
      T* out = to + (i - begin) * depth + step * width;
      for (size_t p = p0 + step; p < p0 + std::min(depth, step + kStep); ++p, out += width) {
        for (size_t r = 0; r < count; ++r) out[r] = at(i + r, p);
        for (size_t r = count; r < width; ++r) out[r] = 0;
      }
    }
}

}  // namespace gemm_detail

// What becomes of c: replaced, replaced in its lower triangle (what is above may be left unset), or added to.
enum class Into { kAll, kLower, kAdd };

// c[m, n] = or += sum over p < k of a(i, p) b(j, p).
template <class T, class A, class B>
void gemm(size_t m, size_t n, size_t k, const A& a, const B& b, T* c, size_t ldc, Into into, int threads,
          const Kernels& kernels) {
  using namespace gemm_detail;
  const Tile<T> tile = tile_of(kernels, T{});
  if (k == 0) {
    if (into == Into::kAdd) return;
    for (size_t i = 0; i < m; ++i) std::fill(c + i * ldc, c + i * ldc + n, T{0});
    return;
  }
  const size_t b_panels = (n + tile.cols - 1) / tile.cols;
  AlignedBuffer<T> packed_b(b_panels * tile.cols * std::min(k, kDepth));
  for (size_t p0 = 0; p0 < k; p0 += kDepth) {
    const size_t depth = std::min(kDepth, k - p0);
    const bool add = p0 > 0 || into == Into::kAdd;
    constexpr size_t kPanelsPerTask = 8;
    parallel_for((b_panels + kPanelsPerTask - 1) / kPanelsPerTask, threads, [&](size_t task) {
      const size_t begin = task * kPanelsPerTask * tile.cols;
      pack(b, begin, std::min(n, begin + kPanelsPerTask * tile.cols), p0, depth, tile.cols,
           packed_b.data() + begin * depth);
    });
    parallel_for((m + kRows - 1) / kRows, threads, [&](size_t task) {
      const size_t begin = task * kRows, end = std::min(m, begin + kRows);
      AlignedBuffer<T> packed_a((kRows + tile.rows) * depth);
      AlignedBuffer<T> edge(tile.rows * tile.cols);
      pack(a, begin, end, p0, depth, tile.rows, packed_a.data());
      for (size_t j = 0; j < n; j += tile.cols) {
        if (into == Into::kLower && j >= end) break;
        const T* panel_b = packed_b.data() + j * depth;
        for (size_t i = begin; i < end; i += tile.rows) {
          const T* panel_a = packed_a.data() + (i - begin) * depth;
          if (i + tile.rows <= end && j + tile.cols <= n) {
            tile.multiply(depth, panel_a, panel_b, c + i * ldc + j, ldc, add);
            continue;
          }
          tile.multiply(depth, panel_a, panel_b, edge.data(), tile.cols, false);
          for (size_t r = 0; r < std::min(tile.rows, end - i); ++r)
            for (size_t s = 0; s < std::min(tile.cols, n - j); ++s) {
              T& to = c[(i + r) * ldc + j + s];
              to = add ? to + edge[r * tile.cols + s] : edge[r * tile.cols + s];
            }
        }
      }
    });
  }
}

// out[m, n] = op(a) op(b); a is [m, k] (transposed: [k, m]), b is [k, n] (transposed: [n, k]), all row-major and dense.
void sgemm(const float* a, const float* b, size_t m, size_t n, size_t k, bool transpose_a, bool transpose_b, float* out,
           int threads, const Kernels& kernels);

}  // namespace cole
