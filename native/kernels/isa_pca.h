// The kernels under principal components: sums of products, and the eigen-solver's passes over a symmetric matrix. Part of
// isa_kernels.cpp, apart for its length.
#pragma once
#include "kernels/simd.h"

namespace {

constexpr size_t kDoubles = Simd<double>::width;
typedef int64_t Lanes __attribute__((vector_size(COLE_VECTOR_BYTES)));

void add_rows_f64(double* sum, const float* rows, size_t count, size_t n) {
  size_t r = 0;
  // Four rows per pass over the sums, added one after the other.
  for (; r + 4 <= count; r += 4, rows += 4 * n)
    for (size_t i = 0; i < n; ++i)
      sum[i] = (((sum[i] + double(rows[i])) + double(rows[n + i])) + double(rows[2 * n + i])) + double(rows[3 * n + i]);
  for (; r < count; ++r, rows += n)
    for (size_t i = 0; i < n; ++i) sum[i] += double(rows[i]);
}

void pack_columns_f32(const float* x, size_t ldx, size_t depth, size_t count, const float* center, float* to) {
  constexpr size_t width = 2 * Simd<float>::width;
  if (count < width) {
    for (size_t p = 0; p < depth; ++p, x += ldx, to += width)
      for (size_t r = 0; r < width; ++r) to[r] = r < count ? x[r] - center[r] : 0;
    return;
  }
  const F32 low = load(center), high = load(center + width / 2);
  for (size_t p = 0; p < depth; ++p, x += ldx, to += width) {
    store(to, load(x) - low);
    store(to + width / 2, load(x + width / 2) - high);
  }
}

void pack_rows_f32(const float* x, size_t ldx, size_t depth, size_t count, const float* center, float* to) {
  constexpr size_t width = 2 * Simd<float>::width;
  // A cache line of each row at a time: what is written meanwhile stays in the first-level cache.
  constexpr size_t kLine = 16;
  size_t r = 0;
  for (size_t p = 0; p < depth; p += kLine)
    for (r = 0; r + 4 <= count; r += 4)
      transpose_strip(x + r * ldx + p, ldx, depth - p < kLine ? depth - p : kLine, center + p, to + p * width + r, width);
  for (; r < width; ++r)
    for (size_t p = 0; p < depth; ++p) to[p * width + r] = r < count ? x[r * ldx + p] - center[p] : 0;
}

template <int C>
COLE_INLINE void add_tile(size_t k, const float* a, const float* b, float* sums) {
  constexpr size_t width = Simd<float>::width;
  F32 acc[kTileRows][C] = {};
  accumulate<float, kTileRows, C>(a, 1, 2 * width, b, 2 * width, k, acc);
  for (int r = 0; r < kTileRows; ++r)
    for (int j = 0; j < C; ++j) {
      float* to = sums + r * 2 * width + j * width;
      store(to, load(to) + acc[r][j]);
    }
}

void panels_f32_into_f64(size_t k, const float* a, const float* b, bool diagonal, double* c, size_t ldc) {
  constexpr size_t width = 2 * Simd<float>::width;
  // Of two whole panels the first-level cache would hold one at best: it has this much of both, and the sums. Sums of so few
  // that are added up then err by a third of what one long sum does.
  constexpr size_t kStep = 64;
  float sums[width * width] = {};
  for (size_t p = 0; p < k; p += kStep, a += kStep * width, b += kStep * width) {
    const size_t depth = k - p < kStep ? k - p : kStep;
    for (size_t r = 0; r < width; r += kTileRows) {
      // What is added to at the end comes from further away: on its way meanwhile.
      if (p + depth == k)
        for (size_t i = r; i < r + kTileRows; ++i)
          for (size_t j = 0; j < width; j += 8) __builtin_prefetch(c + i * ldc + j, 1);
      if (diagonal && r + kTileRows <= width / 2)
        add_tile<1>(depth, a + r, b, sums + r * width);
      else
        add_tile<2>(depth, a + r, b, sums + r * width);
    }
  }
  for (size_t r = 0; r < width; ++r)
    for (size_t j = 0; j < width; ++j) c[r * ldc + j] += double(sums[r * width + j]);
}

void panels_f64(size_t k, const float* a, const float* b, bool diagonal, double* c, size_t ldc) {
  constexpr size_t width = 2 * Simd<float>::width;
  // Both panels, widened, stay in the first-level cache with what is added to.
  constexpr size_t kStep = 8192 / sizeof(double) / width;
  alignas(64) double wide_a[kStep * width], wide_b[kStep * width];
  for (size_t p = 0; p < k; p += kStep, a += kStep * width, b += kStep * width) {
    const size_t depth = k - p < kStep ? k - p : kStep;
    for (size_t i = 0; i < depth * width; ++i) wide_a[i] = double(a[i]);
    for (size_t i = 0; i < depth * width; ++i) wide_b[i] = double(b[i]);
    for (size_t r = 0; r < width; r += kTileRows)
      for (size_t j = 0; j < (diagonal ? r + kTileRows : width); j += 2 * kDoubles) {
        F64 acc[kTileRows][2];
        for (int t = 0; t < kTileRows; ++t)
          for (int s = 0; s < 2; ++s) acc[t][s] = load(c + (r + t) * ldc + j + s * kDoubles);
        accumulate<double, kTileRows, 2>(wide_a + r, 1, width, wide_b + j, width, depth, acc);
        for (int t = 0; t < kTileRows; ++t)
          for (int s = 0; s < 2; ++s) store(c + (r + t) * ldc + j + s * kDoubles, acc[t][s]);
      }
  }
}

// One row each way for the columns j .. j + kDoubles - 1 of a tile: acc[r] += a x, and what the rows give back to out.
// offset: columns of the diagonal block that lie before j. There a row ends at its diagonal, which counts once.
template <bool diagonal>
COLE_INLINE F64 symmetric_step(const double* rows, size_t lda, F64 xj, const F64 (&factor)[kTileRows], int64_t offset,
                               F64 (&acc)[kTileRows]) {
  F64 sum[2] = {};
#pragma GCC unroll 8
  for (int r = 0; r < kTileRows; ++r) {
    F64 row = load(rows + r * lda), back = row;
    if constexpr (diagonal) {
      Lanes lane;
      for (size_t l = 0; l < kDoubles; ++l) lane[l] = int64_t(l) + offset;
      row = lane <= r ? row : F64{};
      back = lane < r ? row : F64{};
    }
    acc[r] += row * xj;
    sum[r % 2] += back * factor[r];
  }
  return sum[0] + sum[1];
}

// c[R, C vectors] += sum over s < count of p[s, .] q[s, .]^T.
template <int R, int C>
COLE_INLINE void outer_tile(double* c, size_t lda, const double* p, const double* q, size_t ld, size_t count) {
  F64 acc[R][C];
  for (int r = 0; r < R; ++r)
    for (int s = 0; s < C; ++s) acc[r][s] = load(c + r * lda + s * kDoubles);
  accumulate<double, R, C>(p, 1, ld, q, ld, count, acc);
  for (int r = 0; r < R; ++r)
    for (int s = 0; s < C; ++s) store(c + r * lda + s * kDoubles, acc[r][s]);
}

void symmetric_multiply_f64(double* a, size_t lda, size_t n, const double* p, const double* q, size_t ld, size_t count,
                            const double* x, double* out) {
  for (size_t i = 0; i < n; ++i) out[i] = 0;
  // A tile of rows at a time: out is loaded and stored once for all of them. Rows beyond n take part with a factor of 0.
  for (size_t i = 0; i < n; i += kTileRows) {
    double* rows = a + i * lda;
    const size_t height = n - i < kTileRows ? n - i : kTileRows;
    if (height < kTileRows)
      for (size_t r = 0; count > 0 && r < height; ++r)
        for (size_t j = 0; j <= i + r; j += kDoubles) outer_tile<1, 1>(rows + r * lda + j, lda, p + i + r, q + j, ld, count);
    const bool update = count > 0 && height == kTileRows;
    F64 acc[kTileRows] = {}, factor[kTileRows];
    for (int r = 0; r < kTileRows; ++r) factor[r] = splat(i + r < n ? x[i + r] : 0.0);
    size_t j = 0;
    for (; j + 2 * kDoubles <= i; j += 2 * kDoubles) {
      if (update) outer_tile<kTileRows, 2>(rows + j, lda, p + i, q + j, ld, count);
      for (size_t c = j; c < j + 2 * kDoubles; c += kDoubles)
        store(out + c, load(out + c) + symmetric_step<false>(rows + c, lda, load(x + c), factor, 0, acc));
    }
    for (; j < i; j += kDoubles) {
      if (update) outer_tile<kTileRows, 1>(rows + j, lda, p + i, q + j, ld, count);
      store(out + j, load(out + j) + symmetric_step<false>(rows + j, lda, load(x + j), factor, 0, acc));
    }
    for (size_t c = 0; c < kTileRows; c += kDoubles) {
      if (update) outer_tile<kTileRows, 1>(rows + i + c, lda, p + i, q + i + c, ld, count);
      double xc[kDoubles], back[kDoubles];
      for (size_t l = 0; l < kDoubles; ++l) xc[l] = i + c + l < n ? x[i + c + l] : 0.0;
      store(back, symmetric_step<true>(rows + i + c, lda, load(xc), factor, int64_t(c), acc));
      for (size_t l = 0; l < kDoubles && i + c + l < n; ++l) out[i + c + l] += back[l];
    }
    for (size_t r = 0; r < height; ++r) out[i + r] += horizontal_sum<double>(acc[r]);
  }
}

COLE_INLINE F64 magnitude(F64 a) { return F64(Lanes(a) & INT64_MAX); }
COLE_INLINE F64 larger(F64 a, F64 b) { return a > b ? a : b; }

// The leading minors of t - shift by their recurrence of three terms, which needs no division; that of pivots takes twice
// as long. A zero between two others counts right with either sign.
void count_below_f64(const double* d, const double* e2, size_t n, const double* shifts, size_t count, double* below) {
  // Rows between rescalings: a minor is at most 8 times, at least 1e-60 of, the larger of the two before it.
  constexpr size_t kRows = 8;
  // Independent chains.
  constexpr size_t kChains = 4;
  constexpr int64_t kExponent = int64_t{0x7ff} << 52, kTwice = int64_t{0x7fe} << 52;
  for (size_t s = 0; s < count; s += kChains * kDoubles) {
    F64 shift[kChains], minor[kChains], before[kChains] = {};
    Lanes sum[kChains] = {};
    for (size_t v = 0; v < kChains; ++v) {
      shift[v] = load(shifts + s + v * kDoubles);
      minor[v] = splat(1.0);
    }
    for (size_t begin = 0; begin < n; begin += kRows) {
      for (size_t i = begin; i < n && i < begin + kRows; ++i) {
        const F64 di = splat(d[i]), ei = splat(e2[i]);
#pragma GCC unroll 4
        for (size_t v = 0; v < kChains; ++v) {
          const F64 next = (di - shift[v]) * minor[v] - ei * before[v];
          sum[v] -= (Lanes(next) ^ Lanes(minor[v])) < 0;
          before[v] = minor[v];
          minor[v] = next;
        }
      }
      for (size_t v = 0; v < kChains; ++v) {
        const Lanes exponent = Lanes(larger(magnitude(minor[v]), magnitude(before[v]))) & kExponent;
        const F64 scale = F64(kTwice - exponent);
        minor[v] *= scale;
        before[v] *= scale;
      }
    }
    for (size_t v = 0; v < kChains; ++v)
      for (size_t l = 0; l < kDoubles; ++l) below[s + v * kDoubles + l] = double(sum[v][l]);
  }
}

// Columns of x [n, kDoubles] to length 1; by the largest value first, since a nearly singular system has huge solutions.
COLE_INLINE void normalize_columns(double* x, size_t n) {
  F64 most = {}, square = {};
  for (size_t i = 0; i < n; ++i) most = larger(most, magnitude(load(x + i * kDoubles)));
  const F64 shrink = 1 / most;
  for (size_t i = 0; i < n; ++i) {
    const F64 value = load(x + i * kDoubles) * shrink;
    square += value * value;
  }
  double length[kDoubles];
  store(length, square);
  for (size_t l = 0; l < kDoubles; ++l) length[l] = __builtin_sqrt(length[l]);
  const F64 scale = shrink / load(length);
  for (size_t i = 0; i < n; ++i) store(x + i * kDoubles, load(x + i * kDoubles) * scale);
}

void inverse_iteration_f64(const double* d, const double* e, size_t n, double tiny, const double* shifts, double* x,
                           double* work, double* residuals) {
  const F64 shift = load(shifts), least = splat(tiny), zero = {};
  // Per row: the pivot's inverse, two values right of it, what the next row loses, whether the two rows changed places.
  const auto at = [=](size_t i, size_t part) __attribute__((always_inline)) { return work + (i * 5 + part) * kDoubles; };
  const auto invert = [=](F64 q) __attribute__((always_inline)) {
    return 1 / (magnitude(q) > least ? q : q < zero ? -least : least);
  };
  F64 pivot = d[0] - shift, up = splat(n > 1 ? e[1] : 0.0);
  for (size_t i = 0; i + 1 < n; ++i) {
    const F64 low = splat(e[i + 1]), next = d[i + 1] - shift, next_up = splat(i + 2 < n ? e[i + 2] : 0.0);
    const Lanes swapped = magnitude(low) > magnitude(pivot);
    const F64 inverse = swapped ? 1 / (swapped ? low : splat(1.0)) : invert(pivot);
    const F64 factor = (swapped ? pivot : low) * inverse, right = swapped ? next : up;
    store(at(i, 0), inverse);
    store(at(i, 1), right);
    store(at(i, 2), swapped ? next_up : zero);
    store(at(i, 3), factor);
    store(at(i, 4), F64(swapped));
    pivot = (swapped ? up : next) - factor * right;
    up = swapped ? -factor * next_up : next_up;
  }
  const F64 last = invert(pivot);
  for (int iteration = 0; iteration < 2; ++iteration) {
    F64 carried = load(x);
    for (size_t i = 0; i + 1 < n; ++i) {
      const F64 next = load(x + (i + 1) * kDoubles);
      const Lanes swapped = Lanes(load(at(i, 4)));
      const F64 value = swapped ? next : carried;
      store(x + i * kDoubles, value);
      carried = (swapped ? carried : next) - load(at(i, 3)) * value;
    }
    F64 one = carried * last, two = {};
    store(x + (n - 1) * kDoubles, one);
    for (size_t i = n - 1; i-- > 0;) {
      // The first difference does not wait for the value before.
      const F64 rest = load(x + i * kDoubles) - load(at(i, 2)) * two;
      two = one;
      one = (rest - load(at(i, 1)) * one) * load(at(i, 0));
      store(x + i * kDoubles, one);
    }
    normalize_columns(x, n);
  }
  F64 most = {};
  for (size_t i = 0; i < n; ++i) {
    F64 sum = (d[i] - shift) * load(x + i * kDoubles);
    if (i > 0) sum += e[i] * load(x + (i - 1) * kDoubles);
    if (i + 1 < n) sum += e[i + 1] * load(x + (i + 1) * kDoubles);
    most = larger(most, magnitude(sum));
  }
  store(residuals, most);
}

double dot_f64(const double* a, const double* b, size_t n) {
  F64 acc[4] = {};
  size_t i = 0;
  for (; i + 4 * kDoubles <= n; i += 4 * kDoubles)
    for (int j = 0; j < 4; ++j) acc[j] += load(a + i + j * kDoubles) * load(b + i + j * kDoubles);
  double sum = horizontal_sum<double>((acc[0] + acc[1]) + (acc[2] + acc[3]));
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

void add_scaled_f64(double* __restrict to, double factor, const double* __restrict from, size_t n) {
  for (size_t i = 0; i < n; ++i) to[i] += factor * from[i];
}

}  // namespace
