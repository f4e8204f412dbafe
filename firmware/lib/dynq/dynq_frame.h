/* What all variants share: how a frame is quantized, and the driver that calls one variant's kernels. Internal. */
#ifndef DYNQ_FRAME_H_
#define DYNQ_FRAME_H_

#include <string.h>

#include "dynq.h"

#define DYNQ_CODE_LIMIT 127
#define DYNQ_MIN_RANGE 0x1p-64f /* a frame with a smaller range is constant */
#define DYNQ_MAX_INPUT 0x1p64f  /* a frame that reaches this magnitude is invalid */
#define DYNQ_NAN_BITS 0x7fc00000u

/* x ~ offset + scale * code; code = round((x - offset) * inverse), clamped when `clamp` is set. */
typedef struct {
  float scale;
  float offset;
  float inverse;
  float largest;    /* largest magnitude in the frame; only the scalar variant asks */
  int32_t code_sum; /* C: filled once the codes are known */
  uint8_t clamp;
} dynq_frame_t;

static inline uint32_t dynq_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float dynq_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Order of floats as an order of integers, and back: the function is its own inverse. NaNs land beyond the infinities.
 */
static inline int32_t dynq_key(uint32_t bits) {
  return (int32_t)(bits ^ ((uint32_t)((int32_t)bits >> 31) >> 1));
}

/* Rounds half to even, |value| < 2^22: adding 1.5 * 2^23 leaves the integer in the low bits of the significand. */
static inline int32_t dynq_round(float value) {
  return (int32_t)(dynq_bits(value + 0x1.8p23f) - 0x4b400000u);
}

static inline int32_t dynq_clamp(int32_t code) {
  return code > DYNQ_CODE_LIMIT ? DYNQ_CODE_LIMIT : code < -DYNQ_CODE_LIMIT ? -DYNQ_CODE_LIMIT : code;
}

/* Exact smallest and largest of x[n]; at least one of the two is a NaN when x holds one. */
void dynq_scan(const float *x, uint32_t n, dynq_range_t *range);

/* Scale, offset and inverse of a frame of this range; 0 if the frame is invalid. A constant frame has scale and inverse
 * 0: so all its codes are 0. */
int dynq_frame_from_range(const dynq_range_t *range, dynq_frame_t *frame);

/* One output before ReLU, in the order of operations of docs/method.md. `product` is P = scale * code sum. */
static inline float dynq_affine(const dynq_frame_t *frame, float product, int32_t dot, float scale, float offset,
                                float column_sum, float bias) {
  float products = (frame->scale * scale) * (float)dot + offset * product;
  return products + (frame->offset * column_sum + bias);
}

/* y < 0 ? 0 : y on the bits. y is never -0 (a bias is not) and never a NaN here. */
static inline uint32_t dynq_relu(uint32_t bits) {
  return bits & ~(uint32_t)((int32_t)bits >> 31);
}

/* A variant is these two functions. The codes of a frame, written to scratch in the variant's own form; returns their
 * sum. x is float[K], or without a frame int8[K], the codes themselves. */
int32_t dynq_codes(const dynq_layer_t *layer, const void *x, const dynq_frame_t *frame, void *scratch);

/* All outputs from the codes in scratch; the range of y too when y_range is not NULL. */
void dynq_columns(const dynq_layer_t *layer, const dynq_frame_t *frame, const void *scratch, float *y,
                  dynq_range_t *y_range);

#endif
