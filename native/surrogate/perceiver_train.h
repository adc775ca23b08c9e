// Training and scoring of ensembles of Perceivers. A member is a function of data, spec and its own seed.
#pragma once
#include <cstdint>
#include <span>

#include "surrogate/mlp.h"
#include "surrogate/perceiver.h"

namespace cole {

// x: [rows, layers, dim], y: [rows]; training: loss, batches and Adam, the rest of it is not looked at;
// parameters: [seeds, PerceiverLayout::size]; final_loss: [seeds].
void train_perceiver(const float* x, const float* y, size_t rows, const PerceiverShape& shape, const MlpSpec& training,
                     std::span<const uint32_t> seeds, int threads, float* parameters, float* final_loss,
                     const Kernels& kernels);

// out: [members, rows].
void predict_perceiver(const float* parameters, size_t members, const PerceiverShape& shape, const float* x,
                       size_t rows, int threads, float* out, const Kernels& kernels);

}  // namespace cole
