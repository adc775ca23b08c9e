// A Perceiver (Jaegle et al., ICML 2021) of one latent query over the layers of a language model: cross attention, gated
// feed-forward, unit length, then a perceptron with one output. Layout, one forward and backward pass; training is in
// perceiver_train.h. In double only for tests of the gradient.
#pragma once
#include <cstddef>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "kernels/kernels.h"

namespace cole {

struct PerceiverShape {
  size_t layers;      // Vectors in a row.
  size_t dim;         // Values of a vector.
  size_t heads;       // Of the attention,
  size_t head_width;  // each this wide.
  std::vector<size_t> hidden;
  float negative_slope = 0;
  float dropout = 0;
  size_t inner() const { return heads * head_width; }
};

// Offsets of the parameters, weights row-major [out, in].
struct PerceiverLayout {
  explicit PerceiverLayout(const PerceiverShape& shape);
  struct Linear {
    size_t in, out, weights, biases;
  };
  // A layer norm has dim gains, then dim shifts.
  size_t position, query, query_norm, layer_norm, w_query, w_key, w_value, middle_norm;
  Linear project, widen, narrow;
  std::vector<Linear> head;
  size_t size = 0;
};

// Fresh parameters: normal positions and query, PyTorch's default for the rest.
void init_perceiver(const PerceiverShape& shape, const PerceiverLayout& layout, uint32_t seed, float* parameters);

template <class T>
class PerceiverPass {
 public:
  PerceiverPass(const PerceiverShape& shape, const PerceiverLayout& layout, size_t batch, const Kernels& kernels);

  // x: [rows, layers, dim], rows <= batch; dropout null for none. Returns the outputs: [rows].
  const T* forward(const T* parameters, const T* x, size_t rows, Random* dropout);
  // Of the last forward pass: d_output: [rows]; gradient: [layout.size], replaced.
  void backward(const T* parameters, const T* d_output, T* gradient);

 private:
  using Linear = PerceiverLayout::Linear;
  struct Norm {
    AlignedBuffer<T> normal, inverse;  // (x - mean) / deviation: [rows, dim]; 1 / deviation: [rows]
  };
  void norm(const T* x, const T* gain, size_t rows, Norm& keep, T* y);
  void norm_backward(const T* dy, const T* gain, size_t rows, const Norm& kept, T* dx, T* d_gain);
  void linear(const T* x, const T* w, const T* bias, size_t rows, size_t in, size_t out, T* y);
  void linear_backward(const T* dy, const T* x, const T* w, size_t rows, size_t in, size_t out, T* dx, T* dw,
                       T* d_bias);
  void attend(const T* query_row);
  void attend_backward(const T* d_mixed, T* d_query_row);
  void head_forward(const T* p, Random* dropout);
  const T* head_backward(const T* p, const T* d_output, T* g);

  const PerceiverShape& shape_;
  const PerceiverLayout& layout_;
  const Kernels& kernels_;
  size_t rows_ = 0;
  Norm query_norm_, layer_norm_, middle_norm_;
  AlignedBuffer<T> placed_, ready_, keys_, values_, query_ready_, query_row_, attention_, mixed_;
  AlignedBuffer<T> latent_, middle_, wide_, gated_, result_, length_;
  // activations_[0] is the unit vector, the last one the output; kept_[i]: the factor of dropout of each unit.
  std::vector<AlignedBuffer<T>> activations_, kept_, d_activations_;
  AlignedBuffer<T> d_result_, d_gated_, d_wide_, d_middle_, d_latent_, d_mixed_, d_keys_, d_values_, d_ready_;
  AlignedBuffer<T> d_placed_, d_query_;
};

}  // namespace cole
