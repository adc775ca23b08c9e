#include "surrogate/train.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/flush_denormals.h"
#include "base/parallel_for.h"
#include "base/random.h"
#include "surrogate/losses.h"

namespace cole {

namespace {

// One stream per purpose: what one draws does not shift another.
enum Purpose : uint32_t { kInitStream, kOrderStream, kDropoutStream, kPairStream };

// Rows scored in one pass: more would leave the second-level cache.
constexpr size_t kScoreRows = 64;

AdamStep adam_step(const MlpSpec& spec, uint64_t t, float squares) {
  // In double: 1 - beta2^t loses half its digits in float at the first steps.
  const double correction1 = 1 - std::pow(static_cast<double>(spec.beta1), static_cast<double>(t));
  const double correction2 = 1 - std::pow(static_cast<double>(spec.beta2), static_cast<double>(t));
  float scale = 1;
  if (spec.clip_norm > 0) {
    // As PyTorch's clip_grad_norm_, its 1e-6 included.
    const float factor = spec.clip_norm / (std::sqrt(squares) + 1e-6f);
    scale = factor < 1 ? factor : 1;
  }
  return {spec.beta1,
          spec.beta2,
          spec.epsilon,
          static_cast<float>(spec.learning_rate / correction1),
          static_cast<float>(1 / std::sqrt(correction2)),
          scale};
}

float output_l1(const MlpLayout& layout, const MlpSpec& spec, const float* working) {
  if (spec.output_l1 == 0) return 0;
  const auto& last = layout.layers.back();
  float sum = 0;
  for (size_t i = 0; i < last.in; ++i) sum += std::fabs(working[last.working + i]);
  return spec.output_l1 * sum;
}

float train_member(const float* x, const float* y, size_t rows, const MlpSpec& spec, const MlpLayout& layout,
                   uint32_t seed, float* compact, const Kernels& kernels) {
  FlushDenormals flush;
  const size_t batch = std::min(spec.batch, rows);
  AlignedBuffer<float> w(layout.working_size), g(layout.working_size), m(layout.working_size), v(layout.working_size);
  init_weights(layout, spec.init, seed, compact);
  layout.to_working(compact, w.data());

  MlpPass pass(layout, spec, batch, kernels);
  HingeLoss hinge(spec.margin, spec.max_pairs);
  Random order_random(seed, kOrderStream), dropout_random(seed, kDropoutStream), pair_random(seed, kPairStream);
  std::vector<uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  std::vector<float> targets(batch);
  AlignedBuffer<float> d_output(padded(batch));

  float mean_loss = 0;
  uint64_t step = 0;
  for (size_t epoch = 0; epoch < spec.epochs; ++epoch) {
    if (spec.shuffle) order_random.shuffle(order.data(), rows);
    double loss_sum = 0;
    size_t steps = 0;
    for (size_t begin = 0; begin < rows; begin += batch) {
      const std::span<const uint32_t> rows_here(order.data() + begin, std::min(batch, rows - begin));
      const size_t count = rows_here.size();
      for (size_t i = 0; i < count; ++i) targets[i] = y[rows_here[i]];
      pass.load(x, rows_here);
      const uint32_t key = dropout_random.next32();
      const float* s = pass.forward(w.data(), &key);
      // A last, shorter batch must not see what a longer one left behind.
      std::fill(d_output.data() + count, d_output.data() + d_output.size(), 0.0f);
      float loss = 0;
      if (spec.loss == Loss::kMse)
        loss = mse_loss({s, count}, {targets.data(), count}, d_output.data());
      else if (!hinge({s, count}, {targets.data(), count}, pair_random, d_output.data(), &loss))
        continue;
      loss_sum += loss + output_l1(layout, spec, w.data());
      ++steps;
      const float squares = pass.backward(w.data(), d_output.data(), g.data());
      kernels.adam(w.data(), g.data(), m.data(), v.data(), layout.working_size, adam_step(spec, ++step, squares));
    }
    mean_loss = steps ? static_cast<float>(loss_sum / static_cast<double>(steps)) : 0;
    if (!std::isfinite(mean_loss))
      throw Error("ERR_DATA", "expected a finite training loss, got " + std::to_string(mean_loss) + " in epoch " +
                                  std::to_string(epoch + 1) + ": features, targets or the learning rate are too large");
  }
  layout.to_compact(w.data(), compact);
  for (size_t i = 0; i < layout.compact_size; ++i)
    if (!std::isfinite(compact[i]))
      throw Error("ERR_DATA",
                  "expected finite weights after training, but the last step overflowed: features, targets "
                  "or the learning rate are too large");
  return mean_loss;
}

}  // namespace

void init_weights(const MlpLayout& layout, Init init, uint32_t seed, float* compact) {
  Random random(seed, kInitStream);
  for (const auto& l : layout.layers) {
    const auto in = static_cast<float>(l.in), out = static_cast<float>(l.out);
    const bool xavier = init == Init::kXavier;
    const float bound = xavier ? std::sqrt(6 / (in + out)) : l.in > 0 ? 1 / std::sqrt(in) : 0;
    float* w = compact + l.compact;
    for (size_t i = 0; i < l.in * l.out; ++i) w[i] = random.symmetric(bound);
    for (size_t i = 0; i < l.out; ++i) w[l.in * l.out + i] = xavier ? 0 : random.symmetric(bound);
  }
}

void train_mlp(const float* x, const float* y, size_t rows, size_t cols, const MlpSpec& spec,
               std::span<const uint32_t> seeds, int threads, float* weights, float* final_loss,
               const Kernels& kernels) {
  const MlpLayout layout(cols, spec.hidden);
  parallel_for(seeds.size(), threads, [&](size_t member) {
    final_loss[member] =
        train_member(x, y, rows, spec, layout, seeds[member], weights + member * layout.compact_size, kernels);
  });
}

void predict_mlp(const float* weights, size_t members, const MlpSpec& spec, const float* x, size_t rows, size_t cols,
                 int threads, float* out, const Kernels& kernels) {
  const MlpLayout layout(cols, spec.hidden);
  std::vector<AlignedBuffer<float>> working;
  for (size_t i = 0; i < members; ++i) {
    working.emplace_back(layout.working_size);
    layout.to_working(weights + i * layout.compact_size, working.back().data());
  }
  // Enough rows per task to pay for its buffers; a row's result does not depend on the rows beside it.
  constexpr size_t kTaskRows = 8 * kScoreRows;
  const size_t tasks = (rows + kTaskRows - 1) / kTaskRows;
  parallel_for(members * tasks, threads, [&](size_t task) {
    const size_t member = task / tasks, begin = task % tasks * kTaskRows;
    MlpPass pass(layout, spec, kScoreRows, kernels);
    std::vector<uint32_t> order(kScoreRows);
    for (size_t r = begin; r < std::min(rows, begin + kTaskRows); r += kScoreRows) {
      const size_t count = std::min(kScoreRows, rows - r);
      std::iota(order.begin(), order.end(), static_cast<uint32_t>(r));
      pass.load(x, {order.data(), count});
      std::copy_n(pass.forward(working[member].data(), nullptr), count, out + member * rows + r);
    }
  });
}

}  // namespace cole
