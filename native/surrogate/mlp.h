// A multilayer perceptron with one or two outputs on padded, feature-major buffers: its layout, one forward and backward pass.
// Training is in train.h.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/team.h"
#include "kernels/kernels.h"

namespace cole {

enum class Loss { kMse, kHinge };
enum class Init { kUniform, kXavier };

// See NativeMlpSpec in src/native/contract.ts for each field.
struct MlpSpec {
  std::vector<size_t> hidden;
  size_t outputs = 1;
  float negative_slope = 0;
  float dropout = 0;
  Loss loss = Loss::kMse;
  float margin = 0;
  size_t max_pairs = 0;
  float output_l1 = 0;
  Init init = Init::kUniform;
  float learning_rate = 0, beta1 = 0, beta2 = 0, epsilon = 0;
  size_t batch = 1;
  size_t epochs = 0;
  bool shuffle = false;
  float clip_norm = 0;
};

// Where each layer's parameters lie: in the compact form that leaves the addon ([out, in] weights, then [out] biases),
// and in the working form, where in and out are padded to kPad.
struct MlpLayout {
  struct Layer {
    size_t in, out;
    size_t padded_in, padded_out;  // The rows of the output layer are not padded.
    size_t compact, working;       // Offset of the weights; biases follow.
    size_t working_bias() const { return working + padded_in * padded_out; }
  };
  std::vector<Layer> layers;  // Hidden ones, then the output.
  size_t compact_size = 0, working_size = 0;

  MlpLayout(size_t cols, const MlpSpec& spec);
  void to_working(const float* compact, float* working) const;
  void to_compact(const float* working, float* compact) const;
};

// Moments of all parameters in working form and the step that waits to be taken: the next forward pass takes it, layer by
// layer, as it comes to the weights.
struct MlpUpdate {
  const float* g;
  float *m, *v;
  std::optional<AdamStep> step;
};

// Activations of one batch of at most `capacity` columns. All methods are called by every lane of a team at once (or by
// one alone), which share out the work. What is computed does not depend on the team.
class MlpPass {
 public:
  MlpPass(const MlpLayout& layout, const MlpSpec& spec, size_t capacity, const Kernels& kernels);

  // Loads rows of x [., cols]: column c of the batch is row order[c].
  void load(const Lane& lane, const float* x, std::span<const uint32_t> order);
  // Outputs of the loaded batch, [outputs, columns()] with padding. dropout_key: one per step, or null for no dropout.
  // update: taken first where a step waits; null for none. Only lane 0 may look at them before the next wait.
  float* forward(const Lane& lane, float* working, const uint32_t* dropout_key, const MlpUpdate* update);
  // From the derivative of the loss for each output ([outputs, columns()], zero in the padding) to the gradient of all
  // parameters in working form; returns its sum of squares. L1 of the output weights included.
  float backward(const Lane& lane, const float* working, const float* d_output, float* gradient);
  size_t columns() const { return columns_; }

 private:
  float output_backward(const float* working, const float* d_output, float* gradient);

  const MlpLayout& layout_;
  const MlpSpec& spec_;
  const Kernels& kernels_;
  float keep_scale_ = 1;
  uint32_t drop_threshold_ = 0;
  size_t rows_ = 0, columns_ = 0;
  // Index l: input of layer l, [padded_in, columns] and its transpose.
  std::vector<AlignedBuffer<float>> inputs_, inputs_transposed_;
  AlignedBuffer<float> output_;
  // Index l: derivative for the outputs of hidden layer l.
  std::vector<AlignedBuffer<float>> derivatives_;
  // Sums of squares of the parts of the gradient, in an order that does not depend on who computed them.
  AlignedBuffer<float> squares_;
};

}  // namespace cole
