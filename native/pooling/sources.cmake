target_sources(cole_core PRIVATE native/pooling/pool.cpp)
