// Rows of a table to one vector per text: the mean of the rows that its tokens name.
#pragma once
#include <cstdint>
#include <span>

#include "kernels/kernels.h"

namespace cole {

// table [rows, dim]; text i has the tokens ids[offsets[i]] .. ids[offsets[i + 1] - 1]; out [texts, dim], zeros for a text
// without tokens. Sums are float32, token after token, so a vector depends neither on its company nor on threads.
// Throws ERR_SHAPE for offsets that fall or leave ids and for an id without a row.
void mean_rows(std::span<const float> table, size_t dim, std::span<const int32_t> ids,
               std::span<const int32_t> offsets, int threads, std::span<float> out, const Kernels& kernels);

}  // namespace cole
