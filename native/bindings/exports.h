// One function per concern adds its names to the addon's exports.
#pragma once
#include "bindings/napi_setup.h"

namespace cole::bindings {

void export_heads(Napi::Env env, Napi::Object exports);
void export_info(Napi::Env env, Napi::Object exports);
void export_kernels(Napi::Env env, Napi::Object exports);
void export_perceiver(Napi::Env env, Napi::Object exports);
void export_pooling(Napi::Env env, Napi::Object exports);
void export_surrogate(Napi::Env env, Napi::Object exports);
void export_tokenizer(Napi::Env env, Napi::Object exports);

}  // namespace cole::bindings
