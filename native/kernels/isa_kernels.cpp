// Compiled once per instruction set; see sources.cmake. Uses nothing of the standard library that has a body.
#include "kernels/kernels.h"
#include "kernels/simd.h"

namespace {

using cole::AdamStep;
using cole::Kernels;

constexpr size_t kWidth = Simd<float>::width;

// --- Packed product
// ---------------------------------------------------------------------------------------------------

template <class T, int R, int C>
void tile(size_t k, const T* a, const T* b, T* c, size_t ldc, bool add) {
  typename Simd<T>::Vector acc[R][C] = {};
  accumulate<T, R, C>(a, 1, R, b, C * Simd<T>::width, k, acc);
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) {
      T* to = c + r * ldc + j * Simd<T>::width;
      store(to, add ? load(to) + acc[r][j] : acc[r][j]);
    }
}

// --- Dense layers
// -----------------------------------------------------------------------------------------------------

// Calls f.template operator()<C>(column) over all columns, two vectors at a time and one for an odd end.
template <class F>
COLE_INLINE void for_columns(size_t cols, F f) {
  size_t c = 0;
  for (; c + 2 * kWidth <= cols; c += 2 * kWidth) f.template operator()<2>(c);
  for (; c < cols; c += kWidth) f.template operator()<1>(c);
}

COLE_INLINE F32 activate(F32 z, float slope) { return z > F32{} ? z : z * slope; }

// Exactly zero, and so of derivative zero, are dropped units, padding, and an undropped z = 0, where the derivative of
// a kink is a matter of choice.
COLE_INLINE F32 derivative(F32 h, float slope, float keep_scale) {
  const F32 zero = {};
  return h > zero ? splat(keep_scale) : h < zero ? splat(keep_scale * slope) : zero;
}

void dense_forward(const float* w, size_t ldw, const float* bias, const float* x, size_t out, size_t in, size_t cols,
                   float slope, float* h) {
  for (size_t o = 0; o < out; o += kTileRows)
    for_columns(cols, [&]<int C>(size_t c) __attribute__((always_inline)) {
      F32 acc[kTileRows][C];
      for (int r = 0; r < kTileRows; ++r)
        for (int j = 0; j < C; ++j) acc[r][j] = splat(bias[o + r]);
      accumulate<float, kTileRows, C>(w + o * ldw, ldw, 1, x + c, cols, in, acc);
      for (int r = 0; r < kTileRows; ++r)
        for (int j = 0; j < C; ++j) store(h + (o + r) * cols + c + j * kWidth, activate(acc[r][j], slope));
    });
}

void dense_backward(const float* w, size_t ldw, const float* dy, const float* h, size_t out, size_t in, size_t cols,
                    float slope, float keep_scale, float* dz) {
  for (size_t i = 0; i < in; i += kTileRows)
    for_columns(cols, [&]<int C>(size_t c) __attribute__((always_inline)) {
      F32 acc[kTileRows][C] = {};
      accumulate<float, kTileRows, C>(w + i, 1, ldw, dy + c, cols, out, acc);
      for (int r = 0; r < kTileRows; ++r)
        for (int j = 0; j < C; ++j) {
          const size_t at = (i + r) * cols + c + j * kWidth;
          store(dz + at, acc[r][j] * derivative(load(h + at), slope, keep_scale));
        }
    });
}

float dense_gradient(const float* dy, const float* xt, size_t rows, size_t out, size_t in, size_t cols, float* dw,
                     float* dbias) {
  F32 squares = {};
  // One panel of xt stays in the first-level cache while all of dy passes by.
  for_columns(in, [&]<int C>(size_t i) __attribute__((always_inline)) {
    for (size_t o = 0; o < out; o += kTileRows) {
      F32 acc[kTileRows][C] = {};
      accumulate<float, kTileRows, C>(dy + o * cols, cols, 1, xt + i, in, rows, acc);
      for (int r = 0; r < kTileRows; ++r)
        for (int j = 0; j < C; ++j) {
          store(dw + (o + r) * in + i + j * kWidth, acc[r][j]);
          squares += acc[r][j] * acc[r][j];
        }
    }
  });
  float sum = horizontal_sum<float>(squares);
  for (size_t o = 0; o < out; ++o) {
    F32 acc = {};
    for (size_t c = 0; c < cols; c += kWidth) acc += load(dy + o * cols + c);
    dbias[o] = horizontal_sum<float>(acc);
    sum += dbias[o] * dbias[o];
  }
  return sum;
}

