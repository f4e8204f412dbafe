/* Dense layers on cores without DSP instructions or FPU: Cortex-M0, M0+, M3.
 *
 * Floats are soft here: a frame's codes are found with integers, and only codes near a rounding tie, or frames whose
 * range is small beside their values, go through float arithmetic. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR)
#include "dynq_scalar.h"
#include "dynq_soft.h"

const char *dynq_variant(void) {
  return "scalar";
}

#define FIXED_ZERO 160 /* frames whose zero is farther away go through float arithmetic */

int32_t dynq_scalar_exact_code(uint32_t bits, const dynq_scalar_rounding_t *rounding) {
  return dynq_code(dynq_float(bits), rounding->inverse, rounding->rounder);
}

/* A position x / step is the product of two significands, shifted by their exponents. */
static int32_t codes_fixed(const float *x, uint32_t inputs, const dynq_frame_t *frame, int8_t *codes) {
  const uint32_t inverse = dynq_bits(frame->inverse);
  const dynq_scalar_rounding_t rounding = {
      .factor = inverse << 8 | 0x80000000u,
      .shift = 284u - DYNQ_SCALAR_FRACTION - (inverse >> 23),
      .added = (1 << (DYNQ_SCALAR_FRACTION - 1)) - frame->zero * (1 << DYNQ_SCALAR_FRACTION) + DYNQ_SCALAR_ERROR,
      .inverse = frame->inverse,
      .rounder = DYNQ_ROUNDER - (float)frame->zero,
  };
  return dynq_scalar_codes(codes, x, inputs, &rounding);
}

static int32_t codes_float(const float *x, uint32_t inputs, const dynq_frame_t *frame, int8_t *codes) {
  const float rounder = DYNQ_ROUNDER - (float)frame->zero;
  int32_t sum = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    const int32_t code = dynq_code(x[k], frame->inverse, rounder);
    codes[k] = (int8_t)code;
    sum += code;
  }
  return sum;
}

static int32_t codes_s8(const int8_t *x, uint32_t inputs, int8_t *codes) {
  int32_t sum = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    codes[k] = x[k];
    sum += x[k];
  }
  return sum;
}

static int32_t find_codes(const dynq_dense_t *layer, const void *x, const dynq_frame_t *frame, void *scratch) {
  const uint32_t inputs = layer->inputs;
  int8_t *codes = scratch;
  memset(codes + inputs, 0, DYNQ_CODE_BYTES(inputs) - inputs);
  if (frame == NULL) {
    return codes_s8(x, inputs, codes);
  }
  if (dynq_bits(frame->inverse) == 0) { /* a zero frame */
    memset(codes, 0, inputs);
    return 0;
  }
  if ((uint32_t)(frame->zero + FIXED_ZERO) <= 2u * FIXED_ZERO) {
    return codes_fixed(x, inputs, frame, codes);
  }
  return codes_float(x, inputs, frame, codes);
}

/* ---- Outputs. Fields are stored unsigned: the sums start with what they lack. */
static inline void columns(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,
                           dynq_signal_t *output, uint32_t bits, dynq_scalar_dots_t *find_dots) {
  const uint32_t tile_bytes = bits == 8   ? 4u * layer->inputs
                              : bits == 4 ? DYNQ_ROUND_UP(layer->inputs, 4u) * 2u
                                          : DYNQ_ROUND_UP(layer->inputs, 8u);
  const uint8_t *weights = layer->weights;
  const uint32_t *words = layer->columns, relu = layer->relu;
  const int32_t middle = frame->code_sum * (1 << (bits - 1u));
  const dynq_unit_t unit = dynq_unit(frame->step);
  uint32_t *y = output->values;
  for (uint32_t left = layer->outputs; left > 0;) {
    int32_t dots[DYNQ_SCALAR_TILES * DYNQ_COLUMN_TILE], *totals = dots;
    uint32_t tiles = find_dots(scratch, weights, layer->inputs, (left + 3u) / DYNQ_COLUMN_TILE, dots);
    weights += tiles * tile_bytes;
    for (; tiles > 0; tiles--, totals += DYNQ_COLUMN_TILE, words += 2u * DYNQ_COLUMN_TILE) {
      const uint32_t count = left < DYNQ_COLUMN_TILE ? left : DYNQ_COLUMN_TILE;
      for (uint32_t i = 0; i < DYNQ_COLUMN_TILE; i++) {
        totals[i] = dynq_total(totals[i] - middle, frame, words[DYNQ_COLUMN_TILE + i], DYNQ_SUM_SHIFT(bits));
      }
      dynq_soft_outputs(&unit, words, totals, count, relu, y);
      y += count;
      left -= count;
    }
  }
  if (output->ranged) {
    dynq_scan(output->values, layer->outputs, &output->range);
  }
}

#define KERNEL(bits)                                                                                                   \
  static void columns_w##bits(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,               \
                              dynq_signal_t *output) {                                                                 \
    columns(layer, frame, scratch, output, bits, dynq_scalar_dots_w##bits);                                            \
  }                                                                                                                    \
  DYNQ_DENSE(bits, find_codes, columns_w##bits)
KERNEL(8)
KERNEL(4)
KERNEL(2)
#endif
