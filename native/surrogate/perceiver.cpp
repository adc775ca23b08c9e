#include "surrogate/perceiver.h"

#include <algorithm>
#include <cmath>

#include "kernels/gemm.h"

namespace cole {
namespace {

constexpr double kNormEpsilon = 1e-5;
constexpr double kLeastLength = 1e-12;

template <class T>
T gelu(T x) {
  return T(0.5) * x * (1 + std::erf(x * T(0.70710678118654752)));
}
template <class T>
T gelu_slope(T x) {
  const T density = std::exp(T(-0.5) * x * x) * T(0.39894228040143268);
  return T(0.5) * (1 + std::erf(x * T(0.70710678118654752))) + x * density;
}

}  // namespace

PerceiverLayout::PerceiverLayout(const PerceiverShape& shape) {
  const size_t d = shape.dim, inner = shape.inner();
  auto take = [&](size_t count) {
    const size_t at = size;
    size += count;
    return at;
  };
  auto take_linear = [&](size_t in, size_t out) {
    const size_t weights = take(in * out);
    return Linear{in, out, weights, take(out)};
  };
  position = take(shape.layers * d);
  query = take(d);
  query_norm = take(2 * d);
  layer_norm = take(2 * d);
  middle_norm = take(2 * d);
  w_query = take(inner * d);
  w_key = take(inner * d);
  w_value = take(inner * d);
  project = take_linear(inner, d);
  widen = take_linear(d, 8 * d);
  narrow = take_linear(4 * d, d);
  size_t in = d;
  for (const size_t width : shape.hidden) {
    head.push_back(take_linear(in, width));
    in = width;
  }
  head.push_back(take_linear(in, 1));
}

void init_perceiver(const PerceiverShape& shape, const PerceiverLayout& layout, uint32_t seed, float* p) {
  Random random(seed, 0);
  const auto normal = [&](float* to, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      const double radius = (static_cast<double>(random.next64() >> 11) + 0.5) * 0x1p-53;
      const double angle = static_cast<double>(random.next64() >> 11) * 0x1p-53;
      to[i] = static_cast<float>(std::sqrt(-2 * std::log(radius)) * std::cos(6.283185307179586 * angle));
    }
  };
  const auto uniform = [&](size_t at, size_t count, size_t in) {
    const float bound = in > 0 ? 1 / std::sqrt(static_cast<float>(in)) : 0;
    for (size_t i = 0; i < count; ++i) p[at + i] = random.symmetric(bound);
  };
  const size_t d = shape.dim;
  normal(p + layout.position, shape.layers * d);
  normal(p + layout.query, d);
  for (const size_t at : {layout.query_norm, layout.layer_norm, layout.middle_norm}) {
    std::fill_n(p + at, d, 1.0f);
    std::fill_n(p + at + d, d, 0.0f);
  }
  for (const size_t at : {layout.w_query, layout.w_key, layout.w_value}) uniform(at, shape.inner() * d, d);
  std::vector<PerceiverLayout::Linear> all{layout.project, layout.widen, layout.narrow};
  all.insert(all.end(), layout.head.begin(), layout.head.end());
  for (const auto& each : all) {
    uniform(each.weights, each.in * each.out, each.in);
    uniform(each.biases, each.out, each.in);
  }
}

template <class T>
PerceiverPass<T>::PerceiverPass(const PerceiverShape& shape, const PerceiverLayout& layout, size_t batch,
                                const Kernels& kernels)
    : shape_(shape), layout_(layout), kernels_(kernels) {
  const size_t d = shape.dim, inner = shape.inner(), all = batch * shape.layers;
  const auto room = [](AlignedBuffer<T>& buffer, size_t size) { buffer = AlignedBuffer<T>(size); };
  const auto norm_room = [&](Norm& norm, size_t rows) {
    room(norm.normal, rows * d);
    room(norm.inverse, rows);
  };
  norm_room(query_norm_, 1);
  norm_room(layer_norm_, all);
  norm_room(middle_norm_, batch);
  for (auto* buffer : {&placed_, &ready_, &d_ready_, &d_placed_}) room(*buffer, all * d);
  for (auto* buffer : {&keys_, &values_, &d_keys_, &d_values_}) room(*buffer, all * inner);
  for (auto* buffer : {&mixed_, &d_mixed_}) room(*buffer, batch * inner);
  for (auto* buffer : {&latent_, &middle_, &result_, &d_result_, &d_middle_, &d_latent_}) room(*buffer, batch * d);
  for (auto* buffer : {&wide_, &d_wide_}) room(*buffer, batch * 8 * d);
  for (auto* buffer : {&gated_, &d_gated_}) room(*buffer, batch * 4 * d);
  room(query_ready_, d);
  room(d_query_, 2 * d);
  room(query_row_, 2 * inner);
  room(attention_, batch * shape.heads * shape.layers);
  room(length_, batch);
  activations_.emplace_back(batch * d);
  d_activations_.emplace_back(batch * d);
  for (const auto& each : layout.head) {
    activations_.emplace_back(batch * each.out);
    d_activations_.emplace_back(batch * each.out);
    kept_.emplace_back(batch * each.out);
  }
}

