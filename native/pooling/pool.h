// Hidden states of the tokens of a text to one vector.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernels.h"

namespace cole {

enum class PoolMode { kMean, kLastToken };

// layers: one or more of [tokens, dim]; several give the mean of their vectors. Text i owns the tokens
// spans[2 i] <= t < spans[2 i + 1]; where mask [tokens] is not empty, tokens with mask 0 do not count. out: [texts,
// dim]. Sums are float32, token after token, then layer after layer, so a text's vector does not depend on its batch.
// Throws ERR_SHAPE for a span outside the tokens, ERR_DATA for a text without a token that counts.
void pool_tokens(std::span<const float* const> layers, size_t tokens, size_t dim, std::span<const int32_t> spans,
                 std::span<const uint8_t> mask, PoolMode mode, int threads, float* out, const Kernels& kernels);

}  // namespace cole