void output_forward(const float* w, float bias, const float* h, size_t in, size_t cols, float* y) {
  for_columns(cols, [&]<int C>(size_t c) __attribute__((always_inline)) {
    F32 acc[1][C];
    for (int j = 0; j < C; ++j) acc[0][j] = splat(bias);
    accumulate<float, 1, C>(w, 0, 1, h + c, cols, in, acc);
    for (int j = 0; j < C; ++j) store(y + c + j * kWidth, acc[0][j]);
  });
}

void output_backward(const float* w, const float* dy, const float* h, size_t in, size_t cols, float slope,
                     float keep_scale, float* dw, float* dz) {
  for (size_t i = 0; i < in; ++i) {
    F32 acc = {};
    for (size_t c = 0; c < cols; c += kWidth) {
      const F32 hv = load(h + i * cols + c);
      const F32 dv = load(dy + c);
      acc += hv * dv;
      store(dz + i * cols + c, w[i] * dv * derivative(hv, slope, keep_scale));
    }
    dw[i] = horizontal_sum<float>(acc);
  }
}

// --- Elementwise
// ------------------------------------------------------------------------------------------------------

typedef float Quad __attribute__((vector_size(16)));
typedef float QuadUnaligned __attribute__((vector_size(16), aligned(4), may_alias));
#if defined(__clang__)
#define COLE_SHUFFLE(A, B, ...) __builtin_shufflevector(A, B, __VA_ARGS__)
#else
// GCC knows the other name since version 12 only.
typedef int32_t QuadIndex __attribute__((vector_size(16)));
#define COLE_SHUFFLE(A, B, ...) __builtin_shuffle(A, B, QuadIndex{__VA_ARGS__})
#endif

void transpose(const float* from, size_t rows, size_t cols, float* to) {
  auto in = [&](size_t r, size_t c) { return Quad(*reinterpret_cast<const QuadUnaligned*>(from + r * cols + c)); };
  auto out = [&](size_t r, size_t c, Quad q) { *reinterpret_cast<QuadUnaligned*>(to + r * rows + c) = q; };
  for (size_t r = 0; r < rows; r += 4)
    for (size_t c = 0; c < cols; c += 4) {
      const Quad a = in(r, c), b = in(r + 1, c), d = in(r + 2, c), e = in(r + 3, c);
      const Quad ab_low = COLE_SHUFFLE(a, b, 0, 4, 1, 5), ab_high = COLE_SHUFFLE(a, b, 2, 6, 3, 7);
      const Quad de_low = COLE_SHUFFLE(d, e, 0, 4, 1, 5), de_high = COLE_SHUFFLE(d, e, 2, 6, 3, 7);
      out(c, r, COLE_SHUFFLE(ab_low, de_low, 0, 1, 4, 5));
      out(c + 1, r, COLE_SHUFFLE(ab_low, de_low, 2, 3, 6, 7));
      out(c + 2, r, COLE_SHUFFLE(ab_high, de_high, 0, 1, 4, 5));
      out(c + 3, r, COLE_SHUFFLE(ab_high, de_high, 2, 3, 6, 7));
    }
}

void dropout(float* h, size_t n, uint32_t key, uint32_t threshold, float keep_scale) {
  for (size_t i = 0; i < n; ++i) {
    // The integer hash "lowbias32" of Chris Wellons: full avalanche from counters.
    uint32_t x = static_cast<uint32_t>(i) * 0x9e3779b9u ^ key;
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    x ^= x >> 16;
    h[i] = x >= threshold ? h[i] * keep_scale : 0.0f;
  }
}