template <class T>
void PerceiverPass<T>::linear(const T* x, const T* w, const T* bias, size_t rows, size_t in, size_t out, T* y) {
  const auto at_x = [=](size_t i, size_t p) { return x[i * in + p]; };
  const auto at_w = [=](size_t j, size_t p) { return w[j * in + p]; };
  gemm<T>(rows, out, in, at_x, at_w, y, out, Into::kAll, 1, kernels_);
  if (bias)
    for (size_t i = 0; i < rows; ++i)
      for (size_t j = 0; j < out; ++j) y[i * out + j] += bias[j];
}

template <class T>
void PerceiverPass<T>::linear_backward(const T* dy, const T* x, const T* w, size_t rows, size_t in, size_t out, T* dx,
                                       T* dw, T* d_bias) {
  const auto dy_column = [=](size_t j, size_t p) { return dy[p * out + j]; };
  const auto x_column = [=](size_t i, size_t p) { return x[p * in + i]; };
  gemm<T>(out, in, rows, dy_column, x_column, dw, in, Into::kAll, 1, kernels_);
  if (d_bias) {
    std::fill_n(d_bias, out, T(0));
    for (size_t i = 0; i < rows; ++i)
      for (size_t j = 0; j < out; ++j) d_bias[j] += dy[i * out + j];
  }
  if (!dx) return;
  const auto dy_row = [=](size_t i, size_t p) { return dy[i * out + p]; };
  const auto w_column = [=](size_t i, size_t p) { return w[p * in + i]; };
  gemm<T>(rows, in, out, dy_row, w_column, dx, in, Into::kAll, 1, kernels_);
}

template <class T>
void PerceiverPass<T>::norm(const T* x, const T* gain, size_t rows, Norm& keep, T* y) {
  const size_t d = shape_.dim;
  for (size_t r = 0; r < rows; ++r) {
    const T* from = x + r * d;
    T mean = 0, square = 0;
    for (size_t j = 0; j < d; ++j) mean += from[j];
    mean /= static_cast<T>(d);
    for (size_t j = 0; j < d; ++j) square += (from[j] - mean) * (from[j] - mean);
    keep.inverse[r] = 1 / std::sqrt(square / static_cast<T>(d) + T(kNormEpsilon));
    for (size_t j = 0; j < d; ++j) {
      keep.normal[r * d + j] = (from[j] - mean) * keep.inverse[r];
      y[r * d + j] = keep.normal[r * d + j] * gain[j] + gain[d + j];
    }
  }
}

// d_gain: [2, dim], replaced: of gains and of shifts.
template <class T>
void PerceiverPass<T>::norm_backward(const T* dy, const T* gain, size_t rows, const Norm& kept, T* dx, T* d_gain) {
  const size_t d = shape_.dim;
  std::fill_n(d_gain, 2 * d, T(0));
  for (size_t r = 0; r < rows; ++r) {
    const T *from = dy + r * d, *normal = kept.normal.data() + r * d;
    T sum = 0, along = 0;
    for (size_t j = 0; j < d; ++j) {
      d_gain[j] += from[j] * normal[j];
      d_gain[d + j] += from[j];
      sum += from[j] * gain[j];
      along += from[j] * gain[j] * normal[j];
    }
    sum /= static_cast<T>(d);
    along /= static_cast<T>(d);
    for (size_t j = 0; j < d; ++j) dx[r * d + j] = kept.inverse[r] * (from[j] * gain[j] - sum - normal[j] * along);
  }
}

// mixed_: [rows, inner], the values of all layers weighed by how well their keys meet the query: [inner].
template <class T>
void PerceiverPass<T>::attend(const T* query_row) {
  const size_t layers = shape_.layers, width = shape_.head_width, inner = shape_.inner();
  const T scale = 1 / std::sqrt(static_cast<T>(width));
  for (size_t r = 0; r < rows_; ++r)
    for (size_t h = 0; h < shape_.heads; ++h) {
      T* weight = attention_.data() + (r * shape_.heads + h) * layers;
      for (size_t l = 0; l < layers; ++l) {
        const T* key = keys_.data() + (r * layers + l) * inner + h * width;
        T dot = 0;
        for (size_t j = 0; j < width; ++j) dot += query_row[h * width + j] * key[j];
        weight[l] = dot * scale;
      }
      const T largest = *std::max_element(weight, weight + layers);
      T sum = 0;
      for (size_t l = 0; l < layers; ++l) sum += weight[l] = std::exp(weight[l] - largest);
      T* out = mixed_.data() + r * inner + h * width;
      std::fill_n(out, width, T(0));
      for (size_t l = 0; l < layers; ++l) {
        weight[l] /= sum;
        const T* value = values_.data() + (r * layers + l) * inner + h * width;
        for (size_t j = 0; j < width; ++j) out[j] += weight[l] * value[j];
      }
    }
}

