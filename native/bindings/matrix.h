// Matrices of features as arguments.
#pragma once
#include <cmath>

#include "bindings/args.h"

namespace cole::bindings {

// A matrix argument, refused where a value is not finite.
inline std::span<float> features(const Napi::Value& value, const char* name, size_t rows, size_t cols) {
  const auto x = array<float>(value, name, rows * cols);
  for (size_t i = 0; i < x.size(); ++i)
    if (!std::isfinite(x[i]))
      throw Error("ERR_DATA", std::string("expected finite values for ") + name + ", got " + std::to_string(x[i]) +
                                  " in row " + std::to_string(i / cols) + ", column " + std::to_string(i % cols));
  return x;
}

}  // namespace cole::bindings
