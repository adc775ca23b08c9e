#include "surrogate/pca.h"

#include "base/error.h"
#include "surrogate/eigen.h"
#include "surrogate/float_errors.h"
#include "surrogate/products.h"
#include "test/check.h"

namespace cole {
using test::uniform;

// A v = value v, orthonormal, sorted, and the trace where all pairs are asked for.
static void check_eigenpairs(const std::vector<double>& a, size_t n, size_t k, const Kernels& kernels) {
  SymmetricMatrix work(n);
  for (size_t i = 0; i < n; ++i) std::copy_n(a.data() + i * n, i + 1, work.row(i));
  std::vector<double> values(k), padded_vectors(k * work.ld), vectors(k * n);
  const EigenSolver solver(work, kernels);
  solver.values(k, values.data(), 2);
  solver.vectors(values.data(), k, padded_vectors.data(), 2);
  for (size_t v = 0; v < k; ++v) std::copy_n(padded_vectors.data() + v * work.ld, n, vectors.data() + v * n);
  double norm = 0, trace = 0, sum = 0;
  for (double v : a) norm = std::max(norm, std::fabs(v));
  const double tolerance = 1e-13 * static_cast<double>(n) * std::max(norm, 1e-300);
  for (size_t v = 0; v < k; ++v) {
    if (v > 0) CHECK(values[v] <= values[v - 1]);
    sum += values[v];
    for (size_t i = 0; i < n; ++i) {
      double product = 0;
      for (size_t j = 0; j < n; ++j) product += a[i * n + j] * vectors[v * n + j];
      CHECK_NEAR(product, values[v] * vectors[v * n + i], tolerance);
    }
    for (size_t u = 0; u <= v; ++u) {
      double dot = 0;
      for (size_t i = 0; i < n; ++i) dot += vectors[u * n + i] * vectors[v * n + i];
      CHECK_NEAR(dot, u == v, 1e-12);
    }
  }
  for (size_t i = 0; i < n; ++i) trace += a[i * n + i];
  if (k == n) CHECK_NEAR(sum, trace, tolerance * 10);
}

COLE_TEST(eigenpairs_of_all_kinds_of_matrices) {
  for (size_t n : {1, 2, 3, 10, 57}) {
    const auto r = uniform(n * n, static_cast<uint32_t>(n));
    std::vector<double> random(n * n), low_rank(n * n), identity(n * n), zero(n * n), graded(n * n), blocks(n * n);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) {
        random[i * n + j] = static_cast<double>(r[i * n + j]) + r[j * n + i];
        // Rank 2, so eigenvalue 0 repeats n - 2 times.
        low_rank[i * n + j] = static_cast<double>(r[i]) * r[j] + 1.0;
        identity[i * n + j] = i == j;
        graded[i * n + j] = random[i * n + j] * std::pow(10.0, -0.2 * static_cast<double>(i + j));
        // Two equal blocks that do not touch: pairs of equal eigenvalues, a zero in the tridiagonal form.
        const size_t half = n / 2, bi = i % std::max<size_t>(half, 1), bj = j % std::max<size_t>(half, 1);
        const bool same = half > 0 && i < 2 * half && j < 2 * half && (i < half) == (j < half);
        blocks[i * n + j] = same ? static_cast<double>(r[bi * n + bj]) + r[bj * n + bi] : 0;
      }
    for (const auto& a : {random, low_rank, identity, zero, graded, blocks}) {
      check_eigenpairs(a, n, n, kernels);
      check_eigenpairs(a, n, (n + 1) / 2, kernels);
    }
  }
}

COLE_TEST(eigenpairs_of_clusters) {
  // Q diag(values) Q^T with Q a product of reflections; gaps on both sides of the width of a cluster.
  const size_t n = 150;
  for (double gap : {0.0, 1e-15, 1e-10, 1e-8, 2e-7, 1e-5}) {
    std::vector<double> a(n * n, 0);
    for (size_t i = 0; i < n; ++i) a[i * n + i] = (i < 40 ? 1.0 : i < 80 ? 0.5 : 1e-9) + gap * static_cast<double>(i % 40);
    for (uint32_t r = 0; r < 3; ++r) {
      const auto direction = uniform(n, 70 + r);
      std::vector<double> v(direction.begin(), direction.end()), av(n);
      double square = 0, product = 0;
      for (double x : v) square += x * x;
      for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) av[i] += a[i * n + j] * v[j];
      for (size_t i = 0; i < n; ++i) product += v[i] * av[i];
      const double tau = 2 / square;
      for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j)
          a[i * n + j] += -tau * (v[i] * av[j] + av[i] * v[j]) + tau * tau * product * v[i] * v[j];
    }
    check_eigenpairs(a, n, n, kernels);
    check_eigenpairs(a, n, 60, kernels);
  }
}

