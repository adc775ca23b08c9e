// A fixed number of threads that work on one thing in step: each knows its rank, takes its share of every phase and waits
// for the others at the end of it. For phases of microseconds, where starting threads would cost more than they do.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <system_error>
#include <thread>
#include <vector>

namespace cole {

class Barrier {
 public:
  explicit Barrier(size_t size) : size_(size) {}
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  void wait() {
    const size_t round = round_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
      arrived_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      return;
    }
    for (int spin = 0; round_.load(std::memory_order_acquire) == round; ++spin) {
      // Phases are shorter than a sleep; where a core is missing, the one that is waited for needs this one.
      if (spin > kSpins) std::this_thread::yield();
    }
  }

 private:
  static constexpr int kSpins = 1000;
  const size_t size_;
  std::atomic<size_t> arrived_{0}, round_{0};
};

// What a thread of the team sees of it. The default is a team of one.
struct Lane {
  size_t rank = 0, size = 1;
  Barrier* barrier = nullptr;

  void wait() const {
    if (barrier) barrier->wait();
  }
  struct Range {
    size_t begin, end;
  };
  // This lane's share of n units.
  Range share(size_t n) const { return {n * rank / size, n * (rank + 1) / size}; }
};

// Runs f(lane) on `size` threads at once, or on fewer where no more are to be had. f must not throw: the others would wait
// for ever.
template <class F>
void run_team(size_t size, const F& f) {
  if (size <= 1) {
    f(Lane{});
    return;
  }
  // Helpers start when it is known how many there are.
  std::atomic<size_t> ready{0};
  Barrier* barrier = nullptr;
  std::vector<std::thread> helpers;
  helpers.reserve(size - 1);
  try {
    for (size_t rank = 1; rank < size; ++rank)
      helpers.emplace_back([&, rank] {
        ready.wait(0, std::memory_order_acquire);
        f(Lane{rank, ready.load(std::memory_order_relaxed), barrier});
      });
  } catch (const std::system_error&) {
    // Those that started do all the work.
  }
  Barrier shared(helpers.size() + 1);
  barrier = &shared;
  ready.store(helpers.size() + 1, std::memory_order_release);
  ready.notify_all();
  f(Lane{0, helpers.size() + 1, barrier});
  for (auto& t : helpers) t.join();
}

}  // namespace cole
