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
  F32 acc[kTileRows][C];
  for (int r = 0; r < kTileRows; ++r)
    for (int j = 0; j < C; ++j) acc[r][j] = load(sums + r * 2 * width + j * width);
  accumulate<float, kTileRows, C>(a, 1, 2 * width, b, 2 * width, k, acc);
  for (int r = 0; r < kTileRows; ++r)
    for (int j = 0; j < C; ++j) store(sums + r * 2 * width + j * width, acc[r][j]);
}

void panels_f32_into_f64(size_t k, const float* a, const float* b, bool diagonal, double* c, size_t ldc) {
  constexpr size_t width = 2 * Simd<float>::width;
  // Of two whole panels the first-level cache would hold one at best: it has this much of both, and the sums.
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

void symmetric_multiply_f64(const double* a, size_t lda, size_t n, const double* x, double* out) {
  for (size_t i = 0; i < n; ++i) out[i] = 0;
  // A tile of rows at a time: out is loaded and stored once for all of them. Rows beyond n take part with a factor of 0.
  for (size_t i = 0; i < n; i += kTileRows) {
    const double* rows = a + i * lda;
    F64 acc[kTileRows] = {}, factor[kTileRows];
    for (int r = 0; r < kTileRows; ++r) factor[r] = splat(i + r < n ? x[i + r] : 0.0);
    for (size_t j = 0; j < i; j += kDoubles)
      store(out + j, load(out + j) + symmetric_step<false>(rows + j, lda, load(x + j), factor, 0, acc));
    for (size_t c = 0; c < kTileRows; c += kDoubles) {
      double xc[kDoubles], back[kDoubles];
      for (size_t l = 0; l < kDoubles; ++l) xc[l] = i + c + l < n ? x[i + c + l] : 0.0;
      store(back, symmetric_step<true>(rows + i + c, lda, load(xc), factor, int64_t(c), acc));
      for (size_t l = 0; l < kDoubles && i + c + l < n; ++l) out[i + c + l] += back[l];
    }
    for (size_t r = 0; r < kTileRows && i + r < n; ++r) out[i + r] += horizontal_sum<double>(acc[r]);
  }
}

template <int R>
COLE_INLINE void outer_rows(double* c, size_t lda, size_t last, const double* p, const double* q, size_t ld, size_t count) {
  for (size_t j = 0; j <= last; j += 2 * kDoubles) {
    F64 acc[R][2];
    for (int r = 0; r < R; ++r)
      for (int s = 0; s < 2; ++s) acc[r][s] = load(c + r * lda + j + s * kDoubles);
    accumulate<double, R, 2>(p, 1, ld, q + j, ld, count, acc);
    for (int r = 0; r < R; ++r)
      for (int s = 0; s < 2; ++s) store(c + r * lda + j + s * kDoubles, acc[r][s]);
  }
}

void add_outer_f64(double* a, size_t lda, size_t n, const double* p, const double* q, size_t ld, size_t count) {
  size_t i = 0;
  for (; i + kTileRows <= n; i += kTileRows)
    outer_rows<kTileRows>(a + i * lda, lda, i + kTileRows - 1, p + i, q, ld, count);
  for (; i < n; ++i) outer_rows<1>(a + i * lda, lda, i, p + i, q, ld, count);
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
