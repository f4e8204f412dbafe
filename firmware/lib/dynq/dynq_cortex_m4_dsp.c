/* Cortex-M4, M7 and M33: Armv7E-M / Armv8-M Main with DSP and single-precision FPU. The loops are in the .S beside
 * this. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_CORTEX_M4_DSP)
#include "dynq_cortex_m4_dsp.h"
#include "dynq_packing.h"

/* A section is what one pass may sum before the top field of a lane leaves 32 bits:
 *   8 bits   256 * 128 * 127 * 512 < 2^31       4 bits   4096 * 8 * 127 * 512 < 2^31      -> 64 steps of 8 inputs
 *   2 bits   2^14 * 2 * 127 * 480 < 2^31                                                  -> 12 blocks of at most 40
 * inputs */
#define SECTION_STEPS 64u
#define SECTION_BLOCKS 12u
#define UNROLLED_STEPS 8u

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

static void clamp_codes(int16_t *codes, uint32_t count) {
  for (uint32_t k = 0; k < count; k++) {
    codes[k] = (int16_t)dynq_clamp(codes[k]);
  }
}

static int32_t sum_codes(const int16_t *codes, uint32_t count) {
  int32_t sum = 0;
  for (uint32_t k = 0; k < count; k++) {
    sum += codes[k];
  }
  return sum;
}

/* Codes of `steps` steps of which `inputs` inputs are real; the rest are zeros. */
static int32_t expand_f32(const float *x, uint32_t inputs, int16_t *codes, uint32_t steps, const dynq_frame_t *frame) {
  uint32_t whole = inputs / 8u, rest = inputs % 8u;
  int32_t sum = dynq_m4_codes_f32(x, codes, whole, frame);
  if (whole < steps) {
    memset(codes + 8u * whole, 0, 16u * (steps - whole));
  }
  if (rest) {
    float tail[8];
    for (uint32_t k = 0; k < 8; k++) {
      tail[k] = k < rest ? x[8u * whole + k] : frame->offset;
    }
    sum += dynq_m4_codes_f32(tail, codes + 8u * whole, 1, frame);
  }
  if (frame->clamp) {
    clamp_codes(codes, 8u * steps);
    sum = sum_codes(codes, 8u * steps);
  }
  return sum;
}

static int32_t expand_s8(const int8_t *x, uint32_t inputs, int16_t *codes, uint32_t steps) {
  uint32_t whole = inputs / 8u, rest = inputs % 8u;
  int32_t sum = dynq_m4_codes_s8(x, codes, whole);
  if (whole < steps) {
    memset(codes + 8u * whole, 0, 16u * (steps - whole));
  }
  if (rest) {
    int8_t tail[8] = {0};
    memcpy(tail, x + 8u * whole, rest);
    sum += dynq_m4_codes_s8(tail, codes + 8u * whole, 1);
  }
  return sum;
}

static int32_t start_block(int16_t *block, int32_t sum) {
  int32_t start = LOW_MIDDLE - ((3 * sum) >> 1);
  memcpy(block, &start, sizeof start);
  return sum;
}

int32_t dynq_codes_f32(const dynq_layer_t *layer, const float *x, const dynq_frame_t *frame, void *scratch) {
  int16_t *codes = scratch;
  if (layer->bits != 2) {
    return expand_f32(x, layer->inputs, codes, DYNQ_M4_STEPS(layer->inputs), frame);
  }
  const uint32_t steps = DYNQ_M4_W2_STEPS(layer->inputs);
  int32_t sum = 0;
  for (uint32_t left = layer->inputs, block = DYNQ_M4_W2_BLOCKS(layer->inputs); block > 0; block--) {
    uint32_t inputs = left < 8u * steps ? left : 8u * steps;
    sum += start_block(codes, expand_f32(x, inputs, codes + 2, steps, frame));
    x += inputs;
    left -= inputs;
    codes += 8u * steps + 2u;
  }
  return sum;
}

