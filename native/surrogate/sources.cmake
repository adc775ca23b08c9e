target_sources(cole_core PRIVATE native/surrogate/mlp.cpp native/surrogate/losses.cpp native/surrogate/train.cpp
               native/surrogate/eigen.cpp native/surrogate/tridiagonal.cpp native/surrogate/products.cpp
               native/surrogate/float_errors.cpp native/surrogate/pca.cpp)
target_sources(cole_core PRIVATE native/surrogate/cholesky.cpp native/surrogate/gp.cpp native/surrogate/xgboost.cpp
               native/surrogate/perceiver.cpp native/surrogate/perceiver_train.cpp)
target_link_libraries(cole_core PUBLIC ${CMAKE_DL_LIBS})
