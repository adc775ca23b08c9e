target_sources(cole PRIVATE native/bindings/info.cpp)
target_sources(cole PRIVATE native/bindings/kernels.cpp native/bindings/pooling.cpp native/bindings/surrogate.cpp)
target_sources(cole PRIVATE native/bindings/tokenizer.cpp)
target_sources(cole PRIVATE native/bindings/heads.cpp native/bindings/perceiver.cpp)