COLE_TEST(eigenvalues_that_are_not_finite) {
  SymmetricMatrix a(3);
  a.row(1)[0] = 1e308 * 10;
  bool thrown = false;
  try {
    double value;
    EigenSolver(a, kernels).values(1, &value, 1);
  } catch (const Error& e) {
    thrown = std::string(e.code()) == "ERR_DATA";
  }
  CHECK(thrown);
}

COLE_TEST(pca_by_gram_and_by_covariance) {
  // The same data, as it is and with zero columns appended so that the other product is the smaller one.
  const size_t rows = 30, cols = 12, wide = 50, k = 12;
  const auto x = uniform(rows * cols, 5);
  std::vector<float> y(rows * wide, 0.25f);
  for (size_t i = 0; i < rows; ++i) std::copy_n(x.data() + i * cols, cols, y.data() + i * wide);
  std::vector<float> mean(cols), components(k * cols), variances(k), mean2(wide), components2(k * wide), variances2(k);
  fit_pca(x.data(), rows, cols, k, 1, mean.data(), components.data(), variances.data(), kernels);
  fit_pca(y.data(), rows, wide, k, 2, mean2.data(), components2.data(), variances2.data(), kernels);
  for (size_t v = 0; v < k; ++v) {
    CHECK_NEAR(variances2[v], variances[v], 1e-5 * variances[0]);
    for (size_t j = 0; j < wide; ++j)
      CHECK_NEAR(components2[v * wide + j], j < cols ? components[v * cols + j] : 0, 1e-5);
  }
  // Projections are uncorrelated and have the variances that were reported.
  std::vector<float> z(rows * k);
  project(x.data(), rows, cols, mean.data(), components.data(), k, 2, z.data(), kernels);
  for (size_t u = 0; u < k; ++u)
    for (size_t v = 0; v < k; ++v) {
      double sum = 0;
      for (size_t i = 0; i < rows; ++i) sum += static_cast<double>(z[i * k + u]) * z[i * k + v];
      CHECK_NEAR(sum / (rows - 1), u == v ? variances[u] : 0, 1e-5);
    }
}

COLE_TEST(pca_keeps_weak_directions) {
  // Directions that fall off ever more steeply, turned so that no column shows them: beyond some point float sums drown the
  // last ones, and the result must be that of double all the same. By covariance and, transposed in shape, by Gram matrix.
  for (const auto& [rows, cols] : {std::pair<size_t, size_t>{90, 24}, {24, 90}})
    for (double fall : {0.0, 0.05, 0.1, 0.2, 0.3}) {
      const size_t k = 20;
      auto x = uniform(rows * cols, 21);
      for (size_t i = 0; i < rows * cols; ++i) x[i] *= static_cast<float>(std::pow(10.0, -fall * double(i % cols % 24)));
      const auto v = uniform(cols, 22);
      double square = 0;
      for (float c : v) square += double(c) * c;
      for (size_t i = 0; i < rows; ++i) {
        double dot = 0;
        for (size_t j = 0; j < cols; ++j) dot += double(x[i * cols + j]) * v[j];
        for (size_t j = 0; j < cols; ++j)
          x[i * cols + j] = static_cast<float>(x[i * cols + j] - 2 * dot / square * v[j] + 0.5);
      }
      std::vector<float> mean(cols), components(k * cols), variances(k);
      fit_pca(x.data(), rows, cols, k, 2, mean.data(), components.data(), variances.data(), kernels);
      SymmetricMatrix exact(std::min(rows, cols));
      products({x.data(), rows, cols, mean.data()}, rows < cols, true, exact, 1, kernels);
      std::vector<double> values(k);
      EigenSolver(exact, kernels).values(k, values.data(), 1);
      for (size_t c = 0; c < k; ++c) {
        const double variance = values[c] / static_cast<double>(rows - 1);
        CHECK_NEAR(variances[c] / variance, 1, 1e-3);
        // The variance along the component itself, which is of second order in its error.
        double along = 0;
        for (size_t i = 0; i < rows; ++i) {
          double dot = 0;
          for (size_t j = 0; j < cols; ++j) dot += (double(x[i * cols + j]) - mean[j]) * components[c * cols + j];
          along += dot * dot / static_cast<double>(rows - 1);
        }
        CHECK_NEAR(along / variance, 1, 1e-3);
      }
    }
}

