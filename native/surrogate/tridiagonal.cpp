// Eigenvalues by bisection on the signs of the leading minors, many shifts at once; vectors by inverse iteration, kept
// orthogonal within clusters (Wilkinson, The Algebraic Eigenvalue Problem, ch. 5; Golub and Van Loan, Matrix Computations,
// ch. 8).
#include "surrogate/tridiagonal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/parallel_for.h"
#include "base/random.h"

namespace cole {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// Values nearer than this share of the norm belong to one cluster. Inverse iteration leaves others orthogonal to about
// kEpsilon / kCluster, the square of which is below rounding.
constexpr double kCluster = 1e-7;

// Of the widest instruction set.
constexpr size_t kMostLanes = 8;

// The residual of a vector that is good enough.
constexpr double accepted(double norm) { return 16 * kEpsilon * norm; }

// LU factors of t - shift I with partial pivoting; pivots that vanish become the smallest sensible ones instead.
class ShiftedSolver {
 public:
  ShiftedSolver(const Tridiagonal& t, double shift, double norm)
      : n_(t.diagonal.size()), inverse_(n_), upper1_(n_), upper2_(n_), factor_(n_), swapped_(n_) {
    const double tiny = kEpsilon * norm;
    const auto invert = [&](double d) { return 1 / (std::fabs(d) > tiny ? d : std::copysign(tiny, d)); };
    double d = t.diagonal[0] - shift;
    double up = n_ > 1 ? t.below[1] : 0;
    for (size_t i = 0; i + 1 < n_; ++i) {
      const double low = t.below[i + 1];
      const double next_d = t.diagonal[i + 1] - shift;
      const double next_up = i + 2 < n_ ? t.below[i + 2] : 0;
      if (std::fabs(low) > std::fabs(d)) {
        swapped_[i] = 1;
        inverse_[i] = 1 / low;
        upper1_[i] = next_d;
        upper2_[i] = next_up;
        factor_[i] = d * inverse_[i];
        d = up - factor_[i] * next_d;
        up = -factor_[i] * next_up;
      } else {
        inverse_[i] = invert(d);
        upper1_[i] = up;
        factor_[i] = low * inverse_[i];
        d = next_d - factor_[i] * up;
        up = next_up;
      }
    }
    inverse_[n_ - 1] = invert(d);
  }

  void solve(double* x) const {
    double carried = x[0];
    for (size_t i = 0; i + 1 < n_; ++i) {
      const double next = x[i + 1];
      x[i] = swapped_[i] ? next : carried;
      carried = (swapped_[i] ? carried : next) - factor_[i] * x[i];
    }
    double one = carried * inverse_[n_ - 1], two = 0;
    x[n_ - 1] = one;
    for (size_t i = n_ - 1; i-- > 0;) {
      // The first difference does not wait for the value before.
      const double value = ((x[i] - upper2_[i] * two) - upper1_[i] * one) * inverse_[i];
      two = one;
      one = x[i] = value;
    }
  }

