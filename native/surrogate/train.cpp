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
#include "base/team.h"
#include "surrogate/losses.h"

namespace cole {

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

namespace {

// One stream per purpose: what one draws does not shift another.
enum Purpose : uint32_t { kInitStream, kOrderStream, kDropoutStream, kPairStream };

// Rows scored in one pass: more would leave the second-level cache.
constexpr size_t kScoreRows = 64;

float output_l1(const MlpLayout& layout, const MlpSpec& spec, const float* working) {
  if (spec.output_l1 == 0) return 0;
  const auto& last = layout.layers.back();
  float sum = 0;
  for (size_t i = 0; i < last.padded_in * last.out; ++i) sum += std::fabs(working[last.working + i]);
  return spec.output_l1 * sum;
}

// The training of one network by a team. Everything is allocated before it starts.
class Training {
 public:
  Training(const float* x, const float* y, size_t rows, const MlpSpec& spec, const MlpLayout& layout, uint32_t seed,
           const Kernels& kernels)
      : x_(x),
        y_(y),
        spec_(spec),
        layout_(layout),
        kernels_(kernels),
        batch_(std::min(spec.batch, rows)),
        w_(layout.working_size),
        g_(layout.working_size),
        m_(layout.working_size),
        v_(layout.working_size),
        pass_(layout, spec, batch_, kernels),
        hinge_(spec.margin, spec.max_pairs, spec.loss == Loss::kHinge ? batch_ : 0),
        order_random_(seed, kOrderStream),
        dropout_random_(seed, kDropoutStream),
        pair_random_(seed, kPairStream),
        order_(rows),
        targets_(batch_),
        d_output_(spec.outputs * padded(batch_)),
        update_{g_.data(), m_.data(), v_.data(), {}} {
    std::iota(order_.begin(), order_.end(), 0);
  }

  // compact: the initial weights, then the trained ones. Returns the mean loss of the last epoch.
  float run(size_t lanes, float* compact) {
    layout_.to_working(compact, w_.data());
    run_team(lanes, [&](const Lane& lane) { run_lane(lane); });
    if (!std::isfinite(mean_loss_))
      throw Error("ERR_DATA", "expected a finite training loss, got " + std::to_string(mean_loss_) + " in epoch " +
                                  std::to_string(epochs_) + ": features, targets or the learning rate are too large");
    layout_.to_compact(w_.data(), compact);
    for (size_t i = 0; i < layout_.compact_size; ++i)
      if (!std::isfinite(compact[i]))
        throw Error("ERR_DATA",
                    "expected finite weights after training, but the last step overflowed: features, targets "
                    "or the learning rate are too large");
    return mean_loss_;
  }

 private:
  // What lane 0 writes the others read after the next wait.
  void run_lane(const Lane& lane) {
    FlushDenormals flush;
    const bool first = lane.rank == 0;
    for (size_t epoch = 0; epoch < spec_.epochs && std::isfinite(mean_loss_); ++epoch) {
      if (first) {
        if (spec_.shuffle) order_random_.shuffle(order_.data(), order_.size());
        loss_sum_ = 0;
        epoch_steps_ = 0;
      }
      lane.wait();
      for (size_t begin = 0; begin < order_.size(); begin += batch_)
        step(lane, {order_.data() + begin, std::min(batch_, order_.size() - begin)});
      if (first) {
        mean_loss_ = epoch_steps_ ? static_cast<float>(loss_sum_ / static_cast<double>(epoch_steps_)) : 0;
        epochs_ = epoch + 1;
      }
      lane.wait();
    }
    if (first && update_.step) kernels_.adam(w_.data(), {g_.data(), m_.data(), v_.data(), *update_.step}, w_.size());
  }

