#include "surrogate/mlp.h"

#include <algorithm>
#include <cmath>

namespace cole {

MlpLayout::MlpLayout(size_t cols, const MlpSpec& spec) {
  size_t in = cols;
  auto add = [&](size_t out, size_t padded_out) {
    const size_t padded_in = padded(in);
    layers.push_back({in, out, padded_in, padded_out, compact_size, working_size});
    compact_size += (in + 1) * out;
    working_size += padded_in * padded_out + padded(padded_out);
    in = out;
  };
  for (size_t width : spec.hidden) add(width, padded(width));
  add(spec.outputs, spec.outputs);
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
    : layout_(layout), spec_(spec), kernels_(kernels), output_(spec.outputs * padded(capacity)) {
  const size_t columns = padded(capacity);
  size_t parts = 1;
  for (const auto& l : layout.layers) {
    inputs_.emplace_back(l.padded_in * columns);
    inputs_transposed_.emplace_back(l.padded_in * columns);
    parts += l.padded_in / kernels.cols_f32 + 2;
  }
  for (size_t l = 0; l + 1 < layout.layers.size(); ++l) derivatives_.emplace_back(layout.layers[l].padded_out * columns);
  squares_ = AlignedBuffer<float>(parts);
  if (spec.dropout > 0) {
    keep_scale_ = 1 / (1 - spec.dropout);
    drop_threshold_ = static_cast<uint32_t>(std::min(4294967295.0, std::floor(spec.dropout * 4294967296.0)));
  }
}

void MlpPass::load(const Lane& lane, const float* x, std::span<const uint32_t> order) {
  const auto& first = layout_.layers.front();
  const size_t rows = order.size(), columns = padded(rows);
  if (lane.rank == 0) {
    rows_ = rows;
    columns_ = columns;
  }
  const auto [begin, end] = lane.share(columns / kPad);
  for (size_t r = begin * kPad; r < end * kPad; ++r) {
    float* to = inputs_transposed_[0].data() + r * first.padded_in;
    if (r < rows)
      std::copy_n(x + order[r] * first.in, first.in, to);
    else
      std::fill_n(to, first.in, 0.0f);
  }
  kernels_.transpose(inputs_transposed_[0].data() + begin * kPad * first.padded_in, (end - begin) * kPad,
                     first.padded_in, inputs_[0].data() + begin * kPad, columns);
  lane.wait();
}

float* MlpPass::forward(const Lane& lane, float* working, const uint32_t* dropout_key, const MlpUpdate* update) {
  const bool step = update && update->step;
  // The state from one parameter on.
  const auto from = [&](size_t offset) {
    return AdamState{update->g + offset, update->m + offset, update->v + offset, *update->step};
  };
  const size_t depth = layout_.layers.size() - 1;
  for (size_t l = 0; l < depth; ++l) {
    const auto& layer = layout_.layers[l];
    const auto [begin, end] = lane.share(layer.padded_out / kPad);
    const size_t first = begin * kPad, count = (end - begin) * kPad;
    const size_t weights = layer.working + first * layer.padded_in, bias = layer.working_bias() + first;
    if (step) kernels_.adam(working + bias, from(bias), count);
    const std::optional<AdamState> state = step ? std::optional(from(weights)) : std::nullopt;
    float* h = inputs_[l + 1].data() + first * columns_;
    if (count > 0)
      kernels_.dense_forward(working + weights, working + bias, inputs_[l].data(), count, layer.padded_in, columns_,
                             spec_.negative_slope, h, state ? &*state : nullptr);
    if (dropout_key && drop_threshold_ > 0)
      kernels_.dropout(h, first * columns_, count * columns_, *dropout_key + static_cast<uint32_t>(l) * 0x632be5abu,
                       drop_threshold_, keep_scale_);
    // For the gradient of the next layer; the output layer does without.
    if (dropout_key && l + 1 < depth)
      kernels_.transpose(h, count, columns_, inputs_transposed_[l + 1].data() + first, layer.padded_out);
    lane.wait();
  }
  if (lane.rank == 0) {
    const auto& last = layout_.layers[depth];
    if (step) kernels_.adam(working + last.working, from(last.working), layout_.working_size - last.working);
    for (size_t o = 0; o < spec_.outputs; ++o)
      kernels_.output_forward(working + last.working + o * last.padded_in, working[last.working_bias() + o],
                              inputs_[depth].data(), last.padded_in, columns_, output_.data() + o * columns_);
  }
  return output_.data();
}

// Of the output layer; returns the sum of squares of its gradient.
float MlpPass::output_backward(const float* working, const float* d_output, float* gradient) {
  const size_t depth = layout_.layers.size() - 1;
  const auto& last = layout_.layers[depth];
  const float* w = working + last.working;
  float* dw = gradient + last.working;
  kernels_.output_backward(w, d_output, inputs_[depth].data(), spec_.outputs, last.padded_in, columns_,
                           spec_.negative_slope, keep_scale_, dw, derivatives_[depth - 1].data());
  float squares = 0;
  for (size_t o = 0; o < spec_.outputs; ++o) {
    float d_bias = 0;
    for (size_t c = 0; c < rows_; ++c) d_bias += d_output[o * columns_ + c];
    gradient[last.working_bias() + o] = d_bias;
    squares += d_bias * d_bias;
  }
  for (size_t i = 0; i < spec_.outputs * last.padded_in; ++i) {
    if (spec_.output_l1 > 0) dw[i] += spec_.output_l1 * static_cast<float>((w[i] > 0) - (w[i] < 0));
    squares += dw[i] * dw[i];
  }
  return squares;
}

float MlpPass::backward(const Lane& lane, const float* working, const float* d_output, float* gradient) {
  size_t part = 0;
  if (lane.rank == 0) squares_[part] = output_backward(working, d_output, gradient);
  ++part;
  lane.wait();
  for (size_t l = layout_.layers.size() - 1; l-- > 0;) {
    const auto& layer = layout_.layers[l];
    const float* dy = derivatives_[l].data();
    float* dw = gradient + layer.working;
    // All weights of a column panel at a time.
    const size_t width = kernels_.cols_f32, panels = (layer.padded_in + width - 1) / width;
    const auto [begin, end] = lane.share(panels);
    for (size_t p = begin; p < end; ++p)
      squares_[part + p] = kernels_.dense_gradient(
          dy, inputs_transposed_[l].data() + p * width, rows_, layer.padded_out, layer.padded_in, columns_,
          std::min(width, layer.padded_in - p * width), dw + p * width);
    part += panels;
    if (lane.rank == 0)
      squares_[part] = kernels_.sum_columns(dy, layer.padded_out, columns_, gradient + layer.working_bias());
    ++part;
    if (l > 0) {
      const auto rows = lane.share(layer.padded_in / kPad);
      const size_t first = rows.begin * kPad;
      kernels_.dense_backward(working + layer.working + first, layer.padded_in, dy, inputs_[l].data() + first * columns_,
                              layer.padded_out, (rows.end - rows.begin) * kPad, columns_, spec_.negative_slope,
                              keep_scale_, derivatives_[l - 1].data() + first * columns_);
    }
    lane.wait();
  }
  float squares = 0;
  for (size_t p = 0; p < part; ++p) squares += squares_[p];
  return squares;
}

}  // namespace cole
