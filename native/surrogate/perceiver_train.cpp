#include "surrogate/perceiver_train.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/flush_denormals.h"
#include "base/parallel_for.h"
#include "surrogate/losses.h"
#include "surrogate/train.h"

namespace cole {
namespace {

// The first stream of a seed makes its parameters.
enum Purpose : uint32_t { kOrderStream = 1, kDropoutStream, kPairStream };

float train_member(const float* x, const float* y, size_t rows, const PerceiverShape& shape,
                   const PerceiverLayout& layout, const MlpSpec& spec, uint32_t seed, float* parameters,
                   const Kernels& kernels) {
  const FlushDenormals flush;
  const size_t row = shape.layers * shape.dim, batch = std::min(spec.batch, rows), size = padded(layout.size);
  AlignedBuffer<float> w(size), g(size), m(size), v(size), part(batch * row), d_output(batch);
  init_perceiver(shape, layout, seed, w.data());
  PerceiverPass<float> pass(shape, layout, batch, kernels);
  HingeLoss hinge(spec.margin, spec.max_pairs, spec.loss == Loss::kHinge ? batch : 0);
  Random order_random(seed, kOrderStream), dropout_random(seed, kDropoutStream), pair_random(seed, kPairStream);
  std::vector<uint32_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  std::vector<float> targets(batch);
  uint64_t step = 0;
  float mean_loss = 0;
  for (size_t epoch = 0; epoch < spec.epochs; ++epoch) {
    if (spec.shuffle) order_random.shuffle(order.data(), rows);
    double sum = 0;
    size_t steps = 0;
    for (size_t begin = 0; begin < rows; begin += batch) {
      const size_t count = std::min(batch, rows - begin);
      for (size_t i = 0; i < count; ++i) {
        std::copy_n(x + order[begin + i] * row, row, part.data() + i * row);
        targets[i] = y[order[begin + i]];
      }
      const float* s = pass.forward(w.data(), part.data(), count, shape.dropout > 0 ? &dropout_random : nullptr);
      const std::span<const float> outputs{s, count}, wanted{targets.data(), count};
      float loss;
      if (spec.loss == Loss::kMse)
        loss = mse_loss(outputs, wanted, 1, d_output.data());
      else if (!hinge(outputs, wanted, pair_random, d_output.data(), &loss))
        continue;
      sum += static_cast<double>(loss);
      ++steps;
      pass.backward(w.data(), d_output.data(), g.data());
      double squares = 0;
      for (size_t i = 0; i < layout.size; ++i) squares += static_cast<double>(g[i]) * static_cast<double>(g[i]);
      const AdamState state{g.data(), m.data(), v.data(), adam_step(spec, ++step, static_cast<float>(squares))};
      kernels.adam(w.data(), state, size);
    }
    mean_loss = steps ? static_cast<float>(sum / static_cast<double>(steps)) : 0;
    if (!std::isfinite(mean_loss))
      throw Error("ERR_DATA", "expected a finite training loss, got " + std::to_string(mean_loss) + " in epoch " +
                                  std::to_string(epoch + 1) + ": features, targets or the learning rate are too large");
  }
  std::copy_n(w.data(), layout.size, parameters);
  return mean_loss;
}

}  // namespace

void train_perceiver(const float* x, const float* y, size_t rows, const PerceiverShape& shape, const MlpSpec& training,
                     std::span<const uint32_t> seeds, int threads, float* parameters, float* final_loss,
                     const Kernels& kernels) {
  const PerceiverLayout layout(shape);
  parallel_for(seeds.size(), threads, [&](size_t member) {
    final_loss[member] = train_member(x, y, rows, shape, layout, training, seeds[member],
                                      parameters + member * layout.size, kernels);
  });
}

void predict_perceiver(const float* parameters, size_t members, const PerceiverShape& shape, const float* x,
                       size_t rows, int threads, float* out, const Kernels& kernels) {
  const PerceiverLayout layout(shape);
  constexpr size_t kRows = 64;
  const size_t tasks = (rows + kRows - 1) / kRows;
  parallel_for(members * tasks, threads, [&](size_t task) {
    const size_t member = task / tasks, begin = task % tasks * kRows, count = std::min(kRows, rows - begin);
    PerceiverPass<float> pass(shape, layout, count, kernels);
    const float* part = x + begin * shape.layers * shape.dim;
    const float* s = pass.forward(parameters + member * layout.size, part, count, nullptr);
    std::copy_n(s, count, out + member * rows + begin);
  });
}

}  // namespace cole