 private:
  size_t n_;
  std::vector<double> inverse_, upper1_, upper2_, factor_;
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

// The vectors begin .. end - 1 of one cluster. Each starts at random and is kept orthogonal to those before it, so
// repeated eigenvalues get an orthonormal basis too.
void inverse_iteration(const Tridiagonal& t, const double* values, size_t begin, size_t end, double norm,
                       double* vectors, size_t ld, const Kernels& kernels) {
  const size_t n = t.diagonal.size();
  for (size_t v = begin; v < end; ++v) {
    double* x = vectors + v * ld;
    const auto settle = [&] {
      for (size_t j = begin; j < v; ++j) {
        const double* q = vectors + j * ld;
        kernels.add_scaled_f64(x, -kernels.dot_f64(x, q, n), q, n);
      }
      normalize(x, n, kernels);
    };
    const ShiftedSolver solver(t, values[v], norm);
    Random random(static_cast<uint32_t>(v), 0);
    for (size_t i = 0; i < n; ++i) x[i] = static_cast<double>(random.symmetric(1));
    settle();
    constexpr int kMost = 8;
    for (int iteration = 0; iteration < kMost; ++iteration) {
      solver.solve(x);
      normalize(x, n, kernels);
      if (v > begin) settle();
      if (iteration > 0 && residual(t, values[v], x) <= accepted(norm)) break;
    }
    // What the last solution brought back of the others, once more: twice is enough.
    if (v > begin) settle();
  }
}

// Vectors `group` alone in their clusters, as many at once as a vector has lanes. Those that two steps have not brought
// home start again by themselves.
void isolated_vectors(const Tridiagonal& t, const double* values, std::span<const size_t> group, double norm,
                      double* vectors, size_t ld, const Kernels& kernels) {
  const size_t n = t.diagonal.size(), lanes = kernels.lanes_f64;
  AlignedBuffer<double> x(n * lanes), work(5 * n * lanes);
  double shifts[kMostLanes], residuals[kMostLanes];
  // Missing ones repeat the last.
  const auto member = [&](size_t l) { return group[std::min(l, group.size() - 1)]; };
  for (size_t l = 0; l < lanes; ++l) {
    shifts[l] = values[member(l)];
    Random random(static_cast<uint32_t>(member(l)), 0);
    for (size_t i = 0; i < n; ++i) x[i * lanes + l] = static_cast<double>(random.symmetric(1));
  }
  kernels.inverse_iteration_f64(t.diagonal.data(), t.below.data(), n, kEpsilon * norm, shifts, x.data(), work.data(),
                                residuals);
  for (size_t l = 0; l < group.size(); ++l) {
    if (residuals[l] <= accepted(norm))
      for (size_t i = 0; i < n; ++i) vectors[group[l] * ld + i] = x[i * lanes + l];
    else
      inverse_iteration(t, values, group[l], group[l] + 1, norm, vectors, ld, kernels);
  }
}

}  // namespace

double Tridiagonal::norm() const {
  double most = 0;
  for (size_t i = 0; i < diagonal.size(); ++i) {
    const double next = i + 1 < below.size() ? std::fabs(below[i + 1]) : 0;
    most = std::max(most, std::fabs(below[i]) + std::fabs(diagonal[i]) + next);
  }
  return most;
}

void leading_eigenvalues(const Tridiagonal& t, size_t k, double* values, int threads, const Kernels& kernels) {
  const size_t n = t.diagonal.size();
  const double norm = t.norm();
  for (size_t i = 0; i < n; ++i)
    if (!std::isfinite(t.diagonal[i]) || !std::isfinite(t.below[i]))
      throw Error("ERR_DATA", "expected finite products of the features, but they overflow");
  // To a norm of about 1, by a power of two. A coupling of 1e-30 moves no eigenvalue that is not far below rounding.
  const int scale = norm > 0 ? std::ilogb(norm) : 0;
  AlignedBuffer<double> diagonal(n), squares(n);
  for (size_t i = 0; i < n; ++i) {
    diagonal[i] = std::scalbn(t.diagonal[i], -scale);
    const double coupling = std::scalbn(t.below[i], -scale);
    squares[i] = std::max(coupling * coupling, 1e-60);
  }
  const double bound = norm > 0 ? std::scalbn(norm, -scale) : 0;
  // Four vectors of the widest instruction set.
  constexpr size_t kLanes = 32;
  parallel_for((k + kLanes - 1) / kLanes, threads, [&](size_t task) {
    double low[kLanes], high[kLanes], middle[kLanes], below[kLanes];
    std::fill_n(low, kLanes, -bound);
    std::fill_n(high, kLanes, bound);
    // 2^-54 of the interval is below the roundings that the minors have seen.
    for (int step = 0; step < 54; ++step) {
      for (size_t s = 0; s < kLanes; ++s) middle[s] = low[s] + (high[s] - low[s]) / 2;
      kernels.count_below_f64(diagonal.data(), squares.data(), n, middle, kLanes, below);
      for (size_t s = 0; s < kLanes; ++s) {
        // Value v, largest first, has n - 1 - v others below it.
        const size_t v = std::min(task * kLanes + s, n - 1);
        (below[s] > static_cast<double>(n - 1 - v) ? high : low)[s] = middle[s];
      }
    }
    for (size_t s = 0; s < std::min(kLanes, k - task * kLanes); ++s)
      values[task * kLanes + s] = std::scalbn(middle[s], scale);
  });
  // Values that agree to the last digits may have come out in either order.
  std::sort(values, values + k, [](double a, double b) { return a > b; });
}

void tridiagonal_vectors(const Tridiagonal& t, const double* values, size_t k, double* vectors, size_t ld, int threads,
                         const Kernels& kernels) {
  const double norm = t.norm() > 0 ? t.norm() : 1;
  std::vector<std::pair<size_t, size_t>> clusters;
  std::vector<size_t> isolated;
  for (size_t v = 0, begin = 0; v < k; ++v) {
    if (v + 1 < k && values[v] - values[v + 1] <= kCluster * norm) continue;
    if (v == begin)
      isolated.push_back(v);
    else
      clusters.emplace_back(begin, v + 1);
    begin = v + 1;
  }
  const size_t lanes = kernels.lanes_f64, groups = (isolated.size() + lanes - 1) / lanes;
  parallel_for(groups + clusters.size(), threads, [&](size_t task) {
    if (task < groups) {
      const size_t begin = task * lanes, count = std::min(lanes, isolated.size() - begin);
      isolated_vectors(t, values, std::span(isolated).subspan(begin, count), norm, vectors, ld, kernels);
    } else {
      const auto [begin, end] = clusters[task - groups];
      inverse_iteration(t, values, begin, end, norm, vectors, ld, kernels);
    }
  });
}

}  // namespace cole