template <class T>
void PerceiverPass<T>::attend_backward(const T* d_mixed, T* d_query_row) {
  const size_t layers = shape_.layers, width = shape_.head_width, inner = shape_.inner();
  const T scale = 1 / std::sqrt(static_cast<T>(width));
  std::fill_n(d_query_row, inner, T(0));
  std::vector<T> d_weight(layers);
  for (size_t r = 0; r < rows_; ++r)
    for (size_t h = 0; h < shape_.heads; ++h) {
      const T* weight = attention_.data() + (r * shape_.heads + h) * layers;
      const T* d_out = d_mixed + r * inner + h * width;
      T mean = 0;
      for (size_t l = 0; l < layers; ++l) {
        const size_t at = (r * layers + l) * inner + h * width;
        T dot = 0;
        for (size_t j = 0; j < width; ++j) {
          dot += d_out[j] * values_[at + j];
          d_values_[at + j] = weight[l] * d_out[j];
        }
        d_weight[l] = dot;
        mean += weight[l] * dot;
      }
      for (size_t l = 0; l < layers; ++l) {
        const size_t at = (r * layers + l) * inner + h * width;
        const T d_score = weight[l] * (d_weight[l] - mean) * scale;
        for (size_t j = 0; j < width; ++j) {
          d_keys_[at + j] = d_score * query_row_[h * width + j];
          d_query_row[h * width + j] += d_score * keys_[at + j];
        }
      }
    }
}

template <class T>
void PerceiverPass<T>::head_forward(const T* p, Random* dropout) {
  const auto threshold = static_cast<uint32_t>(static_cast<double>(shape_.dropout) * 4294967296.0);
  const T slope = shape_.negative_slope, keep = 1 / (1 - static_cast<T>(shape_.dropout));
  for (size_t i = 0; i < layout_.head.size(); ++i) {
    const Linear& each = layout_.head[i];
    T* y = activations_[i + 1].data();
    linear(activations_[i].data(), p + each.weights, p + each.biases, rows_, each.in, each.out, y);
    if (i + 1 == layout_.head.size()) return;
    for (size_t at = 0; at < rows_ * each.out; ++at) {
      T factor = y[at] < 0 ? slope : 1;
      if (dropout) factor = dropout->next32() < threshold ? 0 : factor * keep;
      kept_[i][at] = factor;
      y[at] *= factor;
    }
  }
}

// Returns the derivative for the unit vectors.
template <class T>
const T* PerceiverPass<T>::head_backward(const T* p, const T* d_output, T* g) {
  std::copy_n(d_output, rows_, d_activations_.back().data());
  for (size_t i = layout_.head.size(); i-- > 0;) {
    const Linear& each = layout_.head[i];
    linear_backward(d_activations_[i + 1].data(), activations_[i].data(), p + each.weights, rows_, each.in, each.out,
                    d_activations_[i].data(), g + each.weights, g + each.biases);
    if (i > 0)
      for (size_t at = 0; at < rows_ * each.in; ++at) d_activations_[i][at] *= kept_[i - 1][at];
  }
  return d_activations_[0].data();
}

