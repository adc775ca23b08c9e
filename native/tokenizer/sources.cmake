target_sources(cole_core PRIVATE native/tokenizer/bert.cpp native/tokenizer/bpe.cpp native/tokenizer/char_bpe.cpp
  native/tokenizer/long_text.cpp native/tokenizer/merges.cpp native/tokenizer/metaspace.cpp native/tokenizer/normalizer.cpp
  native/tokenizer/regex.cpp native/tokenizer/regex_cuts.cpp native/tokenizer/splitter.cpp native/tokenizer/tokenizer.cpp
  native/tokenizer/unicode.cpp native/tokenizer/wordpiece.cpp native/tokenizer/words.cpp)
