// Hidden states of the tokens of a text to one vector.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.h"

namespace cole {

// Half floats come as their bits.
enum class Element { kFloat32, kFloat16, kBFloat16 };

// Hidden states [tokens, dim] of one or more layers.
struct HiddenStates {
  std::span<const void* const> layers;
  Element element;
  size_t tokens, dim;
};

enum class TokenPooling { kMean, kLastToken };
enum class LayerPooling { kMean, kStack };

// One way from hidden states to a vector: over tokens, then over these layers (each at most once).
struct Pooling {
  TokenPooling tokens;
  LayerPooling over_layers;
  std::span<const int32_t> layers;

  // Vectors of dim that a text gives.
  size_t vectors() const { return over_layers == LayerPooling::kStack ? layers.size() : 1; }
};

// Text i owns the tokens spans[2 i] <= t < spans[2 i + 1]; where mask [tokens] is not empty, tokens with mask 0 do not
// count. outs: for each pooling [texts, its vectors, dim]; a mean over layers is [texts, 1, dim], a stack has the layers in
// the pooling's order. Each hidden state is read once, whatever the number of poolings. Sums are float32, token after
// token, then layer after layer, so a text's vector depends neither on its batch nor on threads.
// Throws ERR_SHAPE for a span outside the tokens or a layer that is not there, ERR_DATA for a text without a token that
// counts and for a value that is not finite.
void pool_tokens(const HiddenStates& hidden, std::span<const int32_t> spans, std::span<const uint8_t> mask,
                 std::span<const Pooling> poolings, int threads, std::span<float* const> outs, const Kernels& kernels);

}  // namespace cole
