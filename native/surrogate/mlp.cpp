#include "surrogate/mlp.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace cole {

MlpLayout::MlpLayout(size_t cols, const std::vector<size_t>& hidden) {
  size_t in = cols;
  auto add = [&](size_t out, size_t padded_out) {
    const size_t padded_in = padded(in);
    layers.push_back({in, out, padded_in, padded_out, compact_size, working_size});
    compact_size += (in + 1) * out;
    working_size += padded_in * padded_out + padded(padded_out);
    in = out;
  };
  for (size_t width : hidden) add(width, padded(width));
  add(1, 1);
}

void MlpLayout::to_working(const float* compact, float* working) const {
  std::fill(working, working + working_size, 0.0f);
  for (const Layer& l : layers) {
    for (size_t o = 0; o < l.out; ++o)
      std::copy_n(compact + l.compact + o * l.in, l.in, working + l.working + o * l.padded_in);
    std::copy_n(compact + l.compact + l.in * l.out, l.out, working + l.working_bias());
  }
}

void MlpLayout::to_compact(const float* working, float* compact) const {
  for (const Layer& l : layers) {
    for (size_t o = 0; o < l.out; ++o)
      std::copy_n(working + l.working + o * l.padded_in, l.in, compact + l.compact + o * l.in);
    std::copy_n(working + l.working_bias(), l.out, compact + l.compact + l.in * l.out);
  }
}

MlpPass::MlpPass(const MlpLayout& layout, const MlpSpec& spec, size_t capacity, const Kernels& kernels)
    : layout_(layout), spec_(spec), kernels_(kernels) {
  const size_t columns = padded(capacity);
  size_t widest = 0;
  for (const auto& l : layout.layers) {
    inputs_.emplace_back(l.padded_in * columns);
    inputs_transposed_.emplace_back(l.padded_in * columns);
    widest = std::max(widest, l.padded_in);
  }
  output_ = AlignedBuffer<float>(columns);
  derivative_ = AlignedBuffer<float>(widest * columns);
  derivative_below_ = AlignedBuffer<float>(widest * columns);
  if (spec.dropout > 0) {
    keep_scale_ = 1 / (1 - spec.dropout);
    drop_threshold_ = static_cast<uint32_t>(std::min(4294967295.0, std::floor(spec.dropout * 4294967296.0)));
  }
}

void MlpPass::load(const float* x, std::span<const uint32_t> order) {
  const auto& first = layout_.layers.front();
  rows_ = order.size();
  columns_ = padded(rows_);
  float* xt = inputs_transposed_[0].data();
  for (size_t r = 0; r < columns_; ++r) {
    float* to = xt + r * first.padded_in;
    if (r < rows_)
      std::memcpy(to, x + order[r] * first.in, first.in * sizeof(float));
    else
      std::memset(to, 0, first.in * sizeof(float));
  }
  kernels_.transpose(xt, columns_, first.padded_in, inputs_[0].data());
}

float* MlpPass::forward(const float* working, const uint32_t* dropout_key) {
  const size_t depth = layout_.layers.size() - 1;
  for (size_t l = 0; l < depth; ++l) {
    const auto& layer = layout_.layers[l];
    float* h = inputs_[l + 1].data();
    kernels_.dense_forward(working + layer.working, layer.padded_in, working + layer.working_bias(), inputs_[l].data(),
                           layer.padded_out, layer.padded_in, columns_, spec_.negative_slope, h);
    if (dropout_key && drop_threshold_ > 0)
      kernels_.dropout(h, layer.padded_out * columns_, *dropout_key + static_cast<uint32_t>(l) * 0x632be5abu,
                       drop_threshold_, keep_scale_);
  }
  const auto& last = layout_.layers[depth];
  kernels_.output_forward(working + last.working, working[last.working_bias()], inputs_[depth].data(), last.padded_in,
                          columns_, output_.data());
  return output_.data();
}

float MlpPass::backward(const float* working, const float* d_output, float* gradient) {
  const size_t depth = layout_.layers.size() - 1;
  const auto& last = layout_.layers[depth];
  const float slope = spec_.negative_slope;
  const float* w = working + last.working;
  float* dw = gradient + last.working;
  kernels_.output_backward(w, d_output, inputs_[depth].data(), last.padded_in, columns_, slope, keep_scale_, dw,
                           derivative_.data());
  float squares = 0;
  float d_bias = 0;
  for (size_t c = 0; c < rows_; ++c) d_bias += d_output[c];
  gradient[last.working_bias()] = d_bias;
  for (size_t i = 0; i < last.padded_in; ++i) {
    if (spec_.output_l1 > 0) dw[i] += spec_.output_l1 * static_cast<float>((w[i] > 0) - (w[i] < 0));
    squares += dw[i] * dw[i];
  }
  squares += d_bias * d_bias;
  for (size_t l = depth; l-- > 0;) {
    const auto& layer = layout_.layers[l];
    // The first layer's input is transposed already: load() made it that way.
    if (l > 0) kernels_.transpose(inputs_[l].data(), layer.padded_in, columns_, inputs_transposed_[l].data());
    squares +=
        kernels_.dense_gradient(derivative_.data(), inputs_transposed_[l].data(), rows_, layer.padded_out,
                                layer.padded_in, columns_, gradient + layer.working, gradient + layer.working_bias());
    if (l == 0) break;
    kernels_.dense_backward(working + layer.working, layer.padded_in, derivative_.data(), inputs_[l].data(),
                            layer.padded_out, layer.padded_in, columns_, slope, keep_scale_, derivative_below_.data());
    std::swap(derivative_, derivative_below_);
  }
  return squares;
}

}  // namespace cole
