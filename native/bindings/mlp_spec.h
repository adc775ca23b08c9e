// NativeMlpSpec as an argument.
#pragma once
#include "bindings/args.h"
#include "surrogate/mlp.h"

namespace cole::bindings {

MlpSpec mlp_spec(const Napi::Value& value);

}  // namespace cole::bindings
