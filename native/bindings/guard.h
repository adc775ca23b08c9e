// Turns every C++ exception of a binding into a JavaScript Error with a stable `code` property.
#pragma once
#include <new>

#include "base/error.h"
#include "bindings/napi_setup.h"

namespace cole::bindings {

inline Napi::Error js_error(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

// Usage: exports.Set("name", Napi::Function::New(env, guard<&name>, "name"));
template <Napi::Value (*F)(const Napi::CallbackInfo&)>
Napi::Value guard(const Napi::CallbackInfo& info) {
  try {
    return F(info);
  } catch (const Napi::Error&) {
    throw;
  } catch (const Error& e) {
    throw js_error(info.Env(), e.code(), e.what());
  } catch (const std::bad_alloc&) {
    throw js_error(info.Env(), "ERR_MEMORY", "expected enough memory for this call, but allocation failed");
  } catch (const std::exception& e) {
    throw js_error(info.Env(), "ERR_ADDON", e.what());
  }
}

}  // namespace cole::bindings
