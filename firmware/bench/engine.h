/* A network in an image of its own, to be measured: engine_dynq.c, engine_tflm.cc, or engine_none.c to see what the
 * image takes without one. */
#ifndef BENCH_ENGINE_H_
#define BENCH_ENGINE_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Prepares the network, in so many bytes of an arena where it needs one. Whether it can run. */
int engine_start(uint32_t arena_bytes);

/* One inference: `bytes` int8 of input, what the file asks for. Its outputs; NULL where it failed. */
const void *engine_run(const int8_t *input, uint32_t bytes);

#ifdef __cplusplus
}
#endif
#endif
