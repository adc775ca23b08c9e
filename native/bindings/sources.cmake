target_sources(cole PRIVATE native/bindings/info.cpp)
