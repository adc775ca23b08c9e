// Cholesky factors and the Gaussian process against their definitions; gradients of the Perceiver against central
// differences, in double; its training.
#include "surrogate/cholesky.h"
#include "surrogate/gp.h"
#include "surrogate/perceiver_train.h"
#include "test/check.h"

namespace cole {
using test::uniform;

COLE_TEST(cholesky_and_inverse_of_every_size) {
  for (const size_t n : {1, 2, 7, 47, 48, 49, 96, 131}) {
    // a = b b^T + 1, positive definite.
    const auto b = uniform(n * n, static_cast<uint32_t>(n));
    std::vector<double> a(n * n), l, inverse(n * n), threaded(n * n);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) {
        a[i * n + j] = i == j;
        for (size_t p = 0; p < n; ++p)
          a[i * n + j] += static_cast<double>(b[i * n + p]) * static_cast<double>(b[j * n + p]);
      }
    l = a;
    CHECK(cholesky(l.data(), n, 1, kernels));
    std::vector<double> again = a;
    CHECK(cholesky(again.data(), n, 3, kernels) && again == l);
    invert_lower(l.data(), n, inverse.data(), 1, kernels);
    invert_lower(l.data(), n, threaded.data(), 3, kernels);
    CHECK(inverse == threaded);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j <= i; ++j) {
        double product = 0, identity = 0;
        for (size_t p = 0; p <= j; ++p) product += l[i * n + p] * l[j * n + p];
        for (size_t p = j; p <= i; ++p) identity += l[i * n + p] * inverse[p * n + j];
        CHECK_NEAR(product, a[i * n + j], 1e-11 * static_cast<double>(n));
        CHECK_NEAR(identity, i == j ? 1 : 0, 1e-11 * static_cast<double>(n));
      }
  }
  double negative[] = {1, 0, 2, 1};
  CHECK(!cholesky(negative, 2, 1, kernels));
}

COLE_TEST(gaussian_process_of_two_rows_by_hand) {
  // Rows at distance 1 of each other, length 1, noise 0.1: K = [[1.1, c], [c, 1.1]], c = exp(-1/2).
  const float x[] = {0, 1}, query = 0.25f;
  const double y[] = {-1, 1}, c = std::exp(-0.5), det = 1.21 - c * c;
  double inverse[4], alpha[2], variances[2], mean, variance;
  fit_gp(x, y, 2, 1, {1, 0.1}, 1, inverse, alpha, variances, kernels);
  CHECK_NEAR(alpha[0], (-1.1 - c) / det, 1e-12);
  CHECK_NEAR(alpha[1], (1.1 + c) / det, 1e-12);
  CHECK_NEAR(variances[0], det / 1.1, 1e-12);
  predict_gp(x, 2, 1, {1, 0.1}, inverse, alpha, &query, 1, 1, &mean, &variance, kernels);
  const double k0 = std::exp(-0.5 * 0.0625), k1 = std::exp(-0.5 * 0.5625);
  CHECK_NEAR(mean, k0 * alpha[0] + k1 * alpha[1], 1e-12);
  CHECK_NEAR(variance, 1 - (1.1 * (k0 * k0 + k1 * k1) - 2 * c * k0 * k1) / det, 1e-12);
}

COLE_TEST(gaussian_process_finds_the_scales_of_its_data) {
  // A sine of period 4 without noise, and noise alone.
  const size_t n = 120;
  const auto x = uniform(n, 5), wild = uniform(n, 6);
  std::vector<float> at(n);
  std::vector<double> sine(n), noise(n);
  for (size_t i = 0; i < n; ++i) {
    at[i] = 5 * x[i];
    sine[i] = std::sin(1.5707963 * static_cast<double>(at[i]));
    noise[i] = static_cast<double>(wild[i]);
  }
  const GpScales smooth = fit_gp_scales(at.data(), sine.data(), n, 1, 1, kernels);
  CHECK(smooth.noise < 1e-3 && smooth.length > 0.5 && smooth.length < 4);
  CHECK(fit_gp_scales(at.data(), noise.data(), n, 1, 2, kernels).noise > 0.3);
}

