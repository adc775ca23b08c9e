// Householder reduction to tridiagonal form and the way back through the reflections (Golub and Van Loan, Matrix
// Computations, ch. 8). Only k vectors are ever formed, so the cost is 4/3 n^3 + 2 k n^2.
#include "surrogate/eigen.h"

#include <algorithm>
#include <cmath>

#include "base/parallel_for.h"

namespace cole {

namespace {

// Reflections whose updates of the matrix wait for the pass of a product over it. Until then each product is corrected by
// those that wait: more of them save writing and cost corrections.
constexpr size_t kWaiting = 8;

// Reflections that the vectors pass at once on the way back.
constexpr size_t kBlock = 16;

}  // namespace

// Leaves reflection m, I - tau[m] v v^T on the first m coordinates, as v in the first m places of row m of a, zeros behind.
EigenSolver::EigenSolver(SymmetricMatrix& a, const Kernels& kernels)
    : a_(a), kernels_(kernels), t_(a.n), tau_(a.n) {
  const size_t n = a.n, ld = a.ld;
  // The matrix stands for a + sum over s of p[s] q[s]^T: rows 2 t and 2 t + 1 of p are -v and -w of reflection t, those of
  // q are w and v.
  AlignedBuffer<double> p(2 * kWaiting * ld), q(2 * kWaiting * ld), product(ld);
  size_t waiting = 0;
  for (size_t m = n; m-- > 0;) {
    double* row = a.row(m);
    for (size_t s = 0; s < 2 * waiting; ++s) kernels.add_scaled_f64(row, p[s * ld + m], q.data() + s * ld, m + 1);
    t_.diagonal[m] = row[m];
    std::fill(row + m, row + ld, 0.0);
    if (m == 0) break;
    const double alpha = row[m - 1];
    const double rest = std::sqrt(kernels.dot_f64(row, row, m - 1));
    if (rest == 0) {
      t_.below[m] = alpha;
      std::fill(row, row + m, 0.0);
      continue;
    }
    const double beta = -std::copysign(std::hypot(alpha, rest), alpha);
    t_.below[m] = beta;
    const double tau = tau_[m] = (beta - alpha) / beta;
    const double scale = 1 / (alpha - beta);
    for (size_t j = 0; j + 1 < m; ++j) row[j] *= scale;
    row[m - 1] = 1;
    const bool full = waiting == kWaiting;
    kernels.symmetric_multiply_f64(a.values.data(), ld, m, p.data(), q.data(), ld, full ? 2 * kWaiting : 0, row,
                                   product.data());
    if (full) waiting = 0;
    for (size_t s = 0; s < 2 * waiting; ++s)
      kernels.add_scaled_f64(product.data(), kernels.dot_f64(q.data() + s * ld, row, m), p.data() + s * ld, m);
    const double half = tau / 2 * tau * kernels.dot_f64(product.data(), row, m);
    double *p0 = p.data() + 2 * waiting * ld, *p1 = p0 + ld, *q0 = q.data() + 2 * waiting * ld, *q1 = q0 + ld;
    for (size_t j = 0; j < m; ++j) {
      const double w = tau * product[j] - half * row[j];
      p0[j] = -row[j];
      p1[j] = -w;
      q0[j] = w;
      q1[j] = row[j];
    }
    ++waiting;
  }
}

void EigenSolver::values(size_t k, double* values, int threads) const {
  leading_eigenvalues(t_, k, values, threads, kernels_);
}

// Blocks of kBlock reflections as I - y^T t y (Schreiber and Van Loan, SIAM J. Sci. Stat. Comput. 10, 1989): y is a run of
// rows of the matrix, as it stands, and t lower triangular, since the last reflection is leftmost.
void EigenSolver::vectors(const double* values, size_t k, double* x, int threads) const {
  const size_t n = a_.n, ld = a_.ld, width = kernels_.cols_f64, rows = kernels_.rows_f64;
  const size_t tall = (k + rows - 1) / rows * rows;
  AlignedBuffer<double> raw(tall * ld);
  tridiagonal_vectors(t_, values, k, raw.data(), ld, threads, kernels_);
  const size_t blocks = ld / kBlock;
  AlignedBuffer<double> negated(blocks * kBlock * kBlock);
  parallel_for(blocks, threads, [&](size_t b) {
    double gram[kBlock * kBlock], *t = negated.data() + b * kBlock * kBlock;
    for (size_t i = 0; i < kBlock; ++i)
      for (size_t j = 0; j < i; ++j)
        gram[i * kBlock + j] = kernels_.dot_f64(a_.row(b * kBlock + i), a_.row(b * kBlock + j), b * kBlock + j);
    for (size_t j = kBlock; j-- > 0;)
      for (size_t i = kBlock; i-- > j;) {
        double sum = i == j ? -1 : 0;
        for (size_t l = j + 1; l <= i; ++l) sum -= t[i * kBlock + l] * gram[l * kBlock + j];
        t[i * kBlock + j] = b * kBlock + j < n ? tau_[b * kBlock + j] * sum : 0;
      }
  });
  // As many vectors at a time as a tile is wide, one per column. What becomes of one does not depend on those beside it.
  parallel_for((k + width - 1) / width, threads, [&](size_t panel) {
    const size_t begin = panel * width, count = std::min(width, k - begin);
    AlignedBuffer<double> columns(ld * width), missing(tall * width), z(kBlock * width), tz(kBlock * width);
    for (size_t v = 0; v < count; ++v)
      for (size_t i = 0; i < n; ++i) columns[i * width + v] = raw[(begin + v) * ld + i];
    // One step of Newton and Schulz, v += (I - v v^T) v / 2, which leaves the square of what is missing to orthonormal ones.
    for (size_t s = 0; s < tall; s += rows)
      kernels_.strided_tile_f64(ld, raw.data() + s * ld, ld, 1, columns.data(), width, missing.data() + s * width, width,
                                false);
    for (size_t s = 0; s < tall; ++s)
      for (size_t v = 0; v < width; ++v)
        missing[s * width + v] = ((s == begin + v) - missing[s * width + v]) / 2;
    for (size_t i = 0; i < ld; i += rows)
      kernels_.strided_tile_f64(tall, raw.data() + i, 1, ld, missing.data(), width, columns.data() + i * width, width, true);
    for (size_t b = 0; b < blocks; ++b) {
      const double *y = a_.row(b * kBlock), *t = negated.data() + b * kBlock * kBlock;
      const size_t length = (b + 1) * kBlock;
      for (size_t s = 0; s < kBlock; s += rows)
        kernels_.strided_tile_f64(length, y + s * ld, ld, 1, columns.data(), width, z.data() + s * width, width, false);
      for (size_t s = 0; s < kBlock; s += rows)
        kernels_.strided_tile_f64(kBlock, t + s * kBlock, kBlock, 1, z.data(), width, tz.data() + s * width, width, false);
      for (size_t i = 0; i < length; i += rows)
        kernels_.strided_tile_f64(kBlock, y + i, 1, ld, tz.data(), width, columns.data() + i * width, width, true);
    }
    for (size_t v = 0; v < count; ++v)
      for (size_t i = 0; i < n; ++i) x[(begin + v) * ld + i] = columns[i * width + v];
  });
}

}  // namespace cole
