#include "surrogate/xgboost.h"

#include <dlfcn.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "base/parallel_for.h"

namespace cole {
namespace {

using Handle = void*;
using Size = uint64_t;

// The functions used here, with their signatures since version 1.6.
struct Library {
  const char* (*XGBGetLastError)();
  void (*XGBoostVersion)(int*, int*, int*);
  int (*XGDMatrixCreateFromMat)(const float*, Size, Size, float, Handle*);
  int (*XGDMatrixSetFloatInfo)(Handle, const char*, const float*, Size);
  int (*XGDMatrixFree)(Handle);
  int (*XGBoosterCreate)(const Handle*, Size, Handle*);
  int (*XGBoosterFree)(Handle);
  int (*XGBoosterSetParam)(Handle, const char*, const char*);
  int (*XGBoosterUpdateOneIter)(Handle, int, Handle);
  int (*XGBoosterSaveModelToBuffer)(Handle, const char*, Size*, const char**);
  int (*XGBoosterLoadModelFromBuffer)(Handle, const void*, Size);
  int (*XGBoosterPredictFromDMatrix)(Handle, Handle, const char*, const Size**, Size*, const float**);
};

template <class F>
void look_up(void* handle, const char* name, const std::string& path, F& to) {
  to = reinterpret_cast<F>(dlsym(handle, name));
  if (!to) throw Error("ERR_ADDON", "expected XGBoost 1.6 or later at " + path + ", got a library without " + name);
}

Library load(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) throw Error("ERR_ADDON", "expected XGBoost's library at " + path + ", but " + dlerror());
  Library library;
#define COLE_LOOK_UP(NAME) look_up(handle, #NAME, path, library.NAME)
  COLE_LOOK_UP(XGBGetLastError);
  COLE_LOOK_UP(XGBoostVersion);
  COLE_LOOK_UP(XGDMatrixCreateFromMat);
  COLE_LOOK_UP(XGDMatrixSetFloatInfo);
  COLE_LOOK_UP(XGDMatrixFree);
  COLE_LOOK_UP(XGBoosterCreate);
  COLE_LOOK_UP(XGBoosterFree);
  COLE_LOOK_UP(XGBoosterSetParam);
  COLE_LOOK_UP(XGBoosterUpdateOneIter);
  COLE_LOOK_UP(XGBoosterSaveModelToBuffer);
  COLE_LOOK_UP(XGBoosterLoadModelFromBuffer);
  COLE_LOOK_UP(XGBoosterPredictFromDMatrix);
#undef COLE_LOOK_UP
  return library;
}

// Node's worker threads share the libraries that were opened.
const Library& open_library(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<const Library>> opened;
  std::lock_guard<std::mutex> lock(mutex);
  auto& library = opened[path];
  if (!library) library = std::make_unique<const Library>(load(path));
  return *library;
}

void check(const Library& library, int status) {
  if (status == 0) return;
  const std::string message = library.XGBGetLastError();
  // The first line says what is wrong, the rest is a stack trace.
  throw Error("ERR_DATA", "expected XGBoost to succeed, but it reports: " + message.substr(0, message.find('\n')));
}

class Data {
 public:
  Data(const Library& library, const float* x, size_t rows, size_t cols) : library_(library) {
    check(library, library.XGDMatrixCreateFromMat(x, rows, cols, std::numeric_limits<float>::quiet_NaN(), &handle_));
  }
  ~Data() { library_.XGDMatrixFree(handle_); }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;
  Handle handle() const { return handle_; }

 private:
  const Library& library_;
  Handle handle_ = nullptr;
};

class Booster {
 public:
  Booster(const Library& library, const Data* data) : library_(library) {
    const Handle handle = data ? data->handle() : nullptr;
    check(library, library.XGBoosterCreate(data ? &handle : nullptr, data ? 1 : 0, &handle_));
    try {
      set("nthread", "1");
    } catch (...) {
      library.XGBoosterFree(handle_);
      throw;
    }
  }
  ~Booster() { library_.XGBoosterFree(handle_); }
  Booster(const Booster&) = delete;
  Booster& operator=(const Booster&) = delete;
  void set(const char* name, const std::string& value) {
    check(library_, library_.XGBoosterSetParam(handle_, name, value.c_str()));
  }
  Handle handle() const { return handle_; }

 private:
  const Library& library_;
  Handle handle_ = nullptr;
};

std::string train_one(const Library& library, const float* x, const float* y, size_t rows, size_t cols,
                      const XgboostParameters& parameters, int rounds, uint32_t seed) {
  const Data data(library, x, rows, cols);
  check(library, library.XGDMatrixSetFloatInfo(data.handle(), "label", y, rows));
  Booster booster(library, &data);
  for (const auto& [name, value] : parameters) booster.set(name.c_str(), value);
  // Seeds are signed there.
  booster.set("seed", std::to_string(seed >> 1));
  for (int round = 0; round < rounds; ++round)
    check(library, library.XGBoosterUpdateOneIter(booster.handle(), round, data.handle()));
  Size length;
  const char* bytes;
  check(library, library.XGBoosterSaveModelToBuffer(booster.handle(), "{\"format\": \"ubj\"}", &length, &bytes));
  return std::string(bytes, length);
}

}  // namespace

std::string xgboost_version(const std::string& path) {
  int major, minor, patch;
  open_library(path).XGBoostVersion(&major, &minor, &patch);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::vector<std::string> train_xgboost(const std::string& path, const float* x, const float* y, size_t rows,
                                       size_t cols, const XgboostParameters& parameters, int rounds,
                                       std::span<const uint32_t> seeds, int threads) {
  const Library& library = open_library(path);
  std::vector<std::string> models(seeds.size());
  parallel_for(seeds.size(), threads, [&](size_t member) {
    models[member] = train_one(library, x, y, rows, cols, parameters, rounds, seeds[member]);
  });
  return models;
}

void predict_xgboost(const std::string& path, std::span<const std::string> models, const float* x, size_t rows,
                     size_t cols, int threads, float* out) {
  if (rows == 0) return;
  const Library& library = open_library(path);
  parallel_for(models.size(), threads, [&](size_t member) {
    const Data data(library, x, rows, cols);
    Booster booster(library, nullptr);
    const std::string& model = models[member];
    check(library, library.XGBoosterLoadModelFromBuffer(booster.handle(), model.data(), model.size()));
    const char* config =
        "{\"type\": 0, \"training\": false, \"iteration_begin\": 0, \"iteration_end\": 0, \"strict_shape\": false}";
    const Size* shape;
    Size dimensions;
    const float* found;
    check(library, library.XGBoosterPredictFromDMatrix(booster.handle(), data.handle(), config, &shape, &dimensions,
                                                       &found));
    if (dimensions == 0 || shape[0] != rows)
      throw Error("ERR_DATA", "expected one prediction per row from XGBoost, got another shape");
    std::copy_n(found, rows, out + member * rows);
  });
}

}  // namespace cole