namespace {

PerceiverShape small_shape() { return {3, 6, 2, 4, {7, 5}, 0.01f, 0}; }

}  // namespace

COLE_TEST(perceiver_gradient_equals_finite_differences) {
  const PerceiverShape shape = small_shape();
  const PerceiverLayout layout(shape);
  const size_t rows = 4;
  std::vector<float> start(layout.size);
  init_perceiver(shape, layout, 3, start.data());
  // Gains and shifts away from one and zero, so that a mix-up shows.
  const auto stir = uniform(layout.size, 9);
  std::vector<double> p(layout.size), x(rows * shape.layers * shape.dim), gradient(layout.size);
  for (size_t i = 0; i < p.size(); ++i) p[i] = static_cast<double>(start[i] + 0.1f * stir[i]);
  const auto values = uniform(x.size(), 4);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(values[i]);
  const double weights[rows] = {0.7, -1.3, 0.4, 2.1};
  PerceiverPass<double> pass(shape, layout, rows, kernels);
  const auto loss = [&] {
    const double* s = pass.forward(p.data(), x.data(), rows, nullptr);
    double sum = 0;
    for (size_t r = 0; r < rows; ++r) sum += weights[r] * s[r];
    return sum;
  };
  loss();
  pass.backward(p.data(), weights, gradient.data());
  double squares = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    const double keep = p[i], h = 1e-5;
    p[i] = keep + h;
    const double up = loss();
    p[i] = keep - h;
    const double down = loss();
    p[i] = keep;
    CHECK_NEAR(gradient[i], (up - down) / (2 * h), 1e-7);
    squares += gradient[i] * gradient[i];
  }
  CHECK(squares > 0.01);
}

COLE_TEST(perceiver_learns_and_does_not_depend_on_threads_or_company) {
  PerceiverShape shape = small_shape();
  shape.dropout = 0.05f;
  const PerceiverLayout layout(shape);
  const size_t rows = 60, row = shape.layers * shape.dim;
  const auto x = uniform(rows * row, 1);
  std::vector<float> y(rows);
  // What is in the second layer alone.
  for (size_t r = 0; r < rows; ++r) y[r] = x[r * row + shape.dim] - x[r * row + shape.dim + 2];
  MlpSpec spec;
  spec.margin = 0.1f;
  spec.max_pairs = 1000;
  spec.learning_rate = 3e-3f;
  spec.beta1 = 0.9f;
  spec.beta2 = 0.999f;
  spec.epsilon = 1e-8f;
  spec.batch = 16;
  spec.epochs = 150;
  spec.shuffle = true;
  spec.clip_norm = 1;
  for (Loss loss : {Loss::kMse, Loss::kHinge}) {
    spec.loss = loss;
    const std::vector<uint32_t> seeds{1, 2, 3};
    std::vector<float> one(3 * layout.size), three(one.size()), losses(3), losses3(3);
    train_perceiver(x.data(), y.data(), rows, shape, spec, seeds, 1, one.data(), losses.data(), kernels);
    train_perceiver(x.data(), y.data(), rows, shape, spec, seeds, 3, three.data(), losses3.data(), kernels);
    CHECK(one == three && losses == losses3);
    for (const float each : losses) CHECK(each < 0.1f);
    std::vector<float> all(3 * rows), alone(3);
    predict_perceiver(one.data(), 3, shape, x.data(), rows, 2, all.data(), kernels);
    predict_perceiver(one.data(), 3, shape, x.data() + 7 * row, 1, 1, alone.data(), kernels);
    for (size_t m = 0; m < 3; ++m) CHECK(alone[m] == all[m * rows + 7]);
  }
}

}  // namespace cole
