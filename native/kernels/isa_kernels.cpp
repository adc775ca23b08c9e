// Compiled once per instruction set; see sources.cmake. Uses nothing of the standard library that has a body.
#include "kernels/kernels.h"
#include "kernels/simd.h"

namespace {

using cole::AdamState;
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

// The same for operands that are not packed.
template <class T, int R, int C>
void strided_tile(size_t k, const T* a, size_t row_stride, size_t step, const T* b, size_t ldb, T* c, size_t ldc, bool add) {
  typename Simd<T>::Vector acc[R][C] = {};
  if (add)
    for (int r = 0; r < R; ++r)
      for (int j = 0; j < C; ++j) acc[r][j] = load(c + r * ldc + j * Simd<T>::width);
  accumulate<T, R, C>(a, row_stride, step, b, ldb, k, acc);
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) store(c + r * ldc + j * Simd<T>::width, acc[r][j]);
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

// One step of Adam for one vector of parameters.
struct Adam {
  F32 gradient_scale, rest1, rest2, rate, denominator_scale, epsilon;
  explicit COLE_MEMBER Adam(const AdamStep& s)
      : gradient_scale(splat(s.gradient_scale)),
        rest1(splat(1 - s.beta1)),
        rest2(splat(1 - s.beta2)),
        rate(splat(s.rate)),
        denominator_scale(splat(s.denominator_scale)),
        epsilon(splat(s.epsilon)) {}
  COLE_MEMBER void update(float* w, const float* g, float* m, float* v) const {
    const F32 gi = load(g) * gradient_scale;
    // beta m + (1 - beta) g as m + (1 - beta) (g - m): one multiplication less.
    const F32 m0 = load(m), v0 = load(v);
    const F32 mi = multiply_add(rest1, gi - m0, m0);
    const F32 vi = multiply_add(rest2, multiply_add(gi, gi, -v0), v0);
    store(m, mi);
    store(v, vi);
    store(w, load(w) - rate * mi / multiply_add(square_root(vi), denominator_scale, epsilon));
  }
};

void adam(float* w, const AdamState& state, size_t n) {
  const Adam a(state.step);
  for (size_t i = 0; i < n; i += kWidth) a.update(w + i, state.g + i, state.m + i, state.v + i);
}

// accumulate() for a tile of a dense layer, with the update of the next tile's weights in the shadow of its multiply-adds:
// division and square root, most of Adam's time, have a unit of their own. Both tiles have kTileRows rows of k weights.
template <int C>
COLE_INLINE void accumulate_and_update(float* w, const float* x, size_t cols, size_t k, const Adam& a,
                                       const AdamState& state, size_t next, F32 (&acc)[kTileRows][C]) {
  // Steps of p per turn, and vectors of the update.
  constexpr size_t kSteps = kWidth > kTileRows ? kWidth / kTileRows : 1, kVectors = kSteps * kTileRows / kWidth;
  for (size_t p = 0; p < k; p += kSteps) {
    accumulate<float, kTileRows, C>(w + p, k, 1, x + p * cols, cols, kSteps, acc);
    for (size_t v = 0; v < kVectors; ++v, next += kWidth)
      a.update(w + next, state.g + next, state.m + next, state.v + next);
  }
}

void dense_forward(float* w, const float* bias, const float* x, size_t out, size_t in, size_t cols, float slope, float* h,
                   const AdamState* state) {
  const Adam a(state ? state->step : AdamStep{});
  const size_t tile = kTileRows * in;
  if (state) adam(w, *state, tile);
  for (size_t o = 0; o < out; o += kTileRows)
    for_columns(cols, [&]<int C>(size_t c) __attribute__((always_inline)) {
      F32 acc[kTileRows][C];
      for (int r = 0; r < kTileRows; ++r)
        for (int j = 0; j < C; ++j) acc[r][j] = splat(bias[o + r]);
      float* rows = w + o * in;
      if (state && c == 0 && o + kTileRows < out) {
        const AdamState here{state->g + o * in, state->m + o * in, state->v + o * in, state->step};
        accumulate_and_update<C>(rows, x, cols, in, a, here, tile, acc);
      } else {
        accumulate<float, kTileRows, C>(rows, in, 1, x + c, cols, in, acc);
      }
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

template <int C>
COLE_INLINE float gradient_panel(const float* dy, const float* xt, size_t rows, size_t out, size_t in, size_t cols,
                                 float* dw) {
  F32 squares[4] = {};
  // The panel of xt stays in the first-level cache while all of dy passes by.
  for (size_t o = 0; o < out; o += kTileRows) {
    F32 acc[kTileRows][C] = {};
    accumulate<float, kTileRows, C>(dy + o * cols, cols, 1, xt, in, rows, acc);
    for (int r = 0; r < kTileRows; ++r)
      for (int j = 0; j < C; ++j) {
        store(dw + (o + r) * in + j * kWidth, acc[r][j]);
        squares[r % 4] += acc[r][j] * acc[r][j];
      }
  }
  return horizontal_sum<float>((squares[0] + squares[1]) + (squares[2] + squares[3]));
}

float dense_gradient(const float* dy, const float* xt, size_t rows, size_t out, size_t in, size_t cols, size_t count,
                     float* dw) {
  return count > kWidth ? gradient_panel<2>(dy, xt, rows, out, in, cols, dw)
                        : gradient_panel<1>(dy, xt, rows, out, in, cols, dw);
}

void output_forward(const float* w, float bias, const float* h, size_t in, size_t cols, float* y) {
  for_columns(cols, [&]<int C>(size_t c) __attribute__((always_inline)) {
    F32 acc[1][C];
    for (int j = 0; j < C; ++j) acc[0][j] = splat(bias);
    accumulate<float, 1, C>(w, 0, 1, h + c, cols, in, acc);
    for (int j = 0; j < C; ++j) store(y + c + j * kWidth, acc[0][j]);
  });
}

template <int O>
COLE_INLINE void output_backward_of(const float* w, const float* dy, const float* h, size_t in, size_t cols, float slope,
                                    float keep_scale, float* dw, float* dz) {
  for (size_t i = 0; i < in; ++i) {
    F32 acc[O] = {};
    for (size_t c = 0; c < cols; c += kWidth) {
      const F32 hv = load(h + i * cols + c);
      F32 sum = {};
      for (int o = 0; o < O; ++o) {
        const F32 dv = load(dy + o * cols + c);
        acc[o] += hv * dv;
        sum += w[o * in + i] * dv;
      }
      store(dz + i * cols + c, sum * derivative(hv, slope, keep_scale));
    }
    for (int o = 0; o < O; ++o) dw[o * in + i] = horizontal_sum<float>(acc[o]);
  }
}

void output_backward(const float* w, const float* dy, const float* h, size_t outputs, size_t in, size_t cols, float slope,
                     float keep_scale, float* dw, float* dz) {
  if (outputs == 1)
    output_backward_of<1>(w, dy, h, in, cols, slope, keep_scale, dw, dz);
  else
    output_backward_of<2>(w, dy, h, in, cols, slope, keep_scale, dw, dz);
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

// to[c to_stride + 0..3] = rows 0..3 of from[4, cols] minus center[c].
COLE_INLINE void transpose_strip(const float* from, size_t stride, size_t cols, const float* center, float* to,
                                 size_t to_stride) {
  auto in = [&](size_t r, size_t c) {
    const Quad q = *reinterpret_cast<const QuadUnaligned*>(from + r * stride + c);
    return center ? q - Quad(*reinterpret_cast<const QuadUnaligned*>(center + c)) : q;
  };
  auto out = [&](size_t c, Quad q) { *reinterpret_cast<QuadUnaligned*>(to + c * to_stride) = q; };
  size_t c = 0;
  for (; c + 4 <= cols; c += 4) {
    const Quad a = in(0, c), b = in(1, c), d = in(2, c), e = in(3, c);
    const Quad ab_low = COLE_SHUFFLE(a, b, 0, 4, 1, 5), ab_high = COLE_SHUFFLE(a, b, 2, 6, 3, 7);
    const Quad de_low = COLE_SHUFFLE(d, e, 0, 4, 1, 5), de_high = COLE_SHUFFLE(d, e, 2, 6, 3, 7);
    out(c, COLE_SHUFFLE(ab_low, de_low, 0, 1, 4, 5));
    out(c + 1, COLE_SHUFFLE(ab_low, de_low, 2, 3, 6, 7));
    out(c + 2, COLE_SHUFFLE(ab_high, de_high, 0, 1, 4, 5));
    out(c + 3, COLE_SHUFFLE(ab_high, de_high, 2, 3, 6, 7));
  }
  for (; c < cols; ++c)
    for (size_t r = 0; r < 4; ++r) to[c * to_stride + r] = from[r * stride + c] - (center ? center[c] : 0);
}

void transpose(const float* from, size_t rows, size_t cols, float* to, size_t ldt) {
  for (size_t r = 0; r < rows; r += 4) transpose_strip(from + r * cols, cols, cols, nullptr, to + r, ldt);
}

float sum_columns(const float* dy, size_t out, size_t cols, float* sums) {
  Quad squares = {};
  for (size_t o = 0; o < out; o += 4) {
    Quad row[4] = {};
    for (size_t c = 0; c < cols; c += 4)
      for (size_t r = 0; r < 4; ++r) row[r] += *reinterpret_cast<const QuadUnaligned*>(dy + (o + r) * cols + c);
    // The sum over the lanes of four rows at once, by transposing them.
    const Quad ab_low = COLE_SHUFFLE(row[0], row[1], 0, 4, 1, 5), ab_high = COLE_SHUFFLE(row[0], row[1], 2, 6, 3, 7);
    const Quad de_low = COLE_SHUFFLE(row[2], row[3], 0, 4, 1, 5), de_high = COLE_SHUFFLE(row[2], row[3], 2, 6, 3, 7);
    const Quad sum = (COLE_SHUFFLE(ab_low, de_low, 0, 1, 4, 5) + COLE_SHUFFLE(ab_low, de_low, 2, 3, 6, 7)) +
                     (COLE_SHUFFLE(ab_high, de_high, 0, 1, 4, 5) + COLE_SHUFFLE(ab_high, de_high, 2, 3, 6, 7));
    *reinterpret_cast<QuadUnaligned*>(sums + o) = sum;
    squares += sum * sum;
  }
  return (squares[0] + squares[1]) + (squares[2] + squares[3]);
}

void dropout(float* h, size_t first, size_t n, uint32_t key, uint32_t threshold, float keep_scale) {
  // The integer hash "lowbias32" of Chris Wellons: full avalanche from counters.
  uint32_t counter = static_cast<uint32_t>(first) * 0x9e3779b9u;
  for (size_t i = 0; i < n; ++i, counter += 0x9e3779b9u) {
    uint32_t x = counter ^ key;
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    x ^= x >> 16;
    h[i] = x >= threshold ? h[i] * keep_scale : 0.0f;
  }
}

void add_scaled(float* __restrict to, float factor, const float* __restrict from, size_t n) {
  for (size_t i = 0; i < n; ++i) to[i] += factor * from[i];
}

}  // namespace

#include "kernels/isa_pca.h"
#include "kernels/isa_pooling.h"
#include "kernels/isa_text.h"

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
      strided_tile<float, kTileRows, 2>,
      strided_tile<double, kTileRows, 2>,
      dense_forward,
      dense_backward,
      dense_gradient,
      sum_columns,
      output_forward,
      output_backward,
      transpose,
      dropout,
      adam,
      add_rows<Float32>,
      add_rows<Float16>,
      add_rows<BFloat16>,
      add_scaled,
      add_rows_f64,
      pack_columns_f32,
      pack_rows_f32,
      panels_f32_into_f64,
      panels_f64,
      symmetric_multiply_f64,
      count_below_f64,
      kDoubles,
      inverse_iteration_f64,
      dot_f64,
      add_scaled_f64,
      ascii_masks<false>,
      ascii_masks<true>,
  };
  return table;
}

}  // namespace cole
