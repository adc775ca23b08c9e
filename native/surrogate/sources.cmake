target_sources(cole_core PRIVATE native/surrogate/mlp.cpp native/surrogate/losses.cpp native/surrogate/train.cpp
               native/surrogate/eigen.cpp native/surrogate/pca.cpp)