template <class T>
const T* PerceiverPass<T>::forward(const T* p, const T* x, size_t rows, Random* dropout) {
  const size_t d = shape_.dim, inner = shape_.inner(), layers = shape_.layers, all = rows * layers;
  rows_ = rows;
  for (size_t i = 0; i < all * d; ++i) placed_[i] = x[i] + p[layout_.position + i % (layers * d)];
  norm(placed_.data(), p + layout_.layer_norm, all, layer_norm_, ready_.data());
  linear(ready_.data(), p + layout_.w_key, nullptr, all, d, inner, keys_.data());
  linear(ready_.data(), p + layout_.w_value, nullptr, all, d, inner, values_.data());
  norm(p + layout_.query, p + layout_.query_norm, 1, query_norm_, query_ready_.data());
  linear(query_ready_.data(), p + layout_.w_query, nullptr, 1, d, inner, query_row_.data());
  attend(query_row_.data());

  const Linear &project = layout_.project, &widen = layout_.widen, &narrow = layout_.narrow;
  linear(mixed_.data(), p + project.weights, p + project.biases, rows, inner, d, latent_.data());
  for (size_t i = 0; i < rows * d; ++i) latent_[i] += p[layout_.query + i % d];
  norm(latent_.data(), p + layout_.middle_norm, rows, middle_norm_, middle_.data());
  linear(middle_.data(), p + widen.weights, p + widen.biases, rows, d, 8 * d, wide_.data());
  for (size_t r = 0; r < rows; ++r)
    for (size_t j = 0; j < 4 * d; ++j)
      gated_[r * 4 * d + j] = wide_[r * 8 * d + j] * gelu(wide_[r * 8 * d + 4 * d + j]);
  linear(gated_.data(), p + narrow.weights, p + narrow.biases, rows, 4 * d, d, result_.data());
  for (size_t r = 0; r < rows; ++r) {
    T square = 0;
    for (size_t j = r * d; j < (r + 1) * d; ++j) {
      result_[j] += latent_[j];
      square += result_[j] * result_[j];
    }
    length_[r] = std::max(std::sqrt(square), T(kLeastLength));
    for (size_t j = r * d; j < (r + 1) * d; ++j) activations_[0][j] = result_[j] / length_[r];
  }
  head_forward(p, dropout);
  return activations_.back().data();
}

template <class T>
void PerceiverPass<T>::backward(const T* p, const T* d_output, T* g) {
  const size_t d = shape_.dim, inner = shape_.inner(), layers = shape_.layers, all = rows_ * layers;
  const T* d_unit = head_backward(p, d_output, g);
  for (size_t r = 0; r < rows_; ++r) {
    T along = 0;
    for (size_t j = r * d; j < (r + 1) * d; ++j) along += d_unit[j] * activations_[0][j];
    for (size_t j = r * d; j < (r + 1) * d; ++j) d_result_[j] = (d_unit[j] - along * activations_[0][j]) / length_[r];
  }
  const Linear &project = layout_.project, &widen = layout_.widen, &narrow = layout_.narrow;
  linear_backward(d_result_.data(), gated_.data(), p + narrow.weights, rows_, 4 * d, d, d_gated_.data(),
                  g + narrow.weights, g + narrow.biases);
  for (size_t r = 0; r < rows_; ++r)
    for (size_t j = 0; j < 4 * d; ++j) {
      const T value = wide_[r * 8 * d + j], gate = wide_[r * 8 * d + 4 * d + j], dy = d_gated_[r * 4 * d + j];
      d_wide_[r * 8 * d + j] = dy * gelu(gate);
      d_wide_[r * 8 * d + 4 * d + j] = dy * value * gelu_slope(gate);
    }
  linear_backward(d_wide_.data(), middle_.data(), p + widen.weights, rows_, d, 8 * d, d_middle_.data(),
                  g + widen.weights, g + widen.biases);
  norm_backward(d_middle_.data(), p + layout_.middle_norm, rows_, middle_norm_, d_latent_.data(),
                g + layout_.middle_norm);
  for (size_t i = 0; i < rows_ * d; ++i) d_latent_[i] += d_result_[i];
  linear_backward(d_latent_.data(), mixed_.data(), p + project.weights, rows_, inner, d, d_mixed_.data(),
                  g + project.weights, g + project.biases);

  T* d_query_row = query_row_.data() + inner;
  attend_backward(d_mixed_.data(), d_query_row);
  T *d_query_ready = d_query_.data(), *d_query = d_query_.data() + d;
  linear_backward(d_query_row, query_ready_.data(), p + layout_.w_query, 1, d, inner, d_query_ready,
                  g + layout_.w_query, nullptr);
  norm_backward(d_query_ready, p + layout_.query_norm, 1, query_norm_, d_query, g + layout_.query_norm);
  for (size_t i = 0; i < rows_ * d; ++i) d_query[i % d] += d_latent_[i];
  std::copy_n(d_query, d, g + layout_.query);

  linear_backward(d_values_.data(), ready_.data(), p + layout_.w_value, all, d, inner, d_ready_.data(),
                  g + layout_.w_value, nullptr);
  linear_backward(d_keys_.data(), ready_.data(), p + layout_.w_key, all, d, inner, d_placed_.data(), g + layout_.w_key,
                  nullptr);
  for (size_t i = 0; i < all * d; ++i) d_ready_[i] += d_placed_[i];
  norm_backward(d_ready_.data(), p + layout_.layer_norm, all, layer_norm_, d_placed_.data(), g + layout_.layer_norm);
  std::fill_n(g + layout_.position, layers * d, T(0));
  for (size_t i = 0; i < all * d; ++i) g[layout_.position + i % (layers * d)] += d_placed_[i];
}

template class PerceiverPass<float>;
template class PerceiverPass<double>;

}  // namespace cole
