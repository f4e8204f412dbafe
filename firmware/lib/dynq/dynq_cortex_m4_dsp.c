/* Cortex-M4, M7 and M33: Armv7E-M / Armv8-M Main with DSP and single-precision FPU. The loops are in the .S files
 * beside this. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_CORTEX_M4_DSP)
#include "dynq_cortex_m4_dsp.h"

/* A section is what one pass may sum before the top field of a lane leaves 32 bits:
 *   8 bits   256 * 128 * 128 * 448 < 2^31       4 bits   4096 * 8 * 128 * 448 < 2^31     -> 56 steps of 8 inputs
 *   2 bits   2^14 * 2 * 128 * 480 < 2^31                                                 -> 12 blocks of at most 40
 * inputs */
#define UNROLLED_STEPS 8u
#define SECTION_STEPS 56u /* a multiple of the unrolled ones */
#define SECTION_BLOCKS 12u

/* 2 bits: the low column of a pair has 14 bits. With q - 1.5 in place of q its sum over a block of 40 stays within
 * 1.5 * 128 * 40 = 7680 of the middle, so each block starts at the middle less 1.5 times its code sum. */
#define LOW_MIDDLE 8192

const char *dynq_variant(void) {
  return "cortex_m4_dsp";
}

void dynq_m4_range(uint8_t relu, uint32_t high, uint32_t count, dynq_signal_t *output) {
  const uint32_t *y = output->values;
  for (uint32_t j = 0; relu && j < count; j++) {
    if (y[j] == 0) {
      output->range = (dynq_range_t){0.0f, dynq_float(high)};
      return;
    }
  }
  dynq_scan(output->values, count, &output->range);
}

/* Codes of `inputs` inputs, padded with zeros up to `steps` steps. Without a frame, x is int8. */
static inline int32_t expand(const void *x, uint32_t inputs, int16_t *codes, uint32_t steps,
                             const dynq_m4_rounding_t *rounding) {
  int32_t sum = dynq_m4_codes(x, codes, inputs / 8u, rounding);
  const uint32_t rest = inputs % 8u;
  if (rest != 0) { /* padding has the code 0 */
    const uint32_t element = rounding == NULL ? sizeof(int8_t) : sizeof(float);
    const float zero = rounding == NULL ? 0.0f : (DYNQ_ROUNDER - rounding->rounder) * rounding->step;
    float tail[8] = {zero, zero, zero, zero, zero, zero, zero, zero};
    memcpy(tail, (const uint8_t *)x + (inputs - rest) * element, rest * element);
    sum += dynq_m4_codes(tail, codes + (inputs - rest), 1, rounding);
  }
  for (uint32_t step = (inputs + 7u) / 8u; step < steps; step++) {
    memset(codes + 8u * step, 0, 16);
  }
  return sum;
}

static const dynq_m4_rounding_t *rounding_of(const dynq_frame_t *frame, dynq_m4_rounding_t *rounding) {
  if (frame == NULL) {
    return NULL;
  }
  *rounding = (dynq_m4_rounding_t){frame->inverse, DYNQ_ROUNDER - (float)frame->zero, frame->step};
  return rounding;
}

static inline int32_t codes(const dynq_dense_t *layer, const void *x, const dynq_frame_t *frame, void *scratch) {
  dynq_m4_rounding_t rounding;
  return expand(x, layer->inputs, scratch, 0, rounding_of(frame, &rounding));
}

/* 2 bits: block by block, each behind its start word. */
static int32_t codes_w2(const dynq_dense_t *layer, const void *x, const dynq_frame_t *frame, void *scratch) {
  const uint32_t steps = DYNQ_M4_W2_STEPS(layer->inputs), element = frame == NULL ? sizeof(int8_t) : sizeof(float);
  dynq_m4_rounding_t rounding;
  const dynq_m4_rounding_t *how = rounding_of(frame, &rounding);
  int32_t *block = scratch, sum = 0;
  for (uint32_t left = layer->inputs; left > 0;) {
    const uint32_t count = left < 8u * steps ? left : 8u * steps;
    const int32_t block_sum = expand(x, count, (int16_t *)(block + 1), steps, how);
    *block = LOW_MIDDLE - ((3 * block_sum) >> 1);
    sum += block_sum;
    left -= count;
    x = (const uint8_t *)x + count * element;
    block += 4u * steps + 1u;
  }
  return sum;
}