void adam(float* __restrict w, const float* __restrict g, float* __restrict m, float* __restrict v, size_t n,
          const AdamStep& step) {
  const AdamStep s = step;
  const float rest1 = 1 - s.beta1, rest2 = 1 - s.beta2;
  for (size_t i = 0; i < n; ++i) {
    const float gi = g[i] * s.gradient_scale;
    const float mi = s.beta1 * m[i] + rest1 * gi;
    const float vi = s.beta2 * v[i] + rest2 * gi * gi;
    m[i] = mi;
    v[i] = vi;
    w[i] -= s.rate * mi / (__builtin_sqrtf(vi) * s.denominator_scale + s.epsilon);
  }
}

void add_rows(float* sum, const float* rows, size_t count, size_t n) {
  size_t r = 0;
  // Four rows per pass over the sums, added one after the other.
  for (; r + 4 <= count; r += 4, rows += 4 * n)
    for (size_t i = 0; i < n; ++i) sum[i] = (((sum[i] + rows[i]) + rows[n + i]) + rows[2 * n + i]) + rows[3 * n + i];
  for (; r < count; ++r, rows += n)
    for (size_t i = 0; i < n; ++i) sum[i] += rows[i];
}

void add_scaled(float* __restrict to, float factor, const float* __restrict from, size_t n) {
  for (size_t i = 0; i < n; ++i) to[i] += factor * from[i];
}

// --- Double precision, for the eigen-solver
// ---------------------------------------------------------------------------

void rank2_multiply_f64(double* a, size_t lda, size_t n, const double* u, const double* v, const double* x,
                        double* out) {
  constexpr size_t width = Simd<double>::width;
  for (size_t i = 0; i < n; ++i) out[i] = 0;
  for (size_t i = 0; i < n; ++i) {
    double* row = a + i * lda;
    const F64 ui = splat(u[i]), vi = splat(v[i]), xi = splat(x[i]);
    F64 acc = {};
    size_t j = 0;
    for (; j + width <= i; j += width) {
      const F64 updated = load(row + j) - ui * load(v + j) - vi * load(u + j);
      store(row + j, updated);
      acc += updated * load(x + j);
      store(out + j, load(out + j) + updated * xi);
    }
    double sum = horizontal_sum<double>(acc);
    for (; j < i; ++j) {
      row[j] -= u[i] * v[j] + v[i] * u[j];
      sum += row[j] * x[j];
      out[j] += row[j] * x[i];
    }
    row[i] -= 2 * u[i] * v[i];
    out[i] += sum + row[i] * x[i];
  }
}

double dot_f64(const double* a, const double* b, size_t n) {
  constexpr size_t width = Simd<double>::width;
  F64 acc[4] = {};
  size_t i = 0;
  for (; i + 4 * width <= n; i += 4 * width)
    for (int j = 0; j < 4; ++j) acc[j] += load(a + i + j * width) * load(b + i + j * width);
  double sum = horizontal_sum<double>((acc[0] + acc[1]) + (acc[2] + acc[3]));
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

void add_scaled_f64(double* __restrict to, double factor, const double* __restrict from, size_t n) {
  for (size_t i = 0; i < n; ++i) to[i] += factor * from[i];
}

}  // namespace

namespace cole {

const Kernels& COLE_KERNELS();
const Kernels& COLE_KERNELS() {
  static constexpr Kernels table = {
      kTileRows,
      2 * Simd<float>::width,
      kTileRows,
      2 * Simd<double>::width,
      tile<float, kTileRows, 2>,
      tile<double, kTileRows, 2>,
      dense_forward,
      dense_backward,
      dense_gradient,
      output_forward,
      output_backward,
      transpose,
      dropout,
      adam,
      add_rows,
      add_scaled,
      rank2_multiply_f64,
      dot_f64,
      add_scaled_f64,
  };
  return table;
}

}  // namespace cole
