// GFLOP/s of each kernel that a fit of the reference network spends its time in, at its shapes (128 units, 32 rows), of the
// general product at the same ones, and of the register tile on packed operands in the first-level cache, which none can beat.
// One thread, the fastest of many rounds of each in turn. scripts/kernel-rates.mjs runs this.
#include <chrono>
#include <cstdio>
#include <functional>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "kernels/gemm.h"
#include "test/check.h"

namespace cole {
namespace {

struct Case {
  const char* name;
  double flops;
  std::function<void()> run;
  double best = 0;
};

AlignedBuffer<float> drawn(size_t size, uint32_t seed) {
  AlignedBuffer<float> out(size);
  const auto values = test::uniform(size, seed);
  std::copy(values.begin(), values.end(), out.data());
  return out;
}

double seconds(const std::function<void()>& run, int times) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / times;
}

void measure(const Kernels& kernels) {
  constexpr size_t kUnits = 128, kRows = 32;
  constexpr double kStep = 2.0 * kUnits * kUnits * kRows;
  auto w = drawn(kUnits * kUnits, 1), x = drawn(kUnits * kRows, 2), dy = drawn(kUnits * kRows, 3);
  auto xt = drawn(kRows * kUnits, 4), bias = drawn(kUnits, 5), g = drawn(kUnits * kUnits, 6);
  AlignedBuffer<float> h(kUnits * kRows), dz(kUnits * kRows), dw(kUnits * kUnits), m(kUnits * kUnits), v(kUnits * kUnits);
  AlignedBuffer<float> tile(kernels.rows_f32 * kernels.cols_f32);
  // No rate of learning, so that the weights stay what they are.
  const AdamState state{g.data(), m.data(), v.data(), {0.9f, 0.999f, 1e-8f, 0, 1, 1}};
  const size_t tile_rows = kernels.rows_f32, tile_cols = kernels.cols_f32, depth = 128;
  std::vector<Case> cases{
      {"register tile, packed", 2.0 * tile_rows * tile_cols * depth,
       [&] { kernels.tile_f32(depth, w.data(), g.data(), tile.data(), tile_cols, false); }},
      {"forward", kStep,
       [&] { kernels.dense_forward(w.data(), bias.data(), x.data(), kUnits, kUnits, kRows, 0.01f, h.data(), nullptr); }},
      {"forward, with Adam's step", kStep,
       [&] { kernels.dense_forward(w.data(), bias.data(), x.data(), kUnits, kUnits, kRows, 0.01f, h.data(), &state); }},
      {"data gradient", kStep,
       [&] {
         kernels.dense_backward(w.data(), kUnits, dy.data(), x.data(), kUnits, kUnits, kRows, 0.01f, 1, dz.data());
       }},
      {"weight gradient", kStep,
       [&] {
         for (size_t j = 0; j < kUnits; j += tile_cols)
           kernels.dense_gradient(dy.data(), xt.data() + j, kRows, kUnits, kUnits, kRows, tile_cols, dw.data() + j);
       }},
      {"general, 128 x 32 x 128", kStep,
       [&] { sgemm(w.data(), x.data(), kUnits, kRows, kUnits, false, false, h.data(), 1, kernels); }},
      {"general, 128 x 128 x 32", kStep,
       [&] { sgemm(dy.data(), xt.data(), kUnits, kUnits, kRows, false, false, dw.data(), 1, kernels); }},
  };
  for (int round = 0; round < 200; ++round)
    for (Case& c : cases) {
      const double rate = 1e-9 * c.flops / seconds(c.run, 20);
      if (round > 0) c.best = std::max(c.best, rate);
    }
  for (const Case& c : cases) std::printf("%-26s %6.1f GFLOP/s  %3.0f %%\n", c.name, c.best, 100 * c.best / cases[0].best);
}

}  // namespace
}  // namespace cole

int main() {
  try {
    std::printf("%s\n", cole::isa_name(cole::isa()));
    cole::measure(cole::kernels());
  } catch (const cole::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
