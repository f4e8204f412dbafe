/* The few float operations of docs/method.md on cores without an FPU: to the bit, but on operands that stay unpacked
 * from one operation to the next. Internal. */
#ifndef DYNQ_SOFT_H_
#define DYNQ_SOFT_H_

#include "dynq_float.h"

/* A positive number of at most 11 significant bits, or 0: what a column's step is multiplied by. */
typedef struct {
  uint32_t significand; /* 2^10 .. 2^11 - 1; 0 where the exponent is: then totals are 0 as well */
  uint32_t exponent;    /* the binary32's */
} dynq_unit_t;

static inline dynq_unit_t dynq_unit(float value) {
  const uint32_t bits = dynq_bits(value);
  return (dynq_unit_t){(bits >> 13 & 0x3ffu) | 0x400u, bits >> 23};
}

/* y = (unit * step) * (float)total + bias, as bits, of `count` columns; a word holds step and bias. */
void dynq_soft_outputs(const dynq_unit_t *unit, const uint32_t *words, const int32_t *totals, uint32_t count,
                       uint32_t relu, uint32_t *y);

/* rint(|x| * 2^-exponent), less than 2^12: a shift by 20 or more, ties to even. x is not subnormal. */
static inline uint32_t dynq_soft_rint(uint32_t x, int32_t exponent) {
  const uint32_t by = (uint32_t)(exponent + 158) - (x >> 23 & 255u);
  if (by > 32u) {
    return 0;
  }
  const uint32_t significand = x << 8 | 0x80000000u, doubled = significand >> (by - 1u);
  const uint32_t rest = significand << (33u - by); /* below the half */
  return (doubled + (rest != 0 || (doubled & 2u) != 0)) >> 1;
}

/* |a * b|, as bits, of normal numbers, or of an a that is 0 or subnormal; 0 where it would be subnormal. */
uint32_t dynq_soft_multiply(uint32_t a, uint32_t b);

/* a + b, as bits, of numbers that are normal or +0, or of which one is DYNQ_NAN_BITS. The sum must not be subnormal. */
uint32_t dynq_soft_add(uint32_t a, uint32_t b);

#endif
