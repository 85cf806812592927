// The language of kernels: CUDA, or C where tests run them without a GPU. A kernel takes one struct by value, whose twin in
// Rust is in arguments.rs, and is a loop over the values it writes. Any number of threads does the same work: none needs
// another's result, so that the C of the tests may run them one after the other. Counts are below 2^31.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

#ifdef __CUDACC__
#define KERNEL extern "C" __global__ void
#define INLINE static __device__ __forceinline__
#define EACH(i, count) for (u32 i = blockIdx.x * blockDim.x + threadIdx.x; i < (count); i += gridDim.x * blockDim.x)
#define UNROLLED _Pragma("unroll")
#define ONES(bits) __popcll(bits)
#define LOWEST(bits) (__ffsll(bits) - 1)
#else
#include <math.h>
// The thread that runs, of so many.
static __thread u32 thread = 0, threads = 1;
void be_thread(u32 one, u32 of) {
    thread = one;
    threads = of;
}
#define KERNEL void
#define INLINE static inline
#define EACH(i, count) for (u32 i = thread; i < (count); i += threads)
#define UNROLLED
#define ONES(bits) __builtin_popcountll(bits)
#define LOWEST(bits) __builtin_ctzll(bits)
#endif
