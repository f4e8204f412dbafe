/* Cortex-M4, M7 and M33: Armv7E-M / Armv8-M Main with DSP and single-precision FPU. The loops are in the .S beside
 * this. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_CORTEX_M4_DSP)
#include "dynq_cortex_m4_dsp.h"
#include "dynq_packing.h"

/* A section is what one pass may sum before the top field of a lane leaves 32 bits:
 *   8 bits   256 * 128 * 127 * 480 < 2^31       4 bits   4096 * 8 * 127 * 480 < 2^31     -> 60 steps of 8 inputs
 *   2 bits   2^14 * 2 * 127 * 480 < 2^31                                                 -> 12 blocks of at most 40
 * inputs
 */
#define SECTION_STEPS 60u /* a multiple of the unrolled ones */
#define SECTION_BLOCKS 12u
#define UNROLLED_STEPS 5u

/* 2 bits: the low column of a pair has 14 bits. With q - 1.5 in place of q its sum over a block of 40 stays within
 * 1.5 * 127 * 40 = 7620 of the middle, so each block starts at the middle less 1.5 times its code sum. */
#define LOW_MIDDLE 8192

const char *dynq_variant(void) {
  return "cortex_m4_dsp";
}

/* scratch: int16 codes, K padded to 8; at 2 bits a start word before every block and K padded to whole blocks */
size_t dynq_scratch_bytes(uint32_t inputs) {
  return DYNQ_SCRATCH_BYTES(inputs);
}

static __attribute__((noinline)) int32_t clamp_codes(int16_t *codes, uint32_t count) {
  int32_t sum = 0;
  for (; count > 0; count--, codes++) {
    *codes = (int16_t)dynq_clamp(*codes);
    sum += *codes;
  }
  return sum;
}

/* Codes of `steps` steps of which `inputs` inputs are real; the rest are zeros. Without a frame, x is int8. */
static __attribute__((noinline)) int32_t expand(const void *x, uint32_t inputs, int16_t *codes, uint32_t steps,
                                                const dynq_frame_t *frame) {
  const uint32_t whole = inputs & ~7u, element = frame == NULL ? sizeof(int8_t) : sizeof(float);
  int32_t sum = dynq_m4_codes(x, codes, whole / 8u, frame);
  memset(codes + whole, 0, 2u * (8u * steps - whole));
  if (inputs > whole) {
    const float padding = frame == NULL ? 0.0f : frame->offset; /* its code is 0 */
    float tail[8] = {padding, padding, padding, padding, padding, padding, padding, padding};
    memcpy(tail, (const uint8_t *)x + whole * element, (inputs - whole) * element);
    sum += dynq_m4_codes(tail, codes + whole, 1, frame);
  }
  return frame != NULL && frame->clamp ? clamp_codes(codes, 8u * steps) : sum;
}

/* The same at 2 bits: block by block, each behind its start word. */
static __attribute__((noinline)) int32_t expand_w2(const void *x, uint32_t inputs, int16_t *codes,
                                                   const dynq_frame_t *frame) {
  const uint32_t steps = DYNQ_M4_W2_STEPS(inputs), element = frame == NULL ? sizeof(int8_t) : sizeof(float);
  int32_t sum = 0;
  for (uint32_t block = DYNQ_M4_W2_BLOCKS(inputs); block > 0; block--) {
    const uint32_t count = inputs < 8u * steps ? inputs : 8u * steps;
    const int32_t block_sum = expand(x, count, codes + 2, steps, frame);
    const int32_t start = LOW_MIDDLE - ((3 * block_sum) >> 1);
    memcpy(codes, &start, sizeof start);
    sum += block_sum;
    inputs -= count;
    x = (const uint8_t *)x + count * element;
    codes += 8u * steps + 2u;
  }
  return sum;
}

int32_t dynq_codes(const dynq_layer_t *layer, const void *x, const dynq_frame_t *frame, void *scratch) {
  return layer->bits == 2 ? expand_w2(x, layer->inputs, scratch, frame)
                          : expand(x, layer->inputs, scratch, DYNQ_M4_STEPS(layer->inputs), frame);
}

static __attribute__((noinline)) void run_w2(dynq_m4_job_t *job, uint32_t inputs) {
  const uint32_t blocks = DYNQ_M4_W2_BLOCKS(inputs), stride = 8u * DYNQ_M4_W2_STEPS(inputs) + 2u;
  job->skip = DYNQ_M4_W2_MAX_STEPS - DYNQ_M4_W2_STEPS(inputs);
  job->end = job->codes + blocks * stride;
  job->section = job->codes + ((blocks - 1u) % SECTION_BLOCKS + 1u) * stride;
  job->section_bytes = SECTION_BLOCKS * stride * sizeof *job->codes;
  for (const int16_t *block = job->codes; block < job->end; block += stride) {
    int32_t start;
    memcpy(&start, block, sizeof start);
    job->low_start -= start;
  }
  dynq_m4_columns_w2(job);
}

void dynq_columns(const dynq_layer_t *layer, const dynq_frame_t *frame, const void *scratch, float *y,
                  dynq_range_t *y_range) {
  const uint32_t steps = DYNQ_M4_STEPS(layer->inputs);
  dynq_m4_job_t job;
  job.scale = frame->scale;
  job.product = frame->scale * (float)frame->code_sum;
  job.offset = frame->offset;
  job.codes = scratch;
  job.end = job.codes + 8u * steps;
  job.section = job.codes + 8u * ((steps - 1u) % SECTION_STEPS + 1u);
  job.correction = frame->code_sum * (1 << (layer->bits - 1));
  job.columns = layer->columns;
  job.y = y;
  job.left = layer->outputs * 2u + layer->relu;
  job.high = 0;
  job.low = INT32_MAX;
  job.low_start = 0;
  job.weights = layer->weights;
  if (layer->bits == 2) {
    run_w2(&job, layer->inputs);
  } else {
    job.skip = UNROLLED_STEPS - 1u - (((job.section - job.codes) / 8u - 1u) % UNROLLED_STEPS);
    (layer->bits == 8 ? dynq_m4_columns_w8 : dynq_m4_columns_w4)(&job);
  }
  if (y_range != NULL && layer->relu) {
    y_range->low = dynq_float(job.low);
    y_range->high = dynq_float(job.high);
  } else if (y_range != NULL) {
    dynq_scan(y, layer->outputs, y_range);
  }
}
#endif
