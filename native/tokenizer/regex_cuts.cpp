// Where a text can be cut so that a pattern matches in its parts what it matches in the whole, from the pattern alone.
#include "tokenizer/regex.h"

namespace cole {

// Nodes are made from the end of the pattern, so each comes after those that follow it in a match.
void Regex::find_cuts() {
  const size_t count = nodes_.size();
  const auto any_branch = [](const Node& node, const std::vector<uint8_t>& of) {
    for (const uint32_t branch : node.branches) {
      if (of[branch]) return true;
    }
    return false;
  };
  // Whether what starts at a node may match nothing, and whether it matches (nothing, if need be) whatever the text is.
  std::vector<uint8_t> may_be_empty(count), always(count), reached(count), sure(count);
  for (size_t i = 0; i < count; ++i) {
    const Node& node = nodes_[i];
    switch (node.kind) {
      case Kind::kAccept:
        may_be_empty[i] = always[i] = true;
        break;
      case Kind::kAhead:
        may_be_empty[i] = may_be_empty[node.next];
        break;
      case Kind::kEither:
        may_be_empty[i] = any_branch(node, may_be_empty);
        always[i] = any_branch(node, always);
        break;
      case Kind::kRepeat:
        may_be_empty[i] = node.least == 0 && may_be_empty[node.next];
        always[i] = node.least == 0 && always[node.next];
    }
  }
  for (uint32_t code = 0; code < 128; ++code) {
    // reached: whether a match that has come to the node may take or look at `code` next. sure: whether one that starts at
    // the node before `code` succeeds whatever follows it; what is possessive may not give the character back.
    for (size_t i = 0; i < count; ++i) {
      const Node& node = nodes_[i];
      const bool has = node.kind != Kind::kAccept && node.kind != Kind::kEither && node.most > 0 && classes_[node.klass].has(code);
      switch (node.kind) {
        case Kind::kAccept:
          reached[i] = false;
          sure[i] = true;
          break;
        case Kind::kAhead:
          reached[i] = has || reached[node.next];
          sure[i] = has == node.wanted && sure[node.next];
          break;
        case Kind::kEither:
          reached[i] = any_branch(node, reached);
          sure[i] = any_branch(node, sure);
          break;
        case Kind::kRepeat:
          reached[i] = has || (node.least == 0 && reached[node.next]);
          sure[i] = (has && node.least <= 1 && always[node.next]) ||
                    (node.least == 0 && !(has && node.possessive) && sure[node.next]);
      }
    }
    for (const Node& node : nodes_) {
      if (node.kind != Kind::kRepeat || node.most == 0) continue;
      const CharClass& taken = classes_[node.klass];
      if (!reached[node.next] && !(node.most > 1 && taken.has(code))) continue;
      for (size_t half = 0; half < 2; ++half) joined_[code][half] |= taken.ascii()[half];
    }
    starts_[code] = sure[start_] && !may_be_empty[start_];
  }
}

}  // namespace cole
