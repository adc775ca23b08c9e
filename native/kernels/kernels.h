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

// What an update of weights needs beside them: gradient and moments, as long as the weights, and the step.
struct AdamState {
  const float* g;
  float *m, *v;
  AdamStep step;
};

// Which of 64 bytes of text are of a kind, a bit for each. space: with the blank and the newlines; wide: not ASCII.
struct AsciiMasks {
  uint64_t blank, space, newline, letter, number, quote, wide;
  uint64_t capital, slash, control;  // only where all are asked for
};

struct Kernels {
  // Tile of the packed matrix product.
  size_t rows_f32, cols_f32, rows_f64, cols_f64;

  // c[rows, cols] (leading dimension ldc) = or += sum over p < k of a[p, rows]^T b[p, cols], a and b packed and
  // aligned.
  void (*tile_f32)(size_t k, const float* a, const float* b, float* c, size_t ldc, bool add);
  void (*tile_f64)(size_t k, const double* a, const double* b, double* c, size_t ldc, bool add);
  // The same with a(row, p) = a[row row_stride + p step] and b of leading dimension ldb, where packing would cost too much
  // beside the product.
  void (*strided_tile_f32)(size_t k, const float* a, size_t row_stride, size_t step, const float* b, size_t ldb, float* c,
                           size_t ldc, bool add);
  void (*strided_tile_f64)(size_t k, const double* a, size_t row_stride, size_t step, const double* b, size_t ldb, double* c,
                           size_t ldc, bool add);

  // h[out, cols] = f(w[out, in] x[in, cols] + bias[out]), f(z) = z > 0 ? z : slope z. With a state, the weights take
  // their step first.
  void (*dense_forward)(float* w, const float* bias, const float* x, size_t out, size_t in, size_t cols, float slope,
                        float* h, const AdamState* state);
  // dz[in, cols] = (w[out, in]^T dy[out, cols]) * f'(h[in, cols]), h as dense_forward and dropout left it: a unit that
  // was dropped has h = 0 and derivative 0, one that was kept has keep_scale or slope keep_scale. ldw: leading dimension.
  void (*dense_backward)(const float* w, size_t ldw, const float* dy, const float* h, size_t out, size_t in,
                         size_t cols, float slope, float keep_scale, float* dz);
  // dw[out, count] = dy[out, cols] xt[cols, count] over the first `rows` columns, for a panel of count <= cols_f32 columns
  // of xt and dw, whose leading dimension is in. Returns the sum of squares of dw.
  float (*dense_gradient)(const float* dy, const float* xt, size_t rows, size_t out, size_t in, size_t cols, size_t count,
                          float* dw);
  // sums[out] = sum over columns of dy[out, cols]; returns their sum of squares.
  float (*sum_columns)(const float* dy, size_t out, size_t cols, float* sums);
  // y[cols] = bias + sum over i of w[i] h[i, cols].
  void (*output_forward)(const float* w, float bias, const float* h, size_t in, size_t cols, float* y);
  // For one or two outputs: dw[outputs, in] = dy[outputs, cols] h[in, cols]^T; dz[in, cols] = (w[outputs, in]^T dy) f'(h),
  // as in dense_backward.
  void (*output_backward)(const float* w, const float* dy, const float* h, size_t outputs, size_t in, size_t cols,
                          float slope, float keep_scale, float* dw, float* dz);

  // to[cols, ldt] = from[rows, cols]^T.
  void (*transpose)(const float* from, size_t rows, size_t cols, float* to, size_t ldt);
  // h[i] *= keep_scale where a hash of (key, first + i) is at least threshold, else h[i] = 0. The same bits on every
  // instruction set.
  void (*dropout)(float* h, size_t first, size_t n, uint32_t key, uint32_t threshold, float keep_scale);
  // One step of Adam (Kingma and Ba, ICLR 2015) over n parameters, a multiple of kPad.
  void (*adam)(float* w, const AdamState& state, size_t n);

  // sum[n] += rows[count, n] (leading dimension ld), row after row: the same bits on every instruction set. Half floats come
  // as their bits.
  void (*add_rows_f32)(float* sum, const float* rows, size_t count, size_t ld, size_t n);
  void (*add_rows_f16)(float* sum, const uint16_t* rows, size_t count, size_t ld, size_t n);
  void (*add_rows_bf16)(float* sum, const uint16_t* rows, size_t count, size_t ld, size_t n);
  // to[n] += factor from[n].
  void (*add_scaled)(float* to, float factor, const float* from, size_t n);

  // sum[n] += rows[count, n], row after row.
  void (*add_rows_f64)(double* sum, const float* rows, size_t count, size_t n);
  // Panels for panels_f32_into_f64: to[p cols_f32 + r] = x(r, p) - its centre for p < depth, r < count <= cols_f32, the rest
  // zero. _columns: x(r, p) = x[p ldx + r], centre[count]; _rows: x(r, p) = x[r ldx + p], centre[depth].
  void (*pack_columns_f32)(const float* x, size_t ldx, size_t depth, size_t count, const float* center, float* to);
  void (*pack_rows_f32)(const float* x, size_t ldx, size_t depth, size_t count, const float* center, float* to);
  // c[cols_f32, cols_f32] (leading dimension ldc) += sum over p < k of a(p, row) b(p, col) for panels a and b: one packing
  // serves both sides. The sum over p is in float. diagonal: above it anything may be added.
  void (*panels_f32_into_f64)(size_t k, const float* a, const float* b, bool diagonal, double* c, size_t ldc);
  // The same, all in double.
  void (*panels_f64)(size_t k, const float* a, const float* b, bool diagonal, double* c, size_t ldc);

  // a += sum over s < count of p[s, .] q[s, .]^T, then out = a x for a[n, n] (leading dimension lda) in one pass. The lower
  // triangle counts; what is above may change too, up to the next multiple of kPad. Rows up to that are read and must be
  // finite. ld: leading dimension of p and q, a multiple of kPad as lda is.
  void (*symmetric_multiply_f64)(double* a, size_t lda, size_t n, const double* p, const double* q, size_t ld, size_t count,
                                 const double* x, double* out);
  // below[s]: how many eigenvalues of the tridiagonal matrix with diagonal d[n] and squared couplings e2[n] (e2[i] between
  // i - 1 and i, e2[0] any) are less than shifts[s]. All of them, and the shifts, at most 2 in magnitude, e2 at least 1e-60.
  // count: a multiple of 4 vectors.
  void (*count_below_f64)(const double* d, const double* e2, size_t n, const double* shifts, size_t count, double* below);
  // Two steps of inverse iteration on such a matrix, of any size (couplings e[n], not squared) for lanes_f64 shifts at once, from the columns
  // of x[n, lanes_f64], which come out with length 1. Pivots smaller than tiny count as tiny. work: [5 n, lanes_f64];
  // residuals[s]: the largest magnitude in (t - shifts[s]) x.
  size_t lanes_f64;
  void (*inverse_iteration_f64)(const double* d, const double* e, size_t n, double tiny, const double* shifts, double* x,
                                double* work, double* residuals);
  double (*dot_f64)(const double* a, const double* b, size_t n);
  // to[n] += factor from[n].
  void (*add_scaled_f64)(double* to, double factor, const double* from, size_t n);

  // Of text[64].
  void (*ascii_masks)(const uint8_t* text, AsciiMasks* out);
  void (*all_ascii_masks)(const uint8_t* text, AsciiMasks* out);
};

// The table of the instruction set that `isa()` chose, or of a given one (which must be supported here).
const Kernels& kernels();
const Kernels& kernels(Isa isa);

}  // namespace cole
