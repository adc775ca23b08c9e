#include "pooling/pool.h"

#include <algorithm>
#include <bit>
#include <string>

#include "base/error.h"
#include "base/parallel_for.h"

namespace cole {

namespace {

struct Span {
  size_t begin, end, count, last;  // count: tokens that the mask lets through; last: the last of them.
};

std::vector<Span> check_spans(size_t tokens, std::span<const int32_t> spans, std::span<const uint8_t> mask) {
  std::vector<Span> out;
  out.reserve(spans.size() / 2);
  for (size_t i = 0; i + 1 < spans.size(); i += 2) {
    const int64_t begin = spans[i], end = spans[i + 1];
    const std::string text = "text " + std::to_string(i / 2);
    if (begin < 0 || end < begin || end > static_cast<int64_t>(tokens))
      throw Error("ERR_SHAPE", "expected a span within " + std::to_string(tokens) + " tokens for " + text + ", got " +
                                   std::to_string(begin) + " to " + std::to_string(end));
    Span s{static_cast<size_t>(begin), static_cast<size_t>(end), 0, 0};
    for (size_t t = s.begin; t < s.end; ++t)
      if (mask.empty() || mask[t]) {
        ++s.count;
        s.last = t;
      }
    if (s.count == 0) throw Error("ERR_DATA", "expected at least one token to pool for " + text + ", got none");
    out.push_back(s);
  }
  return out;
}

// What is asked of one layer: poolings by index, and where their vector lies among the text's vectors.
struct Use {
  size_t pooling, slot;
};
struct LayerUses {
  std::vector<Use> mean, last;
};

std::vector<LayerUses> plan(size_t layers, std::span<const Pooling> poolings) {
  std::vector<LayerUses> uses(layers);
  for (size_t p = 0; p < poolings.size(); ++p) {
    const Pooling& pooling = poolings[p];
    const std::string name = "pooling " + std::to_string(p);
    if (pooling.layers.empty()) throw Error("ERR_SHAPE", "expected at least one layer for " + name + ", got none");
    std::vector<bool> seen(layers);
    for (size_t i = 0; i < pooling.layers.size(); ++i) {
      const int64_t layer = pooling.layers[i];
      if (layer < 0 || layer >= static_cast<int64_t>(layers) || seen[static_cast<size_t>(layer)])
        throw Error("ERR_SHAPE", "expected distinct layers from 0 to " + std::to_string(layers - 1) + " for " + name +
                                     ", got " + std::to_string(layer));
      seen[static_cast<size_t>(layer)] = true;
      LayerUses& use = uses[static_cast<size_t>(layer)];
      auto& list = pooling.tokens == TokenPooling::kMean ? use.mean : use.last;
      list.push_back({p, pooling.over_layers == LayerPooling::kStack ? i : 0});
    }
  }
  return uses;
}

// The columns [from, from + width) of one text's vectors.
struct Block {
  size_t text, from, width;
};

// Whether one of these is infinite or not a number; in a form that compiles to vectors.
bool is_spoilt(std::span<const float> values) {
  constexpr uint32_t kExponent = 0x7f800000;
  uint32_t found = 0;
  for (const float v : values) found |= (std::bit_cast<uint32_t>(v) & kExponent) == kExponent;
  return found != 0;
}

class Pooler {
 public:
  Pooler(const HiddenStates& hidden, std::span<const uint8_t> mask, std::span<const Pooling> poolings,
         std::span<float* const> outs, const Kernels& kernels)
      : hidden_(hidden),
        mask_(mask),
        poolings_(poolings),
        outs_(outs),
        kernels_(kernels),
        uses_(plan(hidden.layers.size(), poolings)) {}

  void run(const Block& block, const Span& span) const {
    std::vector<float> sum(block.width);
    for (size_t layer = 0; layer < uses_.size(); ++layer) {
      const LayerUses& uses = uses_[layer];
      if (!uses.mean.empty()) {
        std::fill(sum.begin(), sum.end(), 0.0f);
        add_tokens(layer, block, span, sum.data());
        if (is_spoilt(sum)) refuse(layer, block, span);
        hand_out(uses.mean, block, sum, 1 / static_cast<float>(span.count));
      }
      if (!uses.last.empty()) {
        std::fill(sum.begin(), sum.end(), 0.0f);
        add_run(layer, block, span.last, 1, sum.data());
        if (is_spoilt(sum)) refuse(layer, block, span);
        hand_out(uses.last, block, sum, 1);
      }
    }
  }

