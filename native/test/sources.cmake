target_sources(cole_test PRIVATE native/test/main.cpp native/test/ascii_masks_test.cpp native/test/cuts_test.cpp native/test/kernels_test.cpp native/test/losses_test.cpp
               native/test/heads_test.cpp native/test/mlp_test.cpp native/test/pca_test.cpp native/test/pooling_test.cpp
               native/test/tokenizer_test.cpp native/test/word_starts_test.cpp)
target_compile_options(cole_test PRIVATE -Wall -Wextra)
