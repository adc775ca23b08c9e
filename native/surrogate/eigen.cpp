// Householder reduction to tridiagonal form, eigenvalues by the implicit QL method, the wanted eigenvectors by inverse
// iteration on the tridiagonal matrix, then back through the reflections (Golub and Van Loan, Matrix Computations, ch.
// 8; Wilkinson, The Algebraic Eigenvalue Problem). Only k vectors are ever formed, so the cost is 4/3 n^3 + 2 k n^2.
#include "surrogate/eigen.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "base/parallel_for.h"
#include "base/random.h"

namespace cole {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

struct Tridiagonal {
  std::vector<double> diagonal;  // [n]
  std::vector<double> below;     // [n]: below[i] couples i - 1 and i; below[0] = 0.
  double norm() const {
    double most = 0;
    for (size_t i = 0; i < diagonal.size(); ++i) {
      const double next = i + 1 < below.size() ? std::fabs(below[i + 1]) : 0;
      most = std::max(most, std::fabs(below[i]) + std::fabs(diagonal[i]) + next);
    }
    return most;
  }
};

// Leaves reflection m, I - tau[m] v v^T on the first m coordinates, as v in the first m places of row m of a.
Tridiagonal reduce(double* a, size_t n, std::vector<double>& tau, const Kernels& kernels) {
  Tridiagonal t{std::vector<double>(n), std::vector<double>(n)};
  tau.assign(n, 0);
  AlignedBuffer<double> zero(n), w(n), product(n);
  // The update of the last reflection, a -= u w^T + w u^T, waits until the next one multiplies: one pass over a for
  // both.
  const double* u = zero.data();
  for (size_t m = n - 1; m > 0; --m) {
    double* row = a + m * n;
    for (size_t j = 0; j <= m; ++j) row[j] -= u[m] * w[j] + w[m] * u[j];
    t.diagonal[m] = row[m];
    const double alpha = row[m - 1];
    const double rest = std::sqrt(kernels.dot_f64(row, row, m - 1));
    if (rest == 0) {
      t.below[m] = alpha;
      std::fill(row, row + m, 0.0);
    } else {
      const double beta = -std::copysign(std::hypot(alpha, rest), alpha);
      t.below[m] = beta;
      tau[m] = (beta - alpha) / beta;
      const double scale = 1 / (alpha - beta);
      for (size_t j = 0; j + 1 < m; ++j) row[j] *= scale;
      row[m - 1] = 1;
    }
    kernels.rank2_multiply_f64(a, n, m, u, w.data(), row, product.data());
    const double half = tau[m] / 2 * tau[m] * kernels.dot_f64(product.data(), row, m);
    for (size_t j = 0; j < m; ++j) w[j] = tau[m] * product[j] - half * row[j];
    u = row;
  }
  t.diagonal[0] = n > 1 ? a[0] - 2 * u[0] * w[0] : a[0];
  return t;
}

// All eigenvalues, largest first.
std::vector<double> eigenvalues(const Tridiagonal& t) {
  const size_t n = t.diagonal.size();
  std::vector<double> d = t.diagonal, e(t.below.begin() + 1, t.below.end());
  e.push_back(0);
  for (size_t l = 0; l < n; ++l) {
    for (int iteration = 0;; ++iteration) {
      size_t m = l;
      while (m + 1 < n && std::fabs(e[m]) > kEpsilon * (std::fabs(d[m]) + std::fabs(d[m + 1]))) ++m;
      if (m == l) break;
      if (iteration == 60) throw Error("ERR_DATA", "expected the eigenvalues to converge: the values are not finite");
      // Wilkinson's shift from the upper corner, then one sweep of rotations from m up to l.
      double g = (d[l + 1] - d[l]) / (2 * e[l]);
      double r = std::hypot(g, 1.0);
      g = d[m] - d[l] + e[l] / (g + std::copysign(r, g));
      double s = 1, c = 1, p = 0;
      size_t i = m;
      while (i-- > l) {
        const double f = s * e[i], b = c * e[i];
        r = std::sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r == 0) {
          d[i + 1] -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
      }
      if (r == 0 && i != l - 1) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  std::sort(d.begin(), d.end(), std::greater<>());
  return d;
}

// LU factors of t - shift I with partial pivoting; solve() divides pivots that vanish by the smallest sensible one
// instead.
class ShiftedSolver {
 public:
  ShiftedSolver(const Tridiagonal& t, double shift, double norm)
      : n_(t.diagonal.size()), pivot_(n_), upper1_(n_), upper2_(n_), factor_(n_), swapped_(n_) {
    const double tiny = kEpsilon * norm;
    double d = t.diagonal[0] - shift;
    double up = n_ > 1 ? t.below[1] : 0;
    for (size_t i = 0; i + 1 < n_; ++i) {
      const double low = t.below[i + 1];
      const double next_d = t.diagonal[i + 1] - shift;
      const double next_up = i + 2 < n_ ? t.below[i + 2] : 0;
      if (std::fabs(low) > std::fabs(d)) {
        swapped_[i] = 1;
        pivot_[i] = low;
        upper1_[i] = next_d;
        upper2_[i] = next_up;
        factor_[i] = d / low;
        d = up - factor_[i] * next_d;
        up = -factor_[i] * next_up;
      } else {
        pivot_[i] = std::fabs(d) > tiny ? d : std::copysign(tiny, d);
        upper1_[i] = up;
        factor_[i] = low / pivot_[i];
        d = next_d - factor_[i] * up;
        up = next_up;
      }
    }
    pivot_[n_ - 1] = std::fabs(d) > tiny ? d : std::copysign(tiny, d);
  }

  void solve(double* x) const {
    for (size_t i = 0; i + 1 < n_; ++i) {
      if (swapped_[i]) std::swap(x[i], x[i + 1]);
      x[i + 1] -= factor_[i] * x[i];
    }
    for (size_t i = n_; i-- > 0;) {
      double sum = x[i];
      if (i + 1 < n_) sum -= upper1_[i] * x[i + 1];
      if (i + 2 < n_) sum -= upper2_[i] * x[i + 2];
      x[i] = sum / pivot_[i];
    }
  }

 private:
  size_t n_;
  std::vector<double> pivot_, upper1_, upper2_, factor_;
  std::vector<char> swapped_;
};

void normalize(double* x, size_t n, const Kernels& kernels) {
  // By the largest first: the solution of a nearly singular system may be huge.
  double most = 0;
  for (size_t i = 0; i < n; ++i) most = std::max(most, std::fabs(x[i]));
  for (size_t i = 0; i < n; ++i) x[i] /= most;
  const double scale = 1 / std::sqrt(kernels.dot_f64(x, x, n));
  for (size_t i = 0; i < n; ++i) x[i] *= scale;
}

double residual(const Tridiagonal& t, double value, const double* x) {
  const size_t n = t.diagonal.size();
  double most = 0;
  for (size_t i = 0; i < n; ++i) {
    double sum = (t.diagonal[i] - value) * x[i];
    if (i > 0) sum += t.below[i] * x[i - 1];
    if (i + 1 < n) sum += t.below[i + 1] * x[i + 1];
    most = std::max(most, std::fabs(sum));
  }
  return most;
}

// vectors[k, n] of the tridiagonal matrix itself. Each starts at random and is kept orthogonal to all before it, so
// clusters and repeated eigenvalues get an orthonormal basis too.
void inverse_iteration(const Tridiagonal& t, const double* values, size_t k, double* vectors, const Kernels& kernels) {
  const size_t n = t.diagonal.size();
  const double norm = t.norm();
  Random random(0, 0);
  auto orthogonalize = [&](double* x, size_t count) {
    for (size_t j = 0; j < count; ++j) {
      const double* q = vectors + j * n;
      kernels.add_scaled_f64(x, -kernels.dot_f64(x, q, n), q, n);
    }
  };
  auto draw = [&](double* x) {
    for (size_t i = 0; i < n; ++i) x[i] = static_cast<double>(random.symmetric(1));
  };
  for (size_t v = 0; v < k; ++v) {
    double* x = vectors + v * n;
    const ShiftedSolver solver(t, values[v], norm > 0 ? norm : 1);
    draw(x);
    orthogonalize(x, v);
    normalize(x, n, kernels);
    constexpr int kMost = 8;
    for (int iteration = 0; iteration < kMost; ++iteration) {
      solver.solve(x);
      normalize(x, n, kernels);
      orthogonalize(x, v);
      normalize(x, n, kernels);
      if (iteration > 0 && residual(t, values[v], x) <= 16 * kEpsilon * norm) break;
    }
    // What the last solution brought back of the others, once more: twice is enough.
    orthogonalize(x, v);
    normalize(x, n, kernels);
  }
}

}  // namespace

void leading_eigenpairs(double* a, size_t n, size_t k, double* values, double* vectors, int threads,
                        const Kernels& kernels) {
  if (n == 0 || k == 0) return;
  std::vector<double> tau;
  const Tridiagonal t = reduce(a, n, tau, kernels);
  const std::vector<double> all = eigenvalues(t);
  std::copy_n(all.begin(), k, values);
  inverse_iteration(t, values, k, vectors, kernels);
  constexpr size_t kGroup = 8;
  parallel_for((k + kGroup - 1) / kGroup, threads, [&](size_t group) {
    for (size_t m = 1; m < n; ++m)
      for (size_t v = group * kGroup; v < std::min(k, (group + 1) * kGroup); ++v) {
        double* x = vectors + v * n;
        kernels.add_scaled_f64(x, -tau[m] * kernels.dot_f64(a + m * n, x, m), a + m * n, m);
      }
  });
}

}  // namespace cole
