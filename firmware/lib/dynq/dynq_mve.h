/* What the kernels of the mve variant share. Internal. */
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

#endif
