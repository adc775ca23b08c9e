target_sources(cole_core PRIVATE native/kernels/dispatch.cpp native/kernels/kernels.cpp native/kernels/gemm.cpp)

# The same source once per instruction set. These objects must not share inline functions with the rest of the programme:
# the linker keeps one copy of each, and might keep the one that needs AVX-512.
function(cole_kernels isa vector_bytes)
  add_library(cole_kernels_${isa} OBJECT native/kernels/isa_kernels.cpp)
  target_include_directories(cole_kernels_${isa} PRIVATE native)
  target_compile_definitions(cole_kernels_${isa} PRIVATE COLE_KERNELS=kernels_${isa} COLE_VECTOR_BYTES=${vector_bytes})
  target_compile_options(cole_kernels_${isa} PRIVATE -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math -Wall -Wextra ${ARGN})
  target_sources(cole_core PRIVATE $<TARGET_OBJECTS:cole_kernels_${isa}>)
endfunction()
cole_kernels(baseline 16)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  cole_kernels(avx2 32 -mavx2 -mfma -mf16c)
  cole_kernels(avx512 64 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma -mf16c -mprefer-vector-width=512)
endif()
