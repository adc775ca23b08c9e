// Householder reduction to tridiagonal form and the way back through the reflections (Golub and Van Loan, Matrix
// Computations, ch. 8). Only k vectors are ever formed, so the cost is 4/3 n^3 + 2 k n^2.
#include "surrogate/eigen.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/parallel_for.h"
#include "kernels/gemm.h"

namespace cole {

namespace {

// Reflections whose updates of the matrix wait for one pass over it. Until then each product with the matrix is corrected by
// those that wait: more of them save passes and cost corrections.
constexpr size_t kWaiting = 8;

// Reflections that the vectors pass at once on the way back.
constexpr size_t kBlock = 32;

}  // namespace

// Leaves reflection m, I - tau[m] v v^T on the first m coordinates, as v in the first m places of row m of a.
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
    kernels.symmetric_multiply_f64(a.values.data(), ld, m, row, product.data());
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
    if (++waiting == kWaiting) {
      kernels.add_outer_f64(a.values.data(), ld, m, p.data(), q.data(), ld, 2 * waiting);
      waiting = 0;
    }
  }
}

void EigenSolver::values(size_t k, double* values, int threads) const {
  leading_eigenvalues(t_, k, values, threads, kernels_);
}

void EigenSolver::vectors(const double* values, size_t k, double* x, int threads) const {
  const size_t n = a_.n, ld = a_.ld;
  tridiagonal_vectors(t_, values, k, x, ld, threads, kernels_);
  // Blocks of reflections as I - y^T t y, the last reflection leftmost (Schreiber and Van Loan, SIAM J. Sci. Stat. Comput. 10,
  // 1989): row s of y is reflection top - 1 - s.
  const auto block_of = [&](size_t b) { return std::pair{1 + b * kBlock, std::min(n, 1 + (b + 1) * kBlock)}; };
  const auto reflections = [&](size_t top) {
    return [=, this](size_t s, size_t i) { return i < top - 1 - s ? a_.row(top - 1 - s)[i] : 0.0; };
  };
  const size_t blocks = (n - 1 + kBlock - 1) / kBlock;
  AlignedBuffer<double> factors(blocks * kBlock * kBlock);
  parallel_for(blocks, threads, [&](size_t b) {
    const auto [begin, top] = block_of(b);
    const auto y = reflections(top);
    double gram[kBlock * kBlock], *t = factors.data() + b * kBlock * kBlock;
    gemm<double>(top - begin, top - begin, top - 1, y, y, gram, kBlock, Into::kLower, 1, kernels_);
    for (size_t j = 0; j < top - begin; ++j)
      for (size_t i = 0; i <= j; ++i) {
        double sum = i == j ? 1 : 0;
        for (size_t l = i; l < j; ++l) sum -= t[i * kBlock + l] * gram[j * kBlock + l];
        t[i * kBlock + j] = tau_[top - 1 - j] * sum;
      }
  });
  // A share of the vectors per thread: what becomes of one does not depend on those beside it.
  const size_t share = (k + static_cast<size_t>(threads) - 1) / static_cast<size_t>(threads);
  parallel_for((k + share - 1) / share, threads, [&](size_t task) {
    const size_t count = std::min(share, k - task * share);
    double* mine = x + task * share * ld;
    AlignedBuffer<double> z(count * kBlock), zt(count * kBlock);
    const auto row = [&](size_t v, size_t i) { return mine[v * ld + i]; };
    const auto factor = [&](size_t v, size_t s) { return zt[v * kBlock + s]; };
    for (size_t b = 0; b < blocks; ++b) {
      const auto [begin, top] = block_of(b);
      const size_t width = top - begin;
      const auto y = reflections(top);
      const double* t = factors.data() + b * kBlock * kBlock;
      gemm<double>(count, width, top - 1, row, y, z.data(), kBlock, Into::kAll, 1, kernels_);
      const auto across = [&](size_t v, size_t s) { return z[v * kBlock + s]; };
      const auto negated = [&](size_t i, size_t s) { return -t[i * kBlock + s]; };
      gemm<double>(count, width, width, across, negated, zt.data(), kBlock, Into::kAll, 1, kernels_);
      const auto column = [&](size_t i, size_t s) { return y(s, i); };
      gemm<double>(count, top - 1, width, factor, column, mine, ld, Into::kAdd, 1, kernels_);
    }
  });
}

}  // namespace cole
