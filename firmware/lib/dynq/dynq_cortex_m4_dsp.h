/* The seam between the C and the assembly of the cortex_m4_dsp variant. Internal. */
#ifndef DYNQ_CORTEX_M4_DSP_H_
#define DYNQ_CORTEX_M4_DSP_H_

#include "dynq_history.h"

/* What the column kernels take (the assembly knows the order; up to `section` it is loaded whole into s0-s14). */
typedef struct {
  float unit;              /* s0  sx */
  uint32_t unused;         /* s1  2 bits: where a block's steps are entered */
  const uint32_t *columns; /* s2 */
  float *y;                /* s3 */
  int32_t zero;            /* s4  z * 2^(16 - f): SMLAWB takes 16 bits off */
  int32_t code_sum;        /* s5  C * 2^8, for SMLAWT */
  const float *relu_end;   /* s6  with ReLU, the end of whole tiles' outputs */
  uintptr_t high;   /* s7  with ReLU, bits of the largest output so far, which there order as integers; else that end */
  int32_t start[4]; /* s8-s11 what the sums start with */
  const int16_t *codes; /* s12 */
  uint32_t skip;        /* s13 unrolled steps to skip on entry; then where a tile is entered */
  uintptr_t section;    /* s14 end of the codes; where there are several sections, of the first one, less 1 */
  const void *weights;
  uintptr_t first_section; /* the same as `section` */
  uintptr_t end;           /* of the codes */
  uint32_t section_bytes;  /* of a full section */
  uint32_t steps;          /* used by the assembly */
  float *rest_y;           /* where the outputs of fewer than four columns go */
  const float *y_end;
  uint32_t largest; /* in the end, `high` */
  float rest[4];    /* outputs of fewer than four columns */
} dynq_m4_job_t;

/* What the assembly addresses by number. */
_Static_assert(offsetof(dynq_m4_job_t, columns) == 8 && offsetof(dynq_m4_job_t, zero) == 16, "s2, s4");
_Static_assert(offsetof(dynq_m4_job_t, relu_end) == 24 && offsetof(dynq_m4_job_t, start) == 32, "s6, s8");
_Static_assert(offsetof(dynq_m4_job_t, codes) == 48 && offsetof(dynq_m4_job_t, section) == 56, "s12, s14");
_Static_assert(offsetof(dynq_m4_job_t, weights) == 60 && offsetof(dynq_m4_job_t, first_section) == 64, "JOB_WEIGHTS");
_Static_assert(offsetof(dynq_m4_job_t, end) == 68 && offsetof(dynq_m4_job_t, section_bytes) == 72, "JOB_END");
_Static_assert(offsetof(dynq_m4_job_t, steps) == 76 && offsetof(dynq_m4_job_t, rest_y) == 80, "JOB_STEPS");
_Static_assert(offsetof(dynq_m4_job_t, y_end) == 84 && offsetof(dynq_m4_job_t, largest) == 88, "JOB_HIGH");
_Static_assert(offsetof(dynq_m4_job_t, rest) == 92, "JOB_REST");

/* All columns of a layer, in tiles of four; fills job->high. */
void dynq_m4_columns_w8(dynq_m4_job_t *job);
void dynq_m4_columns_w4(dynq_m4_job_t *job);
void dynq_m4_columns_w2(dynq_m4_job_t *job);

/* x = (rounder - 1.5 * 2^23 + code) / inverse */
typedef struct {
  float inverse;
  float rounder;
  float step; /* 1 / inverse */
} dynq_m4_rounding_t;

/* Codes of 8 * steps inputs as int16 in pair order; returns their sum. x is float, or without a rounding int8. */
int32_t dynq_m4_codes(const void *x, int16_t *codes, uint32_t steps, const dynq_m4_rounding_t *rounding);

/* Codes of n floats, a multiple of 4, as bytes. */
void dynq_m4_history_codes(const float *x, uint32_t n, uint8_t *codes, const dynq_m4_rounding_t *rounding);

/* What the kernels over a window take (the assembly knows the order). */
typedef struct {
  const dynq_past_t *frames;
  const int8_t *taps;
  const dynq_past_t *end; /* of the frames */
  const uint32_t *parameters;
  float *y;
  uint32_t channels;
  float unit;
  uint32_t skip; /* unrolled frames to skip on entry */
} dynq_m4_window_t;

_Static_assert(sizeof(dynq_past_t) == 12 && offsetof(dynq_past_t, shift) == 4 && offsetof(dynq_past_t, zero) == 8,
               "a frame is three words");
_Static_assert(offsetof(dynq_m4_window_t, end) == 8 && offsetof(dynq_m4_window_t, y) == 16, "loaded in order");
_Static_assert(offsetof(dynq_m4_window_t, unit) == 24 && offsetof(dynq_m4_window_t, skip) == 28, "loaded in order");

/* Sums of a window as floats; the second of each pair where some frame has a zero, held in both halves of the word. */
void dynq_m4_filter(const dynq_m4_window_t *job);
void dynq_m4_filter_zeros(const dynq_m4_window_t *job);
void dynq_m4_mean(const dynq_m4_window_t *job);
void dynq_m4_mean_zeros(const dynq_m4_window_t *job);

/* Finds the range of a layer's output. After ReLU the bits of its largest value are known, and a 0 is mostly soon
 * found.
 */
void dynq_m4_range(uint8_t relu, uint32_t high, uint32_t count, dynq_signal_t *output);

/* y = a + b, n of them; with relu returns the bits of the largest. */
uint32_t dynq_m4_add(const float *a, const float *b, float *y, uint32_t n);
uint32_t dynq_m4_add_relu(const float *a, const float *b, float *y, uint32_t n);

#endif
