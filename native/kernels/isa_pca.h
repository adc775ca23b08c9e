// The kernels under principal components: sums of products, and the eigen-solver's passes over a symmetric matrix. Part of
// isa_kernels.cpp, apart for its length.
#pragma once
#include "kernels/simd.h"

namespace {

constexpr size_t kDoubles = Simd<double>::width;

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
  size_t r = 0;
  for (; r + 4 <= count; r += 4)
    transpose_strip(x + r * ldx, ldx, depth, center, to + r, width);
  for (; r < width; ++r)
    for (size_t p = 0; p < depth; ++p) to[p * width + r] = r < count ? x[r * ldx + p] - center[p] : 0;
}

void tile_f32_into_f64(size_t k, const float* a, const float* b, double* c, size_t ldc) {
  constexpr size_t width = Simd<float>::width;
  F32 acc[kTileRows][2] = {};
  accumulate<float, kTileRows, 2>(a, 1, 2 * width, b, 2 * width, k, acc);
  for (int r = 0; r < kTileRows; ++r)
    for (int j = 0; j < 2; ++j) {
      float lane[width];
      store(lane, acc[r][j]);
      double* to = c + r * ldc + j * width;
      for (size_t i = 0; i < width; ++i) to[i] += double(lane[i]);
    }
}

// Corner of the diagonal and rows that do not fill a tile, element by element.
COLE_INLINE void symmetric_row(const double* row, size_t begin, size_t i, const double* x, double* out) {
  double sum = row[i] * x[i];
  for (size_t j = begin; j < i; ++j) {
    sum += row[j] * x[j];
    out[j] += row[j] * x[i];
  }
  out[i] += sum;
}

void symmetric_multiply_f64(const double* a, size_t lda, size_t n, const double* x, double* out) {
  for (size_t i = 0; i < n; ++i) out[i] = 0;
  size_t i = 0;
  // A tile of rows at a time: out is loaded and stored once for all of them.
  for (; i + kTileRows <= n; i += kTileRows) {
    const double* rows = a + i * lda;
    F64 acc[kTileRows] = {}, factor[kTileRows];
    for (int r = 0; r < kTileRows; ++r) factor[r] = splat(x[i + r]);
    for (size_t j = 0; j < i; j += kDoubles) {
      const F64 xj = load(x + j);
      F64 sum = load(out + j), more = {};
#pragma GCC unroll 8
      for (int r = 0; r < kTileRows; r += 2) {
        const F64 even = load(rows + r * lda + j), odd = load(rows + (r + 1) * lda + j);
        acc[r] += even * xj;
        acc[r + 1] += odd * xj;
        sum += even * factor[r];
        more += odd * factor[r + 1];
      }
      store(out + j, sum + more);
    }
    for (int r = 0; r < kTileRows; ++r) {
      out[i + r] += horizontal_sum<double>(acc[r]);
      symmetric_row(rows + r * lda, i, i + r, x, out);
    }
  }
  for (; i < n; ++i) symmetric_row(a + i * lda, 0, i, x, out);
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

void count_below_f64(const double* d, const double* e2, size_t n, double tiny, const double* shifts, size_t count,
                     double* below) {
  const F64 zero = {}, one = splat(1.0), least = splat(-tiny);
  // Four vectors at a time hide the latency of the division.
  for (size_t s = 0; s < count; s += 4 * kDoubles) {
    F64 shift[4], q[4], sum[4] = {};
    for (int v = 0; v < 4; ++v) {
      shift[v] = load(shifts + s + v * kDoubles);
      q[v] = one;
    }
    for (size_t i = 0; i < n; ++i) {
      const F64 di = splat(d[i]), ei = splat(e2[i]);
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) {
        q[v] = di - shift[v] - ei / q[v];
        // A pivot too small to divide by counts as negative.
        q[v] = (q[v] < -least) & (q[v] > least) ? least : q[v];
        sum[v] += q[v] < zero ? one : zero;
      }
    }
    for (int v = 0; v < 4; ++v) store(below + s + v * kDoubles, sum[v]);
  }
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