  void step(const Lane& lane, std::span<const uint32_t> rows) {
    if (lane.rank == 0) key_ = dropout_random_.next32();
    pass_.load(lane, x_, rows);
    const float* s = pass_.forward(lane, w_.data(), &key_, &update_);
    if (lane.rank == 0) {
      update_.step.reset();
      float loss = 0;
      has_gradient_ = differentiate(s, rows, &loss);
      if (has_gradient_) {
        loss_sum_ += loss + output_l1(layout_, spec_, w_.data());
        ++epoch_steps_;
      }
    }
    lane.wait();
    if (!has_gradient_) return;
    const float squares = pass_.backward(lane, w_.data(), d_output_.data(), g_.data());
    if (lane.rank == 0) update_.step = adam_step(spec_, ++steps_, squares);
  }

  // The loss of outputs s [outputs, columns] and its derivative; false where there is nothing to learn from.
  bool differentiate(const float* s, std::span<const uint32_t> rows, float* loss) {
    const size_t count = rows.size(), columns = pass_.columns(), outputs = spec_.outputs;
    // A last, shorter batch must not see what a longer one left behind.
    std::fill_n(d_output_.data(), outputs * columns, 0.0f);
    for (size_t o = spec_.loss == Loss::kHinge ? outputs - 1 : 0; o < outputs; ++o) {
      for (size_t i = 0; i < count; ++i) targets_[i] = y_[rows[i] * outputs + o];
      const std::span<const float> here(s + o * columns, count), targets(targets_.data(), count);
      float* ds = d_output_.data() + o * columns;
      if (spec_.loss == Loss::kHinge) return hinge_(here, targets, pair_random_, ds, loss);
      *loss += mse_loss(here, targets, outputs, ds);
    }
    return true;
  }

  const float *x_, *y_;
  const MlpSpec& spec_;
  const MlpLayout& layout_;
  const Kernels& kernels_;
  const size_t batch_;
  AlignedBuffer<float> w_, g_, m_, v_;
  MlpPass pass_;
  HingeLoss hinge_;
  Random order_random_, dropout_random_, pair_random_;
  std::vector<uint32_t> order_;
  std::vector<float> targets_;
  AlignedBuffer<float> d_output_;
  MlpUpdate update_;
  uint32_t key_ = 0;
  bool has_gradient_ = false;
  float mean_loss_ = 0;
  double loss_sum_ = 0;
  size_t epoch_steps_ = 0, epochs_ = 0;
  uint64_t steps_ = 0;
};

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
  const MlpLayout layout(cols, spec);
  const auto train = [&](size_t member, size_t lanes) {
    float* compact = weights + member * layout.compact_size;
    init_weights(layout, spec.init, seeds[member], compact);
    final_loss[member] = Training(x, y, rows, spec, layout, seeds[member], kernels).run(lanes, compact);
  };
  const size_t members = seeds.size(), workers = threads < 1 ? 1 : static_cast<size_t>(threads);
  // A step of less arithmetic than this is over before the lanes have met.
  constexpr size_t kTeamFlop = 2'000'000;
  const bool teams = 6 * layout.working_size * padded(std::min(spec.batch, rows)) >= kTeamFlop;
  // Whole rounds of members, one per thread; those left over share the threads among them.
  const size_t left = teams ? members % workers : 0;
  parallel_for(members - left, threads, [&](size_t member) { train(member, 1); });
  if (left == 0) return;
  parallel_for(left, static_cast<int>(left), [&](size_t i) { train(members - left + i, workers / left); });
}

void predict_mlp(const float* weights, size_t members, const MlpSpec& spec, const float* x, size_t rows, size_t cols,
                 int threads, float* out, const Kernels& kernels) {
  const MlpLayout layout(cols, spec);
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
      pass.load({}, x, {order.data(), count});
      const float* s = pass.forward({}, working[member].data(), nullptr, nullptr);
      for (size_t i = 0; i < count; ++i)
        for (size_t o = 0; o < spec.outputs; ++o)
          out[(member * rows + r + i) * spec.outputs + o] = s[o * pass.columns() + i];
    }
  });
}

}  // namespace cole
