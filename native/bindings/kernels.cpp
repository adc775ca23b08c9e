#include "bindings/args.h"
#include "bindings/exports.h"
#include "bindings/guard.h"
#include "kernels/gemm.h"

namespace cole::bindings {

// gemm(a: Float32Array, b: Float32Array, m: number, n: number, k: number, transposeA: boolean, transposeB: boolean, threads: number): Float32Array
static Napi::Value gemm(const Napi::CallbackInfo& call) {
  const size_t m = extent(call[2], "m"), n = extent(call[3], "n"), k = extent(call[4], "k");
  const auto a = array<float>(call[0], "a", m * k);
  const auto b = array<float>(call[1], "b", k * n);
  const bool transpose_a = boolean(call[5], "transposeA"), transpose_b = boolean(call[6], "transposeB");
  const int count = thread_count(call[7]);
  auto out = float_array(call.Env(), m, n, "the product");
  sgemm(a.data(), b.data(), m, n, k, transpose_a, transpose_b, out.Data(), count, kernels());
  return out;
}

void export_kernels(Napi::Env env, Napi::Object exports) {
  exports.Set("gemm", Napi::Function::New(env, guard<&gemm>, "gemm"));
}

}  // namespace cole::bindings
