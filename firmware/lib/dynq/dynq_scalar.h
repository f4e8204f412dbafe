/* The seam between the parts of the scalar variant. Internal. */
#ifndef DYNQ_SCALAR_H_
#define DYNQ_SCALAR_H_

#include "dynq_frame.h"

#define DYNQ_SCALAR_TILES 2u /* that are summed together at most */

/* At 8 bits codes count from 0 as well: a product of bytes needs no sign. */
#define DYNQ_SCALAR_CODE_BIAS(bits) ((bits) == 8 ? 128 : 0)

/* Dot products of codes, int8 or at 8 bits uint8, 16-byte aligned and padded with zeros to a multiple of 16, with the
 * columns of the next tile, or of the next two where there are `tiles` of them. Returns how many. Fields count from 0.
 */
typedef uint32_t dynq_scalar_dots_t(const void *codes, const void *weights, uint32_t inputs, uint32_t tiles,
                                    int32_t *dots);

dynq_scalar_dots_t dynq_scalar_dots_w8, dynq_scalar_dots_w4, dynq_scalar_dots_w2;

/* Positions of values in a frame are found in fixed point with FRACTION bits, and miss by less than ERROR, the rounding
 * of the float product included: where a tie is as near as that, the exact code decides. */
#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB == 1
/* significands of 16 bits: |position| < 288, and less than 2^-15 of it is lost twice */
#define DYNQ_SCALAR_FRACTION 14
#define DYNQ_SCALAR_ERROR 292
#else
#define DYNQ_SCALAR_FRACTION 16
#define DYNQ_SCALAR_ERROR 4
#endif

typedef struct {
  uint32_t factor;  /* significand of 1 / step, its top bit set */
  uint32_t shift;   /* position * 2^FRACTION = product of the significands' upper halves >> (shift - exponent of x) */
  int32_t added;    /* (1/2 - zero) * 2^FRACTION + ERROR */
  uint32_t inverse; /* of the step, a float's bits, */
  int32_t zero;     /* for the exact code */
} dynq_scalar_rounding_t;

/* The assembly knows where they are. */
_Static_assert(offsetof(dynq_scalar_rounding_t, shift) == 4 && offsetof(dynq_scalar_rounding_t, added) == 8,
               "factor..");

/* Codes of x[inputs]; returns their sum. */
int32_t dynq_scalar_codes(int8_t *codes, const float *x, uint32_t inputs, const dynq_scalar_rounding_t *rounding);

/* The code of a float, by its exact product. */
int32_t dynq_scalar_exact_code(uint32_t bits, const dynq_scalar_rounding_t *rounding);

#endif
