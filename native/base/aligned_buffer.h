// A zeroed array on cache-line boundaries, for kernels. Moves, does not copy.
#pragma once
#include <cstddef>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#include "base/huge_pages.h"

namespace cole {

template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size) : size_(size) {
    if (size > (std::numeric_limits<size_t>::max() - kHugePage) / sizeof(T)) throw std::bad_alloc();
    const size_t bytes = (size * sizeof(T) + kAlign - 1) / kAlign * kAlign;
    const bool huge = bytes >= kHugePage;
    align_ = huge ? kHugePage : kAlign;
    data_ = static_cast<T*>(::operator new(bytes ? bytes : kAlign, std::align_val_t{align_}));
    prefer_huge_pages(data_, bytes);
    std::memset(static_cast<void*>(data_), 0, bytes);
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), align_(other.align_) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(align_, other.align_);
    return *this;
  }
  ~AlignedBuffer() { ::operator delete(data_, std::align_val_t{align_}); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }

 private:
  static constexpr size_t kAlign = 64;
  T* data_ = nullptr;
  size_t size_ = 0;
  size_t align_ = kAlign;
};

}  // namespace cole