 private:
  void add_run(size_t layer, const Block& block, size_t token, size_t count, float* sum) const {
    const size_t first = token * hidden_.dim + block.from;
    const void* states = hidden_.layers[layer];
    switch (hidden_.element) {
      case Element::kFloat32:
        return kernels_.add_rows_f32(sum, static_cast<const float*>(states) + first, count, hidden_.dim, block.width);
      case Element::kFloat16:
        return kernels_.add_rows_f16(sum, static_cast<const uint16_t*>(states) + first, count, hidden_.dim,
                                     block.width);
      case Element::kBFloat16:
        return kernels_.add_rows_bf16(sum, static_cast<const uint16_t*>(states) + first, count, hidden_.dim,
                                      block.width);
    }
  }

  // Run after run of tokens that count.
  void add_tokens(size_t layer, const Block& block, const Span& span, float* sum) const {
    for (size_t t = span.begin; t <= span.last;) {
      size_t end = t;
      while (end <= span.last && (mask_.empty() || mask_[end])) ++end;
      if (end > t) add_run(layer, block, t, end - t, sum);
      t = end;
      while (t <= span.last && !mask_[t]) ++t;
    }
  }

  void hand_out(const std::vector<Use>& uses, const Block& block, std::span<const float> sum, float factor) const {
    for (const auto& [p, slot] : uses) {
      const Pooling& pooling = poolings_[p];
      float* to = outs_[p] + (block.text * pooling.vectors() + slot) * hidden_.dim + block.from;
      const float share =
          pooling.over_layers == LayerPooling::kMean ? factor / static_cast<float>(pooling.layers.size()) : factor;
      kernels_.add_scaled(to, share, sum.data(), block.width);
    }
  }

  // Looks for the value that spoilt a sum.
  [[noreturn]] void refuse(size_t layer, const Block& block, const Span& span) const {
    const std::string where = "text " + std::to_string(block.text) + ", layer " + std::to_string(layer);
    std::vector<float> row(block.width);
    for (size_t t = span.begin; t <= span.last; ++t) {
      if (!mask_.empty() && !mask_[t]) continue;
      std::fill(row.begin(), row.end(), 0.0f);
      add_run(layer, block, t, 1, row.data());
      for (size_t i = 0; i < row.size(); ++i)
        if (is_spoilt({&row[i], 1}))
          throw Error("ERR_DATA", "expected finite hidden states for " + where + ", got " + std::to_string(row[i]) +
                                      " in token " + std::to_string(t) + ", column " + std::to_string(block.from + i));
    }
    throw Error("ERR_DATA", "expected hidden states whose sum is a float for " + where + ", got one that overflows");
  }

  const HiddenStates& hidden_;
  std::span<const uint8_t> mask_;
  std::span<const Pooling> poolings_;
  std::span<float* const> outs_;
  const Kernels& kernels_;
  std::vector<LayerUses> uses_;
};

}  // namespace

void pool_tokens(const HiddenStates& hidden, std::span<const int32_t> spans, std::span<const uint8_t> mask,
                 std::span<const Pooling> poolings, int threads, std::span<float* const> outs, const Kernels& kernels) {
  const std::vector<Span> texts = check_spans(hidden.tokens, spans, mask);
  const Pooler pooler(hidden, mask, poolings, outs, kernels);
  for (size_t p = 0; p < poolings.size(); ++p)
    std::fill(outs[p], outs[p] + texts.size() * poolings[p].vectors() * hidden.dim, 0.0f);
  // Columns do not depend on each other, so few texts are cut into blocks of them; not into narrow ones, which memory
  // hands out slowly.
  constexpr size_t kNarrowest = 512;
  const size_t wanted = texts.empty() ? 1 : (static_cast<size_t>(threads) + texts.size() - 1) / texts.size();
  const size_t width = std::max(kNarrowest, padded((hidden.dim + wanted - 1) / wanted));
  const size_t blocks = (hidden.dim + width - 1) / width;
  parallel_for(texts.size() * blocks, threads, [&](size_t i) {
    const size_t text = i / blocks, from = i % blocks * width;
    pooler.run({text, from, std::min(width, hidden.dim - from)}, texts[text]);
  });
}

}  // namespace cole
