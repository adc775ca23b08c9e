// The one exception type of the native code. bindings/guard.h is the only place that turns it into a JavaScript error.
#pragma once
#include <stdexcept>
#include <string>

namespace cole {

class Error : public std::runtime_error {
 public:
  // code: one of the stable codes of src/base/errors.ts, such as "ERR_SHAPE".
  Error(const char* code, const std::string& message) : std::runtime_error(message), code_(code) {}
  const char* code() const { return code_; }

 private:
  const char* code_;
};

}  // namespace cole
