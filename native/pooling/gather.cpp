#include "pooling/gather.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/parallel_for.h"

namespace cole {

namespace {

void check(size_t rows, std::span<const int32_t> ids, std::span<const int32_t> offsets) {
  for (size_t text = 0; text + 1 < offsets.size(); ++text) {
    const int64_t begin = offsets[text], end = offsets[text + 1];
    if (begin < 0 || end < begin || end > static_cast<int64_t>(ids.size()))
      throw Error("ERR_SHAPE", "expected offsets that rise within " + std::to_string(ids.size()) + " ids for text " +
                                   std::to_string(text) + ", got " + std::to_string(begin) + " to " +
                                   std::to_string(end));
    for (int64_t t = begin; t < end; ++t) {
      const int64_t id = ids[static_cast<size_t>(t)];
      if (id < 0 || id >= static_cast<int64_t>(rows))
        throw Error("ERR_SHAPE", "expected ids from 0 to " + std::to_string(static_cast<int64_t>(rows) - 1) +
                                     " for text " + std::to_string(text) + ", got " + std::to_string(id));
    }
  }
}

}  // namespace

void mean_rows(std::span<const float> table, size_t dim, std::span<const int32_t> ids,
               std::span<const int32_t> offsets, int threads, std::span<float> out, const Kernels& kernels) {
  check(table.size() / dim, ids, offsets);
  std::fill(out.begin(), out.end(), 0.0f);
  const size_t texts = offsets.empty() ? 0 : offsets.size() - 1;
  // A text is a microsecond of work: threads take many at a time.
  constexpr size_t kBlock = 256;
  parallel_for((texts + kBlock - 1) / kBlock, threads, [&](size_t block) {
    for (size_t text = block * kBlock; text < std::min(texts, (block + 1) * kBlock); ++text) {
      const auto begin = static_cast<size_t>(offsets[text]), end = static_cast<size_t>(offsets[text + 1]);
      float* sum = out.data() + text * dim;
      for (size_t t = begin; t < end; ++t)
        kernels.add_rows_f32(sum, table.data() + static_cast<size_t>(ids[t]) * dim, 1, dim, dim);
      if (end > begin)
        for (size_t i = 0; i < dim; ++i) sum[i] /= static_cast<float>(end - begin);
    }
  });
}

}  // namespace cole