/* A layer's columns by one of the kernels. */
static inline void run(void (*kernel)(dynq_m4_job_t *), dynq_m4_job_t *job, const dynq_dense_t *layer,
                       const dynq_frame_t *frame, const void *scratch, dynq_signal_t *output) {
  float *y = output->values, *rest = y + (layer->outputs & ~3u);
  const int whole = layer->outputs >= 4u;
  const float *end = whole ? rest : job->rest + 4;
  job->unit = frame->step;
  job->columns = layer->columns;
  job->y = whole ? y : job->rest;
  job->code_sum = frame->code_sum * 256;
  job->relu_end = layer->relu ? end : NULL;
  job->high = layer->relu ? 0 : (uintptr_t)end;
  job->codes = scratch;
  job->weights = layer->weights;
  job->rest_y = rest;
  job->y_end = y + layer->outputs;
  kernel(job);
  if (output->ranged) {
    dynq_m4_range(layer->relu, job->largest, layer->outputs, output);
  }
}

/* Where sections end, in codes of `units` steps or blocks; `most` of them make a section. */
static void sections(dynq_m4_job_t *job, uintptr_t codes, uint32_t units, uint32_t unit_bytes, uint32_t most) {
  job->section = job->end = codes + units * unit_bytes;
  if (units > most) {
    job->section_bytes = most * unit_bytes;
    job->section = codes + ((units - 1u) % most + 1u) * unit_bytes - 1u;
    job->first_section = job->section;
  }
}

static void sections_of_steps(dynq_m4_job_t *job, const void *codes, uint32_t inputs) {
  const uint32_t steps = DYNQ_M4_STEPS(inputs);
  sections(job, (uintptr_t)codes, steps, 16u, SECTION_STEPS);
  job->skip = -steps % UNROLLED_STEPS; /* all sections but the first are a multiple */
}

static void columns_w8(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,
                       dynq_signal_t *output) {
  dynq_m4_job_t job;
  sections_of_steps(&job, scratch, layer->inputs);
  job.zero = frame->zero * 0x10000;
  job.start[0] = job.start[1] = job.start[2] = job.start[3] = -128 * frame->code_sum;
  run(dynq_m4_columns_w8, &job, layer, frame, scratch, output);
}

static void columns_w4(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,
                       dynq_signal_t *output) {
  dynq_m4_job_t job;
  sections_of_steps(&job, scratch, layer->inputs);
  job.zero = frame->zero * (0x10000 >> DYNQ_SUM_SHIFT(4));
  job.start[0] = -8 * frame->code_sum;
  job.start[1] = -8 * 17 * frame->code_sum;
  job.start[2] = job.start[3] = -8 * 273 * frame->code_sum;
  run(dynq_m4_columns_w4, &job, layer, frame, scratch, output);
}

static void columns_w2(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,
                       dynq_signal_t *output) {
  const uint32_t blocks = DYNQ_M4_W2_BLOCKS(layer->inputs), steps = DYNQ_M4_W2_STEPS(layer->inputs);
  const int32_t *block = scratch; /* its start word */
  int32_t low = -2 * frame->code_sum;
  dynq_m4_job_t job;
  sections(&job, (uintptr_t)scratch, blocks, 16u * steps + 4u, SECTION_BLOCKS);
  job.skip = DYNQ_M4_W2_MAX_STEPS - steps;
  job.zero = frame->zero * (0x10000 >> DYNQ_SUM_SHIFT(2));
  job.start[1] = job.start[3] = *block;
  for (uint32_t i = 0; i < blocks; i++, block += 4u * steps + 1u) {
    low -= *block;
  }
  job.start[0] = job.start[2] = low;
  run(dynq_m4_columns_w2, &job, layer, frame, (const int32_t *)scratch + 1, output);
}

DYNQ_DENSE(8, codes, columns_w8)
DYNQ_DENSE(4, codes, columns_w4)
DYNQ_DENSE(2, codes_w2, columns_w2)
#endif
