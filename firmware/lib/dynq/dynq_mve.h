/* What the kernels of the mve variant share, and the seam between its C and its assembly. Internal. */
#ifndef DYNQ_MVE_H_
#define DYNQ_MVE_H_

#include <arm_mve.h>

#include "dynq_history.h"

/* Steps and biases of words as floats. The instructions VCVTB.F32.F16 q2, q1 and VCVTT.F32.F16 q3, q1, by number:
 * binutils 2.40 doubles the numbers of their registers. */
static inline float32x4_t dynq_mve_halves(uint32x4_t words, float32x4_t *upper) {
  register uint32x4_t from __asm("q1") = words;
  register float32x4_t bottom __asm("q2");
  register float32x4_t top __asm("q3");
  __asm(".inst.w 0xfe3f4e03\n\t.inst.w 0xfe3f7e03" : "=&w"(bottom), "=&w"(top) : "w"(from));
  *upper = top;
  return bottom;
}

/* (unit * step) * (float)total + bias, as bits; a word holds step and bias. */
static inline int32x4_t dynq_mve_affine(float unit, uint32x4_t words, int32x4_t total) {
  float32x4_t bias;
  const float32x4_t step = dynq_mve_halves(words, &bias);
  return vreinterpretq_s32_f32(vaddq_f32(vmulq_f32(vmulq_n_f32(step, unit), vcvtq_f32_s32(total)), bias));
}

/* What the column kernels take, in the order in which the assembly loads it. */
typedef struct {
  int32_t start0; /* what a tile's sums start with, and what else its loop needs */
  const int8_t *codes;
  int32_t start1;
  int32_t start2;
  uint32_t steps;
  int32_t start3;
  int32_t start4;
  int32_t start5;
  int32_t start6;
  int32_t start7;
  int32_t zero;     /* z * 2^(15 - f) */
  int32_t code_sum; /* C * 2^7 */
  const float *end; /* of the outputs; the last word that goes to the stack */
  const void *weights;
  int32_t floor; /* bits of the least output */
  const uint32_t *columns;
  float *y;
  uint32_t skip; /* unrolled steps to skip on entry */
  float unit;    /* sx */
} dynq_mve_job_t;

_Static_assert(offsetof(dynq_mve_job_t, zero) == 40 && offsetof(dynq_mve_job_t, end) == 48, "ZERO_AND_CODE_SUM, END");
_Static_assert(offsetof(dynq_mve_job_t, weights) == 52, "STACK");

/* All columns of a layer, in tiles of eight. Returns the bits of the largest output where all are 0 or more. */
typedef uint32_t dynq_mve_columns_t(const dynq_mve_job_t *job);
dynq_mve_columns_t dynq_mve_columns_w8, dynq_mve_columns_w4, dynq_mve_columns_w2;

#endif
