/* dynq: layers of networks with column-wise quantized weights of 8, 4 or 2 bits and activations quantized frame by
 * frame.
 *
 * One call runs one step of one layer. The arithmetic is fixed to the last bit by docs/method.md; every variant returns
 * the bits of the portable reference. No allocation, no global state, nothing from libc but string.h. Not thread-safe
 * only in so far as two calls must not share state, scratch or output. */
#ifndef DYNQ_H_
#define DYNQ_H_

#include <stddef.h>
#include <stdint.h>

#include "dynq_packing.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DYNQ_MAX_WIDTH 4096        /* inputs or outputs of a layer; no sum is too large up to here */
#define DYNQ_MAX_TAPS 256          /* taps of a filter, frames of a mean */
#define DYNQ_MAX_STATE_BYTES 65535 /* that one layer keeps */

/* Smallest and largest value of a float vector; for an invalid one both are NaN. */
typedef struct {
  float low;
  float high;
} dynq_range_t;

/* Exact smallest and largest of x[n]; at least one of the two is a NaN when x holds one. */
void dynq_scan(const float *x, uint32_t n, dynq_range_t *range);

/* Bytes of packed data and of states, so that a loader can check what a file says before a kernel reads it; 0 when this
 * variant has no such layer. */
size_t dynq_weight_bytes(uint32_t inputs, uint32_t outputs, uint32_t bits);
size_t dynq_column_bytes(uint32_t outputs);
size_t dynq_tap_bytes(uint32_t channels, uint32_t taps);
size_t dynq_filter_parameter_bytes(uint32_t channels);
size_t dynq_filter_state_bytes(uint32_t channels, uint32_t taps, uint32_t dilation);
size_t dynq_mean_state_bytes(uint32_t channels, uint32_t frames);

/* Bytes of scratch and state; constant expressions where their arguments are. */
#define DYNQ_DENSE_SCRATCH_BYTES(inputs) DYNQ_CODE_BYTES(inputs)
/* of a filter with that many taps, or of a mean */
#define DYNQ_WINDOW_SCRATCH_BYTES(frames) ((uint32_t)(sizeof(void *) + 8u) * (frames))
#define DYNQ_FILTER_STATE_BYTES(channels, taps, dilation)                                                              \
  DYNQ_HISTORY_BYTES(channels, ((uint32_t)(taps) - 1u) * (dilation) + 1u)
#define DYNQ_MEAN_STATE_BYTES(channels, frames) DYNQ_HISTORY_BYTES(channels, frames)

#ifdef __cplusplus
}
#endif
#endif
