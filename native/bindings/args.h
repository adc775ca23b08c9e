// Declarative checks of binding arguments: type first, then length; messages say what was expected, for which name, and
// what came. Views point into JavaScript memory and are valid during the call only.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "bindings/napi_setup.h"

namespace cole::bindings {

template <class T>
struct ArrayTraits;
#define COLE_ARRAY(T, TAG, NAME)                     \
  template <>                                        \
  struct ArrayTraits<T> {                            \
    static constexpr napi_typedarray_type tag = TAG; \
    static constexpr const char* name = NAME;        \
  };
COLE_ARRAY(uint8_t, napi_uint8_array, "Uint8Array")
COLE_ARRAY(uint16_t, napi_uint16_array, "Uint16Array")
COLE_ARRAY(int32_t, napi_int32_array, "Int32Array")
COLE_ARRAY(uint32_t, napi_uint32_array, "Uint32Array")
COLE_ARRAY(float, napi_float32_array, "Float32Array")
COLE_ARRAY(double, napi_float64_array, "Float64Array")
#undef COLE_ARRAY

// A typed array (over an ArrayBuffer or a SharedArrayBuffer) as a span.
template <class T>
std::span<T> array(const Napi::Value& value, const char* name) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  if (!value.IsTypedArray() ||
      napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != ArrayTraits<T>::tag) {
    throw Error("ERR_OPTION", std::string("expected a ") + ArrayTraits<T>::name + " for " + name);
  }
  return {static_cast<T*>(data), length};
}

template <class T>
std::span<T> array(const Napi::Value& value, const char* name, size_t length) {
  auto view = array<T>(value, name);
  if (view.size() != length) {
    throw Error("ERR_SHAPE", "expected " + std::to_string(length) + " elements for " + name + ", got " +
                                 std::to_string(view.size()));
  }
  return view;
}

inline double number(const Napi::Value& value, const char* name) {
  if (!value.IsNumber()) throw Error("ERR_OPTION", std::string("expected a number for ") + name);
  return value.As<Napi::Number>().DoubleValue();
}

inline int64_t integer(const Napi::Value& value, const char* name, int64_t low, int64_t high) {
  const double x = number(value, name);
  if (!(x >= static_cast<double>(low) && x <= static_cast<double>(high)) ||
      x != static_cast<double>(static_cast<int64_t>(x))) {
    throw Error("ERR_OPTION", std::string("expected an integer from ") + std::to_string(low) + " to " +
                                  std::to_string(high) + " for " + name + ", got " + std::to_string(x));
  }
  return static_cast<int64_t>(x);
}

// A number of rows, columns or the like. Two of them multiply without overflow.
inline size_t extent(const Napi::Value& value, const char* name) {
  return static_cast<size_t>(integer(value, name, 0, 0x7fffffff));
}

inline int thread_count(const Napi::Value& value) { return static_cast<int>(integer(value, "threads", 1, 1024)); }

inline bool boolean(const Napi::Value& value, const char* name) {
  if (!value.IsBoolean()) throw Error("ERR_OPTION", std::string("expected true or false for ") + name);
  return value.As<Napi::Boolean>().Value();
}

template <class T>
T choice(const Napi::Value& value, const char* name, std::initializer_list<std::pair<const char*, T>> known) {
  const std::string given = value.IsString() ? value.As<Napi::String>().Utf8Value() : "a value of another type";
  std::string names;
  for (const auto& [label, meaning] : known) {
    if (given == label) return meaning;
    names += std::string(names.empty() ? "" : ", ") + label;
  }
  throw Error("ERR_OPTION", "expected one of " + names + " for " + name + ", got " + given);
}

// Refuses a result of more values than any machine has room for.
inline void require_room(size_t rows, size_t cols, const char* name) {
  constexpr size_t kMost = size_t{1} << 32;
  if (cols > 0 && rows > kMost / cols)
    throw Error("ERR_MEMORY", "expected at most 2^32 values for " + std::string(name) + ", got " +
                                  std::to_string(rows) + " x " + std::to_string(cols));
}

// A fresh result of rows * cols values.
inline Napi::Float32Array float_array(Napi::Env env, size_t rows, size_t cols, const char* name) {
  require_room(rows, cols, name);
  return Napi::Float32Array::New(env, rows * cols);
}

}  // namespace cole::bindings
