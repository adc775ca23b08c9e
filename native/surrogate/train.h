// Training and scoring of ensembles of perceptrons. A member is a function of data, spec and its own seed, so the result is
// the same for any number of threads, whether one thread trains a member or several do in step.
#pragma once
#include <cstdint>
#include <span>

#include "surrogate/mlp.h"

namespace cole {

// Step t, from 1, for a gradient whose squares add up to this: bias corrections and clipping.
AdamStep adam_step(const MlpSpec& spec, uint64_t t, float squares);

// Weights of a fresh network in compact form.
void init_weights(const MlpLayout& layout, Init init, uint32_t seed, float* compact);

// x: [rows, cols], y: [rows, outputs]; weights: [seeds, layout.compact_size]; final_loss: [seeds].
void train_mlp(const float* x, const float* y, size_t rows, size_t cols, const MlpSpec& spec,
               std::span<const uint32_t> seeds, int threads, float* weights, float* final_loss, const Kernels& kernels);

// out: [members, rows, outputs].
void predict_mlp(const float* weights, size_t members, const MlpSpec& spec, const float* x, size_t rows, size_t cols,
                 int threads, float* out, const Kernels& kernels);

}  // namespace cole
