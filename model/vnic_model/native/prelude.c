/* Generated: a breadth-first explorer of one instance. The part in the middle is the instance, the rest is the same for all. */
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#if defined(__GNUC__)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define PREFETCH(p) __builtin_prefetch(p)
#else
#define UNLIKELY(x) (x)
#define PREFETCH(p) ((void)(p))
#endif

typedef uint64_t u64;
typedef uint32_t u32;
