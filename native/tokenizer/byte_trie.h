// A trie over bytes whose edges lie in one open-addressing table: (node, byte) -> node.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace cole {

class ByteTrie {
 public:
  static constexpr int32_t kNone = -1;
  static constexpr uint32_t kRoot = 0, kDead = UINT32_MAX;

  ByteTrie() : slots_(1024, Slot{kFree, 0}), values_(1, kNone) {}

  // Another root in the same table.
  uint32_t add_root() {
    values_.push_back(kNone);
    return static_cast<uint32_t>(values_.size() - 1);
  }

  // The value of a key that comes twice is the last one.
  void add(uint32_t root, const uint8_t* bytes, size_t length, int32_t value) {
    uint32_t node = root;
    for (size_t i = 0; i < length; ++i) {
      uint32_t next = child(node, bytes[i]);
      if (next == kDead) {
        next = add_root();
        insert(static_cast<uint64_t>(node) << 8 | bytes[i], next);
        if (++edges_ * 2 > slots_.size()) grow();
      }
      node = next;
    }
    values_[node] = value;
  }

  uint32_t child(uint32_t node, uint8_t byte) const {
    const uint64_t key = static_cast<uint64_t>(node) << 8 | byte;
    for (size_t at = home(key);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].key == key) return slots_[at].node;
      if (slots_[at].key == kFree) return kDead;
    }
  }

  int32_t value(uint32_t node) const { return values_[node]; }

  struct Match {
    int32_t value = kNone;
    size_t length = 0;
  };
  // The longest key that `text` starts with; its value is kNone when there is none.
  Match longest(uint32_t root, const uint8_t* text, size_t size) const {
    Match best;
    uint32_t node = root;
    for (size_t i = 0; i < size; ++i) {
      node = child(node, text[i]);
      if (node == kDead) break;
      if (values_[node] != kNone) best = {values_[node], i + 1};
    }
    return best;
  }

  bool empty() const { return edges_ == 0; }
  size_t bytes() const { return slots_.size() * sizeof(Slot) + values_.size() * sizeof(int32_t); }

 private:
  struct Slot {
    uint64_t key;
    uint32_t node;
  };
  static constexpr uint64_t kFree = ~uint64_t{0};

  size_t home(uint64_t key) const {
    return static_cast<size_t>(key * 0x9E3779B97F4A7C15u >> 20) & (slots_.size() - 1);
  }
  void insert(uint64_t key, uint32_t node) {
    size_t at = home(key);
    while (slots_[at].key != kFree) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {key, node};
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2, Slot{kFree, 0});
    std::swap(old, slots_);
    for (const Slot& slot : old) {
      if (slot.key != kFree) insert(slot.key, slot.node);
    }
  }

  std::vector<Slot> slots_;
  std::vector<int32_t> values_;
  size_t edges_ = 0;
};

}  // namespace cole
