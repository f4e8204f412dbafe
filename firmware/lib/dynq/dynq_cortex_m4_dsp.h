/* The seam between the C and the assembly of the cortex_m4_dsp variant. Internal. */
#ifndef DYNQ_CORTEX_M4_DSP_H_
#define DYNQ_CORTEX_M4_DSP_H_

#include "dynq_frame.h"

/* What the column kernels take, loaded whole into s0-s14 (the assembly knows the order). */
typedef struct {
  float scale;            /* s0  sx */
  float product;          /* s1  P */
  float offset;           /* s2  ox */
  const int16_t *codes;   /* s3 */
  const int16_t *end;     /* s4  end of the codes */
  const int16_t *section; /* s5  end of the first section; later sections are full */
  int32_t correction;     /* s6  2^(b-1) * C: what the flipped fields lack */
  uint32_t skip;          /* s7  unrolled steps to skip on entry */
  const float *columns;   /* s8 */
  float *y;               /* s9 */
  uint32_t left;          /* s10 2 * columns + ReLU */
  uint32_t section_bytes; /* s11 2 bits only: bytes of a full section */
  uint32_t high; /* s12 bits of the largest and smallest output, kept for ReLU layers: there they order as integers */
  uint32_t low;  /* s13 */
  int32_t low_start; /* s14 2 bits only: start value of the low columns' sums */
  const void *weights;
} dynq_m4_job_t;

/* What the assembly addresses by number. */
_Static_assert(offsetof(dynq_m4_job_t, left) == 40 && offsetof(dynq_m4_job_t, section_bytes) == 44, "LEFT is s10");
_Static_assert(offsetof(dynq_m4_job_t, high) == 48 && offsetof(dynq_m4_job_t, low) == 52,
               "JOB_HIGH, and LOW behind it");
_Static_assert(offsetof(dynq_m4_job_t, low_start) == 56, "s14, the last one of the 15 that are loaded together");
_Static_assert(offsetof(dynq_m4_job_t, weights) == 60, "JOB_WEIGHTS");
_Static_assert(offsetof(dynq_frame_t, offset) == 4 && offsetof(dynq_frame_t, inverse) == 8, "dynq_m4_codes loads both");

/* All columns of a layer, in tiles of four; fills job->high and job->low. */
void dynq_m4_columns_w8(dynq_m4_job_t *job);
void dynq_m4_columns_w4(dynq_m4_job_t *job);
void dynq_m4_columns_w2(dynq_m4_job_t *job);

/* Codes of 8 * steps inputs as int16 in pair order; returns their sum. x is float, or without a frame int8. */
int32_t dynq_m4_codes(const void *x, int16_t *codes, uint32_t steps, const dynq_frame_t *frame);

#endif