COLE_TEST(float_products_err_by_the_share_promised) {
  // Independent columns, columns that follow one direction, of falling length, of few values, of two.
  for (const char kind : {'i', 'd', 's', 'f', 't'})
    for (const auto& [n, depth] : {std::pair<size_t, size_t>{60, 250}, {90, 700}}) {
      auto x = uniform(n * depth, 31);
      const auto u = uniform(depth, 32), w = uniform(n, 33);
      for (size_t i = 0; i < depth; ++i)
        for (size_t j = 0; j < n; ++j) {
          float& value = x[i * n + j];
          if (kind == 'd') value += 1000 * u[i] * w[j];
          if (kind == 's') value *= static_cast<float>(std::pow(10.0, -0.05 * static_cast<double>(j)));
          if (kind == 'f') value = 0.3f * std::floor(2 * value + 3 * u[i]);
          if (kind == 't') value = value + 2 * u[i] > 0;
        }
      std::vector<float> mean(n);
      column_means(x.data(), depth, n, mean.data(), kernels);
      SymmetricMatrix single(n), exact(n);
      products({x.data(), depth, n, mean.data()}, false, false, single, 1, kernels);
      products({x.data(), depth, n, mean.data()}, false, true, exact, 1, kernels);
      const auto error = [&](size_t i, size_t j) {
        return single.row(std::max(i, j))[std::min(i, j)] - exact.row(std::max(i, j))[std::min(i, j)];
      };
      std::vector<double> errors(n * n);
      double largest = 0;
      for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) largest = std::max(largest, std::fabs(errors[i * n + j] = error(i, j)));
      // Sums of whole numbers, as those of 250 rows of two values minus a half may be, are exact.
      CHECK(largest > 0 || kind == 't');
      AlignedBuffer<double> values(n), vectors(n * single.ld);
      const EigenSolver solver(single, kernels);
      solver.values(n, values.data(), 1);
      solver.vectors(values.data(), n, vectors.data(), 1);
      for (size_t v = 1; v < n; ++v) {
        const double* along = vectors.data() + v * single.ld;
        double square = 0, sum = 0;
        for (size_t i = 0; i < n; ++i) {
          square += exact.row(i)[i] * along[i] * along[i];
          for (size_t j = 0; j < n; ++j) sum += along[i] * errors[i * n + j] * along[j];
        }
        CHECK(std::fabs(sum) <= FloatErrors::share(n) * square);
      }
    }
}

COLE_TEST(pca_of_fewer_directions_than_components) {
  // Three distinct rows, many times over: two directions, the rest zero.
  const size_t rows = 9, cols = 20, k = 8;
  const auto base = uniform(3 * cols, 6);
  std::vector<float> x;
  for (size_t i = 0; i < rows; ++i)
    x.insert(x.end(), base.begin() + static_cast<long>(i % 3 * cols),
             base.begin() + static_cast<long>((i % 3 + 1) * cols));
  std::vector<float> mean(cols), components(k * cols), variances(k);
  fit_pca(x.data(), rows, cols, k, 1, mean.data(), components.data(), variances.data(), kernels);
  for (size_t v = 0; v < k; ++v) {
    double norm = 0;
    for (size_t j = 0; j < cols; ++j) norm += static_cast<double>(components[v * cols + j]) * components[v * cols + j];
    CHECK_NEAR(norm, v < 2, 1e-5);
    CHECK((variances[v] > 0) == (v < 2));
  }
}

}  // namespace cole
