target_sources(cole_core PRIVATE native/tokenizer/bert.cpp native/tokenizer/bpe.cpp native/tokenizer/tokenizer.cpp
  native/tokenizer/unicode.cpp native/tokenizer/wordpiece.cpp)
