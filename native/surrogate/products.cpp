#include "surrogate/products.h"

#include <algorithm>

#include "base/parallel_for.h"

namespace cole {

void column_means(const float* x, size_t rows, size_t cols, float* mean, const Kernels& kernels) {
  AlignedBuffer<double> sum(cols);
  kernels.add_rows_f64(sum.data(), x, rows, cols);
  for (size_t j = 0; j < cols; ++j) mean[j] = static_cast<float>(sum[j] / static_cast<double>(rows));
}

void products(const CenteredMatrix& x, bool gram, bool precise, SymmetricMatrix& out, int threads, const Kernels& kernels) {
  const auto add_panels = precise ? kernels.panels_f64 : kernels.panels_f32_into_f64;
  const size_t width = kernels.cols_f32, n = out.n, k = gram ? x.cols : x.rows;
  const size_t panels = (n + width - 1) / width;
  AlignedBuffer<float> packed(panels * width * std::min(k, kFloatDepth));
  for (size_t p0 = 0; p0 < k; p0 += kFloatDepth) {
    const size_t depth = std::min(kFloatDepth, k - p0);
    const auto panel = [&](size_t j) { return packed.data() + j * width * depth; };
    parallel_for(panels, threads, [&](size_t j) {
      const size_t begin = j * width, count = std::min(width, n - begin);
      if (gram)
        kernels.pack_rows_f32(x.x + begin * x.cols + p0, x.cols, depth, count, x.mean + p0, panel(j));
      else
        kernels.pack_columns_f32(x.x + p0 * x.cols + begin, x.cols, depth, count, x.mean + begin, panel(j));
    });
    parallel_for(panels, threads, [&](size_t j) {
      for (size_t i = j; i < panels; ++i)
        add_panels(depth, panel(i), panel(j), i == j, out.row(i * width) + j * width, out.ld);
    });
  }
}

}  // namespace cole
