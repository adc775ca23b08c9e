// The Tokenizer class. An instance belongs to the thread that made it; nothing here is shared between environments.
#include "tokenizer/tokenizer.h"

#include <memory>

#include "base/huge_pages.h"
#include "bindings/args.h"
#include "bindings/exports.h"
#include "bindings/guard.h"

namespace cole::bindings {
namespace {

template <class T>
std::vector<T> copied(const Napi::Object& from, const char* name) {
  const auto view = array<T>(from.Get(name), name);
  return {view.begin(), view.end()};
}

std::string text(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  if (!value.IsString()) throw Error("ERR_OPTION", std::string("expected a string for ") + name);
  return value.As<Napi::String>().Utf8Value();
}

ByteStrings byte_strings(const Napi::Object& from, const char* bytes, const char* offsets) {
  ByteStrings out{copied<uint8_t>(from, bytes), copied<int32_t>(from, offsets)};
  bool fits = !out.offsets.empty() && out.offsets.front() == 0 &&
              static_cast<size_t>(out.offsets.back()) == out.bytes.size();
  for (size_t i = 1; fits && i < out.offsets.size(); ++i) fits = out.offsets[i] >= out.offsets[i - 1];
  if (!fits) {
    throw Error("ERR_SHAPE", std::string("expected ") + offsets + " to rise from 0 to the length of " + bytes);
  }
  return out;
}

std::vector<Step> steps(const Napi::Object& from, const char* name) {
  const std::string expected = std::string("expected an array of arrays of strings for ") + name;
  const Napi::Value value = from.Get(name);
  if (!value.IsArray()) throw Error("ERR_OPTION", expected);
  std::vector<Step> out;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value item = list[i];
    if (!item.IsArray() || item.As<Napi::Array>().Length() == 0) throw Error("ERR_OPTION", expected);
    Step step;
    const auto words = item.As<Napi::Array>();
    for (uint32_t k = 0; k < words.Length(); ++k) {
      const Napi::Value word = words[k];
      if (!word.IsString()) throw Error("ERR_OPTION", expected);
      step.words.push_back(word.As<Napi::String>().Utf8Value());
    }
    out.push_back(std::move(step));
  }
  return out;
}

void check_ids(const std::vector<int32_t>& ids, int64_t limit, const char* name) {
  for (const int32_t id : ids) {
    if (id < 0 || id >= limit) {
      throw Error("ERR_VOCAB", "expected ids from 0 to " + std::to_string(limit - 1) + " for " + name + ", got " +
                                   std::to_string(id));
    }
  }
}

TokenizerSpec read_spec(const Napi::Value& value) {
  if (!value.IsObject()) throw Error("ERR_OPTION", "expected an object for spec");
  const auto from = value.As<Napi::Object>();
  TokenizerSpec spec;
  spec.model = text(from, "model");
  spec.tokens = byte_strings(from, "tokenBytes", "tokenOffsets");
  spec.added.content = byte_strings(from, "addedBytes", "addedOffsets");
  spec.added.ids = copied<int32_t>(from, "addedIds");
  spec.added.flags = copied<uint8_t>(from, "addedFlags");
  const size_t added = spec.added.content.size();
  if (spec.added.ids.size() != added || spec.added.flags.size() != added) {
    throw Error("ERR_SHAPE", "expected " + std::to_string(added) + " elements for addedIds and addedFlags");
  }
  spec.normalizer = steps(from, "normalizer");
  spec.pre_tokenizer = steps(from, "preTokenizer");
  spec.prefix = copied<int32_t>(from, "prefix");
  spec.suffix = copied<int32_t>(from, "suffix");
  spec.merges = copied<int32_t>(from, "merges");
  spec.merge_ranks = copied<int32_t>(from, "mergeRanks");
  spec.byte_ids = copied<int32_t>(from, "byteIds");
  spec.fuse_unknown = boolean(from.Get("fuseUnknown"), "fuseUnknown");
  spec.ignore_merges = boolean(from.Get("ignoreMerges"), "ignoreMerges");
  spec.continuing_prefix = text(from, "continuingPrefix");
  spec.unknown = static_cast<int32_t>(integer(from.Get("unknownId"), "unknownId", -1, INT32_MAX));
  spec.max_word_chars = static_cast<int32_t>(integer(from.Get("maxWordChars"), "maxWordChars", 0, 1 << 20));

  if (spec.merges.size() % 3 != 0) {
    throw Error("ERR_SHAPE", "expected three ids per merge for merges, got " + std::to_string(spec.merges.size()));
  }
  const auto tokens = static_cast<int64_t>(spec.tokens.size());
  check_ids(spec.merges, tokens, "merges");
  const size_t merges = spec.merges.size() / 3;
  if (!spec.merge_ranks.empty() && spec.merge_ranks.size() != merges) {
    throw Error("ERR_SHAPE", "expected " + std::to_string(merges) + " elements or none for mergeRanks");
  }
  check_ids(spec.merge_ranks, static_cast<int64_t>(merges), "mergeRanks");
  if (!spec.byte_ids.empty() && spec.byte_ids.size() != 256) {
    throw Error("ERR_SHAPE", "expected 256 elements or none for byteIds, got " + std::to_string(spec.byte_ids.size()));
  }
  for (const int32_t id : spec.byte_ids) {
    if (id != -1) check_ids({id}, tokens, "byteIds");
  }
  check_ids(spec.added.ids, INT32_MAX, "addedIds");
  check_ids(spec.prefix, INT32_MAX, "prefix");
  check_ids(spec.suffix, INT32_MAX, "suffix");
  if (spec.model == "wordpiece" || spec.unknown >= 0) check_ids({spec.unknown}, tokens, "unknownId");
  return spec;
}

class TokenizerObject : public Napi::ObjectWrap<TokenizerObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Tokenizer",
                       {InstanceMethod<&TokenizerObject::encode_batch>("encodeBatch"),
                        InstanceAccessor<&TokenizerObject::vocabulary_size>("vocabularySize")});
  }

  // new Tokenizer(spec: NativeTokenizerSpec)
  explicit TokenizerObject(const Napi::CallbackInfo& call) : Napi::ObjectWrap<TokenizerObject>(call) {
    guard<&build>(call);
    Napi::MemoryManagement::AdjustExternalMemory(call.Env(), static_cast<int64_t>(tokenizer_->bytes()));
  }

  void Finalize(Napi::BasicEnv env) override {
    if (tokenizer_) {
      Napi::MemoryManagement::AdjustExternalMemory(env, -static_cast<int64_t>(tokenizer_->bytes()));
    }
  }

 private:
  static Napi::Value build(const Napi::CallbackInfo& call) {
    Unwrap(call.This().As<Napi::Object>())->tokenizer_ = std::make_unique<Tokenizer>(read_spec(call[0]));
    return call.Env().Undefined();
  }

  // encodeBatch(utf8: Uint8Array, offsets: Int32Array, addSpecialTokens: boolean, threads: number): NativeEncoded
  Napi::Value encode_batch(const Napi::CallbackInfo& call) { return guard<&encode>(call); }
  static Napi::Value encode(const Napi::CallbackInfo& call) {
    Tokenizer& tokenizer = *Unwrap(call.This().As<Napi::Object>())->tokenizer_;
    const auto utf8 = array<uint8_t>(call[0], "utf8");
    const auto offsets = array<int32_t>(call[1], "offsets");
    const bool special = boolean(call[2], "addSpecialTokens");
    const int threads = thread_count(call[3]);
    if (offsets.empty()) throw Error("ERR_SHAPE", "expected at least one element for offsets, got 0");
    auto ends = Napi::Int32Array::New(call.Env(), offsets.size());
    const size_t count = tokenizer.encode(utf8, offsets, special, threads, ends.Data() + 1);
    auto ids = Napi::Int32Array::New(call.Env(), count);
    prefer_huge_pages(ids.Data(), ids.ByteLength());
    tokenizer.copy_ids(ids.Data());
    auto out = Napi::Object::New(call.Env());
    out.Set("ids", ids);
    out.Set("offsets", ends);
    return out;
  }

  // vocabularySize: number
  Napi::Value vocabulary_size(const Napi::CallbackInfo& call) {
    return Napi::Number::New(call.Env(), static_cast<double>(tokenizer_->vocabulary_size()));
  }

  std::unique_ptr<Tokenizer> tokenizer_;
};

}  // namespace

void export_tokenizer(Napi::Env env, Napi::Object exports) { exports.Set("Tokenizer", TokenizerObject::define(env)); }

}  // namespace cole::bindings
