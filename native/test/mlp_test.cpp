// Gradients against central differences of an independent reference in double precision, one training step against
// hand-computed clipping and Adam, and the properties of training.
#include <numeric>

#include "base/error.h"
#include "surrogate/losses.h"
#include "surrogate/train.h"
#include "test/check.h"

namespace cole {
using test::uniform;

namespace {

MlpSpec small_spec() {
  MlpSpec spec;
  spec.hidden = {7, 19, 5};
  spec.negative_slope = 0.01f;
  spec.margin = 0.1f;
  spec.max_pairs = 1000;
  spec.learning_rate = 1e-3f;
  spec.beta1 = 0.9f;
  spec.beta2 = 0.999f;
  spec.epsilon = 1e-8f;
  spec.batch = 8;
  spec.epochs = 3;
  return spec;
}

constexpr uint32_t kKey = 0xabcdef01u;

// Whether unit `unit` of hidden layer `layer` is kept for column `column`: the hash of kernels.h, written again.
bool kept(size_t layer, size_t unit, size_t column, size_t columns, float dropout) {
  const uint32_t key = kKey + static_cast<uint32_t>(layer) * 0x632be5abu;
  uint32_t x = static_cast<uint32_t>(unit * columns + column) * 0x9e3779b9u ^ key;
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return x >= static_cast<uint32_t>(std::floor(dropout * 4294967296.0));
}

// Loss of a batch, straight from the definitions, in double.
double reference_loss(const MlpLayout& layout, const MlpSpec& spec, const std::vector<double>& w,
                      const std::vector<float>& x, const std::vector<float>& y) {
  const size_t rows = y.size() / spec.outputs, cols = layout.layers[0].in, columns = padded(rows);
  std::vector<double> s(rows * spec.outputs);
  for (size_t r = 0; r < rows; ++r) {
    std::vector<double> h(x.begin() + static_cast<long>(r * cols), x.begin() + static_cast<long>((r + 1) * cols));
    for (size_t l = 0; l < layout.layers.size(); ++l) {
      const auto& layer = layout.layers[l];
      std::vector<double> z(layer.out);
      for (size_t o = 0; o < layer.out; ++o) {
        z[o] = w[layer.compact + layer.in * layer.out + o];
        for (size_t i = 0; i < layer.in; ++i) z[o] += w[layer.compact + o * layer.in + i] * h[i];
        if (l + 1 == layout.layers.size()) continue;
        if (z[o] < 0) z[o] *= spec.negative_slope;
        if (spec.dropout > 0)
          z[o] = kept(l, o, r, columns, spec.dropout) ? z[o] / (1 - static_cast<double>(spec.dropout)) : 0;
      }
      h = z;
    }
    for (size_t o = 0; o < spec.outputs; ++o) s[r * spec.outputs + o] = h[o];
  }
  double loss = 0, count = 0;
  if (spec.loss == Loss::kMse) {
    for (size_t i = 0; i < y.size(); ++i) loss += (s[i] - y[i]) * (s[i] - y[i]);
    count = static_cast<double>(y.size());
  } else {
    // By the last output alone.
    for (size_t i = spec.outputs - 1; i < y.size(); i += spec.outputs)
      for (size_t j = i + spec.outputs; j < y.size(); j += spec.outputs) {
        if (y[i] == y[j]) continue;
        const double sign = y[i] > y[j] ? 1 : -1;
        loss += std::max(0.0, static_cast<double>(spec.margin) - sign * (s[i] - s[j]));
        ++count;
      }
  }
  loss /= count;
  const auto& last = layout.layers.back();
  for (size_t i = 0; i < last.in * last.out; ++i)
    loss += static_cast<double>(spec.output_l1) * std::fabs(w[last.compact + i]);
  return loss;
}

struct Gradient {
  std::vector<float> compact;
  double loss, squares;
};

Gradient gradient_of(const MlpLayout& layout, const MlpSpec& spec, const std::vector<float>& weights,
                     const std::vector<float>& x, const std::vector<float>& y, const Kernels& kernels) {
  const size_t outputs = spec.outputs, rows = y.size() / outputs;
  MlpPass pass(layout, spec, rows, kernels);
  AlignedBuffer<float> working(layout.working_size), g(layout.working_size), ds(outputs * padded(rows));
  layout.to_working(weights.data(), working.data());
  std::vector<uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  pass.load({}, x.data(), order);
  const float* s = pass.forward({}, working.data(), &kKey, nullptr);
  float loss = 0;
  Random random(0, 0);
  for (size_t o = spec.loss == Loss::kHinge ? outputs - 1 : 0; o < outputs; ++o) {
    std::vector<float> targets;
    for (size_t r = 0; r < rows; ++r) targets.push_back(y[r * outputs + o]);
    float* to = ds.data() + o * pass.columns();
    if (spec.loss == Loss::kMse)
      loss += mse_loss({s + o * pass.columns(), rows}, targets, outputs, to);
    else
      HingeLoss(spec.margin, spec.max_pairs, rows)({s + o * pass.columns(), rows}, targets, random, to, &loss);
  }
  const auto& last = layout.layers.back();
  for (size_t i = 0; i < last.in * outputs; ++i) loss += spec.output_l1 * std::fabs(weights[last.compact + i]);
  const double squares = static_cast<double>(pass.backward({}, working.data(), ds.data(), g.data()));
  std::vector<float> compact(layout.compact_size);
  layout.to_compact(g.data(), compact.data());
  return {compact, loss, squares};
}

void check_gradient(const MlpSpec& spec, size_t rows, size_t cols, const Kernels& kernels) {
  const MlpLayout layout(cols, spec);
  std::vector<float> weights(layout.compact_size);
  init_weights(layout, spec.init, 11, weights.data());
  const auto x = uniform(rows * cols, 1);
  auto y = uniform(rows * spec.outputs, 2);
  if (rows > 3) y[4 * spec.outputs - 1] = y[2 * spec.outputs - 1];  // A tie, for the hinge.
  const Gradient got = gradient_of(layout, spec, weights, x, y, kernels);
  std::vector<double> w(weights.begin(), weights.end());
  CHECK_NEAR(got.loss, reference_loss(layout, spec, w, x, y), 1e-5);
  double squares = 0;
  for (size_t i = 0; i < w.size(); ++i) {
    const double keep = w[i], h = 1e-6;
    w[i] = keep + h;
    const double up = reference_loss(layout, spec, w, x, y);
    w[i] = keep - h;
    const double down = reference_loss(layout, spec, w, x, y);
    w[i] = keep;
    CHECK_NEAR(got.compact[i], (up - down) / (2 * h), 2e-5);
    squares += static_cast<double>(got.compact[i]) * got.compact[i];
  }
  CHECK(squares > 0);
  CHECK_NEAR(got.squares, squares, 1e-4 * squares);
}

}  // namespace

COLE_TEST(gradients_equal_finite_differences) {
  for (Loss loss : {Loss::kMse, Loss::kHinge})
    for (float slope : {0.0f, 0.01f})
      for (float l1 : {0.0f, 0.2f})
        for (float dropout : {0.0f, 0.3f}) {
          MlpSpec spec = small_spec();
          spec.loss = loss;
          spec.outputs = slope == 0 ? 1 : 2;
          spec.negative_slope = slope;
          spec.output_l1 = l1;
          spec.dropout = dropout;
          check_gradient(spec, 13, 21, kernels);
        }
  MlpSpec one = small_spec();
  one.hidden = {33};
  check_gradient(one, 33, 3, kernels);
  check_gradient(one, 1, 1, kernels);
}

COLE_TEST(one_clipped_step_by_hand) {
  // The first step of Adam moves every parameter by rate * g / (|g| + epsilon / ...) with g clipped to norm 1e-6, where
  // epsilon no longer vanishes beside it: a missing or wrong factor of clipping shows.
  MlpSpec spec = small_spec();
  spec.clip_norm = 1e-6f;
  spec.epsilon = 1e-7f;
  spec.epochs = 1;
  const size_t rows = 8, cols = 4;
  const MlpLayout layout(cols, spec);
  const auto x = uniform(rows * cols, 1), y = uniform(rows, 2);
  std::vector<float> before(layout.compact_size), after(layout.compact_size);
  init_weights(layout, spec.init, 77, before.data());
  const Gradient gradient = gradient_of(layout, spec, before, x, y, kernels);
  const uint32_t seed = 77;
  float loss;
  train_mlp(x.data(), y.data(), rows, cols, spec, {&seed, 1}, 1, after.data(), &loss, kernels);
  CHECK_NEAR(loss, gradient.loss, 1e-6);
  const double factor = 1e-6 / (std::sqrt(gradient.squares) + 1e-6);
  for (size_t i = 0; i < before.size(); ++i) {
    const double g = gradient.compact[i] * factor;
    CHECK_NEAR(after[i] - before[i], -1e-3 * g / (std::fabs(g) + 1e-7), 2e-6);
  }
}

COLE_TEST(xavier_and_uniform_initialisation) {
  MlpSpec spec;
  spec.hidden = {128, 64};
  const MlpLayout layout(50, spec);
  std::vector<float> w(layout.compact_size);
  for (Init init : {Init::kUniform, Init::kXavier}) {
    init_weights(layout, init, 3, w.data());
    for (const auto& l : layout.layers) {
      const double in = static_cast<double>(l.in), out = static_cast<double>(l.out);
      const double bound = init == Init::kXavier ? std::sqrt(6 / (in + out)) : 1 / std::sqrt(in);
      double square = 0;
      for (size_t i = 0; i < l.in * l.out; ++i) {
        CHECK(std::fabs(w[l.compact + i]) <= bound * 1.000001);
        square += w[l.compact + i] * w[l.compact + i];
      }
      // Variance of a uniform distribution: bound^2 / 3.
      if (l.out > 1) CHECK_NEAR(square / (in * out), bound * bound / 3, bound * bound / 30);
      for (size_t o = 0; o < l.out; ++o) {
        const double bias = w[l.compact + l.in * l.out + o];
        CHECK(init == Init::kXavier ? bias == 0 : std::fabs(bias) <= bound);
      }
    }
  }
}

COLE_TEST(training_fits_and_does_not_depend_on_threads) {
  for (Loss loss : {Loss::kMse, Loss::kHinge}) {
    MlpSpec spec = small_spec();
    spec.hidden = {32, 32};
    spec.loss = loss;
    spec.epochs = 300;
    spec.batch = 16;
    spec.shuffle = true;
    spec.dropout = 0.05f;
    spec.clip_norm = 1;
    const size_t rows = 41, cols = 6;
    const auto x = uniform(rows * cols, 1);
    std::vector<float> y(rows);
    for (size_t r = 0; r < rows; ++r) y[r] = x[r * cols] - 2 * x[r * cols + 3] * x[r * cols + 1];
    const std::vector<uint32_t> seeds{1, 2, 3, 4};
    const MlpLayout layout(cols, spec);
    std::vector<float> one(seeds.size() * layout.compact_size), three(one.size()), losses(4), losses3(4);
    train_mlp(x.data(), y.data(), rows, cols, spec, seeds, 1, one.data(), losses.data(), kernels);
    train_mlp(x.data(), y.data(), rows, cols, spec, seeds, 3, three.data(), losses3.data(), kernels);
    CHECK(one == three && losses == losses3);
    for (float l : losses) CHECK(l < 0.1f);
    // Every row alone, and all of them on several threads.
    std::vector<float> all(4 * rows), alone(4);
    predict_mlp(one.data(), 4, spec, x.data(), rows, cols, 3, all.data(), kernels);
    for (size_t r = 0; r < rows; ++r) {
      predict_mlp(one.data(), 4, spec, x.data() + r * cols, 1, cols, 1, alone.data(), kernels);
      for (size_t m = 0; m < 4; ++m) CHECK(alone[m] == all[m * rows + r]);
    }
  }
}

COLE_TEST(teams_train_the_same_bits) {
  // Large enough for teams: one member over all threads, and those that a round of whole members leaves over.
  for (size_t outputs : {1, 2}) {
    MlpSpec spec = small_spec();
    spec.hidden = {128, 112, 128};
    spec.outputs = outputs;
    spec.loss = outputs == 1 ? Loss::kMse : Loss::kHinge;
    spec.batch = 32;
    spec.shuffle = true;
    spec.dropout = 0.1f;
    spec.clip_norm = 1;
    const size_t rows = 45, cols = 100;
    const auto x = uniform(rows * cols, 1), y = uniform(rows * outputs, 2);
    const std::vector<uint32_t> seeds{1, 2, 3};
    const MlpLayout layout(cols, spec);
    const auto train = [&](size_t members, int threads) {
      std::vector<float> weights(members * layout.compact_size), losses(members);
      train_mlp(x.data(), y.data(), rows, cols, spec, {seeds.data(), members}, threads, weights.data(), losses.data(),
                kernels);
      weights.insert(weights.end(), losses.begin(), losses.end());
      return weights;
    };
    for (size_t members : {1, 3}) {
      const auto expected = train(members, 1);
      for (int threads : {2, 5, 9}) CHECK(train(members, threads) == expected);
    }
  }
}

COLE_TEST(teams_report_training_that_overflows) {
  MlpSpec spec = small_spec();
  spec.hidden = {128, 128, 128};
  spec.batch = 32;
  spec.learning_rate = 1;
  const size_t rows = 64, cols = 128;
  auto x = uniform(rows * cols, 1);
  for (float& v : x) v *= 1e30f;
  const auto y = uniform(rows, 2);
  const uint32_t seed = 1;
  std::vector<float> weights(MlpLayout(cols, spec).compact_size);
  float loss;
  bool thrown = false;
  try {
    train_mlp(x.data(), y.data(), rows, cols, spec, {&seed, 1}, 2, weights.data(), &loss, kernels);
  } catch (const Error& e) {
    thrown = std::string(e.code()) == "ERR_DATA";
  }
  CHECK(thrown);
}

COLE_TEST(degenerate_training_is_well_defined) {
  const uint32_t seed = 1;
  float loss;
  MlpSpec spec = small_spec();
  for (Loss kind : {Loss::kMse, Loss::kHinge})
    for (size_t cols : {0, 1}) {
      spec.loss = kind;
      const MlpLayout layout(cols, spec);
      std::vector<float> w(layout.compact_size);
      const std::vector<float> x(cols, 0.5f), y{0};
      train_mlp(x.data(), y.data(), 1, cols, spec, {&seed, 1}, 1, w.data(), &loss, kernels);
      CHECK(std::isfinite(loss));
      float out;
      predict_mlp(w.data(), 1, spec, x.data(), 1, cols, 1, &out, kernels);
      CHECK(std::isfinite(out));
    }
}

}  // namespace cole
