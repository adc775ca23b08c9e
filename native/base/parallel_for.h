// Runs f(i) for i in [0, n) on up to `threads` threads, the calling one included. Items are taken from a shared counter,
// so f(i) must depend on i alone: results then never depend on the number of threads. The first error is thrown on the
// calling thread after all threads have stopped.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace cole {

template <class F>
void parallel_for(size_t n, int threads, const F& f) {
  const size_t count = std::min<size_t>(n, threads < 1 ? 1 : static_cast<size_t>(threads));
  if (count <= 1) {
    for (size_t i = 0; i < n; ++i) f(i);
    return;
  }
  std::atomic<size_t> next{0};
  std::exception_ptr error;
  std::mutex error_mutex;
  auto work = [&] {
    try {
      for (size_t i; (i = next.fetch_add(1)) < n;) f(i);
    } catch (...) {
      std::lock_guard<std::mutex> lock(error_mutex);
      if (!error) error = std::current_exception();
      next = n;
    }
  };
  std::vector<std::thread> helpers;
  helpers.reserve(count - 1);
  try {
    for (size_t t = 1; t < count; ++t) helpers.emplace_back(work);
  } catch (const std::system_error&) {
    // No more threads to be had: those that started, and this one, do all the work.
  }
  work();
  for (auto& t : helpers) t.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace cole