int32_t dynq_codes_s8(const dynq_layer_t *layer, const int8_t *x, void *scratch) {
  int16_t *codes = scratch;
  if (layer->bits != 2) {
    return expand_s8(x, layer->inputs, codes, DYNQ_M4_STEPS(layer->inputs));
  }
  const uint32_t steps = DYNQ_M4_W2_STEPS(layer->inputs);
  int32_t sum = 0;
  for (uint32_t left = layer->inputs, block = DYNQ_M4_W2_BLOCKS(layer->inputs); block > 0; block--) {
    uint32_t inputs = left < 8u * steps ? left : 8u * steps;
    sum += start_block(codes, expand_s8(x, inputs, codes + 2, steps));
    x += inputs;
    left -= inputs;
    codes += 8u * steps + 2u;
  }
  return sum;
}

void dynq_codes_zero(const dynq_layer_t *layer, void *scratch) {
  memset(scratch, 0, dynq_scratch_bytes(layer->inputs));
  if (layer->bits == 2) {
    int16_t *codes = scratch;
    for (uint32_t block = 0; block < DYNQ_M4_W2_BLOCKS(layer->inputs); block++) {
      start_block(codes + block * (8u * DYNQ_M4_W2_STEPS(layer->inputs) + 2u), 0);
    }
  }
}

/* Geometry of the pass over the codes: where they end and where the first, partial section does. */
static void lay_out(dynq_m4_job_t *job, const dynq_layer_t *layer, const dynq_frame_t *frame, const int16_t *codes) {
  uint32_t unit, units, section;
  if (layer->bits == 2) {
    units = DYNQ_M4_W2_BLOCKS(layer->inputs);
    unit = 8u * DYNQ_M4_W2_STEPS(layer->inputs) + 2u;
    section = SECTION_BLOCKS;
    job->skip = DYNQ_M4_W2_MAX_STEPS - DYNQ_M4_W2_STEPS(layer->inputs);
    int32_t starts = 0, start;
    for (uint32_t block = 0; block < units; block++) {
      memcpy(&start, codes + block * unit, sizeof start);
      starts += start;
    }
    job->low_start = -starts;
  } else {
    units = DYNQ_M4_STEPS(layer->inputs);
    unit = 8u;
    section = SECTION_STEPS;
    job->skip = (0u - units) % UNROLLED_STEPS;
    job->low_start = 0;
  }
  job->codes = codes;
  job->section_bytes = section * unit * sizeof *codes;
  job->end = codes + units * unit;
  job->section = codes + ((units - 1u) % section + 1u) * unit;
  job->correction = frame->code_sum * (1 << (layer->bits - 1));
}

static void run(const dynq_layer_t *layer, dynq_m4_job_t *job) {
  switch (layer->bits) {
  case 8:
    dynq_m4_columns_w8(job);
    break;
  case 4:
    dynq_m4_columns_w4(job);
    break;
  default:
    dynq_m4_columns_w2(job);
    break;
  }
}

void dynq_columns(const dynq_layer_t *layer, const dynq_frame_t *frame, const void *scratch, float *y,
                  dynq_range_t *y_range) {
  const uint32_t rest = layer->outputs % DYNQ_COLUMN_TILE;
  dynq_m4_job_t job = {
      .scale = frame->scale,
      .product = frame->scale * (float)frame->code_sum,
      .offset = frame->offset,
      .columns = layer->columns,
      .y = y,
      .tiles = layer->outputs / DYNQ_COLUMN_TILE * 2u + layer->relu,
      .high = 0,
      .low = INT32_MAX,
      .weights = layer->weights,
  };
  lay_out(&job, layer, frame, scratch);
  if (job.tiles > 1) {
    run(layer, &job);
  }
  if (rest) {
    float tile[DYNQ_COLUMN_TILE];
    dynq_m4_job_t last = job; /* its own range: it would count the padding columns */
    last.tiles = 2u + layer->relu;
    last.y = tile;
    run(layer, &last);
    for (uint32_t j = 0; j < rest; j++) {
      uint32_t bits = dynq_bits(tile[j]);
      y[layer->outputs - rest + j] = tile[j];
      job.high = bits > job.high ? bits : job.high;
      job.low = bits < job.low ? bits : job.low;
    }
  }
  if (y_range == NULL) {
    return;
  }
  if (layer->relu) {
    *y_range = (dynq_range_t){dynq_float(job.low), dynq_float(job.high)};
  } else {
    dynq_scan(y, layer->outputs, y_range);
  }
}
#endif
