target_sources(cole_core PRIVATE native/pooling/gather.cpp native/pooling/pool.cpp)
