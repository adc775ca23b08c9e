target_sources(cole_core PRIVATE native/kernels/dispatch.cpp)
