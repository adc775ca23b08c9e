// The vector kernels of one instruction set as a table of functions. isa_kernels.cpp is compiled once per instruction
// set and fills one table each time; everything above it is ordinary C++ that calls through `kernels()`.
//
// Layouts. A matrix named x[r, c] is row-major. Activations are feature-major, [features, columns], with one column per
// row of the batch: a weight is then a broadcast and the batch the vector, so neither pass needs transposed weights.
// Their extents (features, columns, leading dimensions) are multiples of kPad. Padding features are zero and stay zero;
// padding columns hold anything going forward, and zero going backward.
#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/dispatch.h"

namespace cole {

// Floats in the widest vector of any instruction set, and a multiple of every kernel's tile height.
constexpr size_t kPad = 16;
constexpr size_t padded(size_t n) { return (n + kPad - 1) / kPad * kPad; }

struct AdamStep {
  float beta1, beta2, epsilon;
  // learning rate / (1 - beta1^t), and 1 / sqrt(1 - beta2^t).
  float rate, denominator_scale;
  // What gradients are multiplied with first: the factor of clipping.
  float gradient_scale;
};

struct Kernels {
  // Tile of the packed matrix product.
  size_t rows_f32, cols_f32, rows_f64, cols_f64;

  // c[rows, cols] (leading dimension ldc) = or += sum over p < k of a[p, rows]^T b[p, cols], a and b packed and
  // aligned.
  void (*tile_f32)(size_t k, const float* a, const float* b, float* c, size_t ldc, bool add);
  void (*tile_f64)(size_t k, const double* a, const double* b, double* c, size_t ldc, bool add);

  // h[out, cols] = f(w[out, in] x[in, cols] + bias[out]), f(z) = z > 0 ? z : slope z. ldw: leading dimension of w.
  void (*dense_forward)(const float* w, size_t ldw, const float* bias, const float* x, size_t out, size_t in,
                        size_t cols, float slope, float* h);
  // dz[in, cols] = (w[out, in]^T dy[out, cols]) * f'(h[in, cols]), h as dense_forward and dropout left it: a unit that
  // was dropped has h = 0 and derivative 0, one that was kept has keep_scale or slope keep_scale.
  void (*dense_backward)(const float* w, size_t ldw, const float* dy, const float* h, size_t out, size_t in,
                         size_t cols, float slope, float keep_scale, float* dz);
  // dw[out, in] = dy[out, cols] xt[cols, in] over the first `rows` columns, dbias[out] = sum over columns of dy.
  // Returns the sum of squares of dw and dbias.
  float (*dense_gradient)(const float* dy, const float* xt, size_t rows, size_t out, size_t in, size_t cols, float* dw,
                          float* dbias);
  // y[cols] = bias + sum over i of w[i] h[i, cols].
  void (*output_forward)(const float* w, float bias, const float* h, size_t in, size_t cols, float* y);
  // dw[i] = sum over columns of dy h[i, .]; dz[i, cols] = w[i] dy[cols] f'(h), as in dense_backward.
  void (*output_backward)(const float* w, const float* dy, const float* h, size_t in, size_t cols, float slope,
                          float keep_scale, float* dw, float* dz);

  // to[cols, rows] = from[rows, cols]^T.
  void (*transpose)(const float* from, size_t rows, size_t cols, float* to);
  // h[i] *= keep_scale where a hash of (key, i) is at least threshold, else h[i] = 0. The same bits on every
  // instruction set.
  void (*dropout)(float* h, size_t n, uint32_t key, uint32_t threshold, float keep_scale);
  // One step of Adam (Kingma and Ba, ICLR 2015) over n parameters.
  void (*adam)(float* w, const float* g, float* m, float* v, size_t n, const AdamStep& step);

  // sum[n] += rows[count, n], row after row.
  void (*add_rows)(float* sum, const float* rows, size_t count, size_t n);
  // to[n] += factor from[n].
  void (*add_scaled)(float* to, float factor, const float* from, size_t n);

  // With a[n, n] (leading dimension lda), of which the lower triangle counts: a -= u v^T + v u^T, and out = a x for the
  // updated a, in one pass over memory. u, v, x, out: [n].
  void (*rank2_multiply_f64)(double* a, size_t lda, size_t n, const double* u, const double* v, const double* x,
                             double* out);
  double (*dot_f64)(const double* a, const double* b, size_t n);
  // to[n] += factor from[n].
  void (*add_scaled_f64)(double* to, double factor, const double* from, size_t n);
};

// The table of the instruction set that `isa()` chose, or of a given one (which must be supported here).
const Kernels& kernels();
const Kernels& kernels(Isa isa);

}  // namespace cole
