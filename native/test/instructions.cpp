// Three fixed pieces of work for counting their instructions: instructions tokenise | pool | fit. What is counted is
// measured(); scripts/instructions.mjs runs this under callgrind.
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>

#include "base/error.h"
#include "pooling/pool.h"
#include "surrogate/train.h"
#include "test/check.h"
#include "tokenizer/tokenizer.h"

namespace cole {
namespace {

// By this name callgrind knows where to start and stop.
extern "C" __attribute__((noinline)) void measured(const std::function<void()>& work) {
  work();
  // Keeps the call above from being the last thing, which would make it a jump.
  asm volatile("");
}

// Lines of code that repeat their words with other numbers, as rendered architectures do.
std::string source(size_t bytes) {
  Random random(1, 1);
  const char* lines[] = {"self.conv%u = nn.Conv2d(%u, %u, kernel_size=3)\n", "    x = self.node_%u(x) + self.skip%u(x%u)\n",
                         "        return torch.cat([a%u, b%u, op_%u], dim=1)\n"};
  std::string text;
  char line[128];
  while (text.size() < bytes) {
    std::snprintf(line, sizeof line, lines[random.below(3)], random.below(400), random.below(100), random.below(1000));
    text += line;
  }
  return text;
}

using Merge = std::pair<int32_t, int32_t>;

// The most frequent pairs of `sample`, one after another, as a byte-level vocabulary is made.
TokenizerSpec learned(const std::string& sample, int merges) {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  std::vector<int32_t> ids;
  for (char c : sample) ids.push_back(static_cast<uint8_t>(c));
  TokenizerSpec spec;
  spec.model = "bpe";
  spec.pre_tokenizer = {{{"gpt2"}}};
  for (int i = 0; i < merges; ++i) {
    std::map<Merge, int> counts;
    for (size_t at = 0; at + 1 < ids.size(); ++at) ++counts[{ids[at], ids[at + 1]}];
    auto best = counts.begin();
    for (auto it = counts.begin(); it != counts.end(); ++it)
      if (it->second > best->second) best = it;
    const auto [left, right] = best->first;
    const auto id = static_cast<int32_t>(tokens.size());
    tokens.push_back(tokens[static_cast<size_t>(left)] + tokens[static_cast<size_t>(right)]);
    spec.merges.insert(spec.merges.end(), {left, right, id});
    size_t to = 0;
    for (size_t at = 0; at < ids.size(); ++at) {
      const bool joins = at + 1 < ids.size() && ids[at] == left && ids[at + 1] == right;
      ids[to++] = joins ? id : ids[at];
      at += joins;
    }
    ids.resize(to);
  }
  spec.tokens.offsets = {0};
  for (const auto& token : tokens) {
    spec.tokens.bytes.insert(spec.tokens.bytes.end(), token.begin(), token.end());
    spec.tokens.offsets.push_back(static_cast<int32_t>(spec.tokens.bytes.size()));
  }
  spec.added.content.offsets = {0};
  return spec;
}

// 256 KB in texts of 1 KB, unseen: the first pass of a tokenizer.
void tokenise() {
  Tokenizer tokenizer(learned(source(1 << 14), 300));
  const std::string text = source(1 << 18);
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  std::vector<int32_t> offsets, ends;
  for (size_t at = 0; at < text.size(); at += 1024) offsets.push_back(static_cast<int32_t>(at));
  offsets.push_back(static_cast<int32_t>(text.size()));
  ends.resize(offsets.size() - 1);
  measured([&] {
    std::vector<int32_t> ids(tokenizer.encode(bytes, offsets, false, 1, ends.data()));
    tokenizer.copy_ids(ids.data());
  });
}

// 4 texts of 250 tokens, 2,048 wide, once for each element.
void pool() {
  const size_t tokens = 1000, dim = 2048;
  const std::vector<uint16_t> halves(tokens * dim, 0x3b00);
  const std::vector<float> floats(tokens * dim, 0.5f);
  const std::vector<int32_t> spans{0, 250, 250, 500, 500, 750, 750, 1000}, first{0};
  const Pooling mean{TokenPooling::kMean, LayerPooling::kMean, first};
  std::vector<float> out(4 * dim);
  float* const outs[] = {out.data()};
  const void *const half[] = {halves.data()}, *const whole[] = {floats.data()};
  measured([&] {
    pool_tokens({whole, Element::kFloat32, tokens, dim}, spans, {}, {&mean, 1}, 1, outs, kernels());
    pool_tokens({half, Element::kFloat16, tokens, dim}, spans, {}, {&mean, 1}, 1, outs, kernels());
    pool_tokens({half, Element::kBFloat16, tokens, dim}, spans, {}, {&mean, 1}, 1, outs, kernels());
  });
}

// The reference network on 220 rows of 128 features, ten epochs of each loss.
void fit() {
  const size_t rows = 220, cols = 128;
  MlpSpec spec;
  spec.hidden = {128, 128, 128};
  spec.negative_slope = 0.01f;
  spec.dropout = 0.1f;
  spec.margin = 0.1f;
  spec.max_pairs = 128;
  spec.learning_rate = 1e-3f;
  spec.beta1 = 0.9f;
  spec.beta2 = 0.999f;
  spec.epsilon = 1e-8f;
  spec.batch = 32;
  spec.epochs = 10;
  spec.clip_norm = 1;
  const auto x = test::uniform(rows * cols, 1), y = test::uniform(rows, 2);
  const std::vector<uint32_t> seeds{1};
  std::vector<float> weights(MlpLayout(cols, spec).compact_size);
  float loss;
  measured([&] {
    for (const Loss of : {Loss::kMse, Loss::kHinge}) {
      spec.loss = of;
      train_mlp(x.data(), y.data(), rows, cols, spec, seeds, 1, weights.data(), &loss, kernels());
    }
  });
}

}  // namespace
}  // namespace cole

int main(int count, char** words) {
  const std::map<std::string, void (*)()> cases{{"tokenise", cole::tokenise}, {"pool", cole::pool}, {"fit", cole::fit}};
  const auto found = cases.find(count > 1 ? words[1] : "");
  if (found == cases.end()) {
    std::fprintf(stderr, "expected tokenise, pool or fit\n");
    return 2;
  }
  try {
    found->second();
  } catch (const cole::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
