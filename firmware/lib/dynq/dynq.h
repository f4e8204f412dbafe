/* dynq: fully-connected layers with column-wise quantized weights of 8, 4 or 2 bits and per-frame dynamic activations.
 *
 * One call runs one layer: frame quantization, integer dot products, affine correction, bias and ReLU. The arithmetic
 * is fixed to the last bit by docs/method.md; every variant returns the bits of the portable reference. No allocation,
 * no global state, nothing from libc but string.h. Not thread-safe only in so far as two calls must not share scratch.
 */
#ifndef DYNQ_H_
#define DYNQ_H_

#include <stddef.h>
#include <stdint.h>

#include "dynq_packing.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DYNQ_MAX_WIDTH 4096 /* inputs or outputs of a layer; the dot product is proved not to overflow up to here */

/* One layer. `weights` are packed for the variant this library was compiled as (dynq_variant()); `columns` holds the
 * per-column parameters in the same order. Both must be 4-byte aligned (16 for the Helium variant). */
typedef struct {
  const void *weights;
  const float *columns; /* scale, offset, column sum, bias of every column, tile by tile: see dynq_packing.h */
  uint16_t inputs;      /* K, 1..4096 */
  uint16_t outputs;     /* N, 1..4096 */
  uint8_t bits;         /* 8, 4 or 2 */
  uint8_t relu;         /* 0 or 1 */
} dynq_layer_t;

/* Smallest and largest value of a float vector. A layer fills it while it stores its output, so that the next layer
 * need not scan. For an invalid frame both are NaN. */
typedef struct {
  float low;
  float high;
} dynq_range_t;

/* Bytes of 4-byte aligned (Helium: 16) scratch that a layer with `inputs` inputs needs. For a static array there is the
 * macro DYNQ_SCRATCH_BYTES(inputs). */
size_t dynq_scratch_bytes(uint32_t inputs);

/* Bytes that a layer's weights and column parameters take in this variant's packing; 0 when it has no such layer. */
size_t dynq_weight_bytes(uint32_t inputs, uint32_t outputs, uint32_t bits);
size_t dynq_column_bytes(uint32_t outputs);

/* y[N] from float x[K]. `x_range`: range of x when the caller has it, NULL to scan. `y_range`: where to put the range
 * of y, or NULL. x and y must not overlap. */
void dynq_layer_f32(const dynq_layer_t *layer, const float *x, const dynq_range_t *x_range, float *y,
                    dynq_range_t *y_range, void *scratch);

/* y[N] from int8 x[K] that stands for scale * (x - zero_point); -128 reads as -127. */
void dynq_layer_s8(const dynq_layer_t *layer, const int8_t *x, float scale, int32_t zero_point, float *y,
                   dynq_range_t *y_range, void *scratch);

/* Name of the compiled variant: "reference", "scalar", "cortex_m4_dsp" or "mve". */
const char *dynq_variant(void);

#ifdef __cplusplus
}
#endif
#endif
