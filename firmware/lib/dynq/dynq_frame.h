/* How a dense layer's input is quantized, and what a variant's dense kernels are. Internal. */
#ifndef DYNQ_FRAME_H_
#define DYNQ_FRAME_H_

#include "dynq_float.h"

/* x ~ step * (code + zero). */
typedef struct {
  float step;
  float inverse; /* of the step; 0 for a zero frame */
  int32_t zero;
  int32_t code_sum; /* C: filled once the codes are known */
} dynq_frame_t;

/* Adding this rounds half to even and leaves the integer in the low bits of the significand. */
#define DYNQ_ROUNDER 0x1.8p23f
#define DYNQ_ROUNDER_BITS 0x4b400000u

/* Rounds half to even, |value| < 2^22. */
static inline int32_t dynq_round(float value) {
  return (int32_t)(dynq_bits(value + DYNQ_ROUNDER) - DYNQ_ROUNDER_BITS);
}

/* x's code where `rounder` is DYNQ_ROUNDER - zero. */
static inline int32_t dynq_code(float x, float inverse, float rounder) {
  return (int32_t)(dynq_bits(x * inverse + rounder) - DYNQ_ROUNDER_BITS);
}

/* Step, inverse and zero of a frame of this range; 0 if the frame is invalid. */
int dynq_frame_from_range(const dynq_range_t *range, dynq_frame_t *frame);

/* V of a column whose codes were counted from 0: `word` holds R and L, `shift` is f. (C >> 8) L + ((C & 255) L >> 8) is
 * C L >> 8 within 32 bits. */
static inline int32_t dynq_total(int32_t dot, const dynq_frame_t *frame, uint32_t word, uint32_t shift) {
  const int32_t sum = (int16_t)word, offset = (int16_t)(word >> 16), codes = frame->code_sum;
  return dot + ((frame->zero * sum) >> shift) + (codes >> 8) * offset + (((codes & 255) * offset) >> 8);
}

#define DYNQ_SUM_SHIFT(bits) ((8u - (bits)) / 2u) /* f */

/* One output before ReLU; `word` holds step and bias. */
static inline float dynq_affine(float unit, uint32_t word, int32_t total) {
  return (unit * dynq_float(dynq_half_bits(word & 0xffffu))) * (float)total + dynq_float(dynq_half_bits(word >> 16));
}

/* The codes of a vector, written to scratch in a variant's own form; returns their sum. x is float[K], or without a
 * frame int8[K], the codes themselves. */
typedef int32_t dynq_find_codes_t(const dynq_dense_t *layer, const void *x, const dynq_frame_t *frame, void *scratch);

/* All outputs from the codes in scratch; their range too where it is asked for. */
typedef void dynq_columns_t(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,
                            dynq_signal_t *output);

static inline __attribute__((always_inline)) void dynq_dense(const dynq_dense_t *layer, const dynq_signal_t *input,
                                                             dynq_signal_t *output, void *scratch,
                                                             dynq_find_codes_t *find_codes, dynq_columns_t *columns) {
  dynq_frame_t frame;
  if (input->is_codes) {
    frame.step = input->codes.scale;
    frame.zero = -input->codes.zero_point;
    frame.code_sum = find_codes(layer, input->values, NULL, scratch);
  } else {
    if (!dynq_frame_from_range(&input->range, &frame)) {
      dynq_invalid(output, layer->outputs);
      return;
    }
    frame.code_sum = find_codes(layer, input->values, &frame, scratch);
  }
  columns(layer, &frame, scratch, output);
}

/* A variant defines each width by its two kernels: functions of their own, so that a linker leaves out the widths that
 * no layer has. */
#define DYNQ_DENSE(bits, find_codes, columns)                                                                          \
  void dynq_dense_w##bits(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,  \
                          void *scratch) {                                                                             \
    (void)state;                                                                                                       \
    dynq_dense(layer, inputs[0], output, scratch, find_codes, columns);                                                \
  }

#endif
