/* Dense layers on cores without DSP instructions or FPU: Cortex-M0, M0+, M3.
 *
 * Floats are soft here, and found with integers. A frame's codes take short products; only those near a rounding tie,
 * or of frames whose range is small beside their values, take exact ones. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR)
#include "dynq_scalar.h"
#include "dynq_soft.h"

const char *dynq_variant(void) {
  return "scalar";
}

#define FIXED_ZERO 160 /* frames whose zero is farther away take exact products */

/* The product has 24 bits, its distance from the zero all of them. */
int32_t dynq_scalar_exact_code(uint32_t bits, const dynq_scalar_rounding_t *rounding) {
  const uint32_t product = dynq_soft_multiply(bits, rounding->inverse), by = 150u - (product >> 23);
  const int32_t sign = (int32_t)bits < 0 ? -1 : 1;
  if (by > 31u) {
    return -rounding->zero;
  }
  const uint32_t significand = (product & 0x7fffffu) | 0x800000u, rest = significand << (32u - by);
  const int32_t code = sign * (int32_t)(significand >> by) - rounding->zero;
  const uint32_t half = 0x80000000u;
  return rest > half || (rest == half && (code & 1) != 0) ? code + sign : code;
}

/* A position x / step is the product of two significands, shifted by their exponents. */
static int32_t codes_fixed(const float *x, uint32_t inputs, const dynq_frame_t *frame, int32_t bias, int8_t *codes) {
  const uint32_t inverse = dynq_bits(frame->inverse);
  const int32_t zero = frame->zero - bias;
  const dynq_scalar_rounding_t rounding = {
      .factor = inverse << 8 | 0x80000000u,
      .shift = 284u - DYNQ_SCALAR_FRACTION - (inverse >> 23),
      .added = (1 << (DYNQ_SCALAR_FRACTION - 1)) - zero * (1 << DYNQ_SCALAR_FRACTION) + DYNQ_SCALAR_ERROR,
      .inverse = inverse,
      .zero = zero,
  };
  return dynq_scalar_codes(codes, x, inputs, &rounding) - (int32_t)inputs * bias;
}

static int32_t codes_exact(const float *x, uint32_t inputs, const dynq_frame_t *frame, int32_t bias, int8_t *codes) {
  const dynq_scalar_rounding_t rounding = {.inverse = dynq_bits(frame->inverse), .zero = frame->zero - bias};
  int32_t sum = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    const int32_t code = dynq_scalar_exact_code(dynq_bits(x[k]), &rounding);
    codes[k] = (int8_t)code;
    sum += code;
  }
  return sum - (int32_t)inputs * bias;
}

static int32_t codes_s8(const int8_t *x, uint32_t inputs, int32_t bias, int8_t *codes) {
  int32_t sum = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    codes[k] = (int8_t)(x[k] + bias);
    sum += x[k];
  }
  return sum;
}

/* Writes codes plus the bias; returns their sum without it. */
static inline int32_t find_codes(const dynq_dense_t *layer, const void *x, const dynq_frame_t *frame, void *scratch,
                                 int32_t bias) {
  const uint32_t inputs = layer->inputs;
  int8_t *codes = scratch;
  memset(codes + inputs, 0, DYNQ_CODE_BYTES(inputs) - inputs);
  if (frame == NULL) {
    return codes_s8(x, inputs, bias, codes);
  }
  if (dynq_bits(frame->inverse) == 0) { /* a zero frame */
    memset(codes, bias, inputs);
    return 0;
  }
  if ((uint32_t)(frame->zero + FIXED_ZERO) <= 2u * FIXED_ZERO) {
    return codes_fixed(x, inputs, frame, bias, codes);
  }
  return codes_exact(x, inputs, frame, bias, codes);
}

/* ---- Outputs. Fields are stored unsigned: the sums start with what they lack. So are codes with a bias, which lack
 * the column's sum times it. At 8 bits, where f is 0, that sum is R - ((K L + 128) >> 8) exactly. */
static inline void totals_of(const dynq_frame_t *frame, const uint32_t *words, int32_t inputs, int32_t middle,
                             uint32_t bits, int32_t *dots) {
  const int32_t bias = DYNQ_SCALAR_CODE_BIAS(bits), zero = frame->zero - bias;
  const int32_t codes = frame->code_sum, upper = codes >> 8, lower = codes & 255;
#pragma GCC unroll 4
  for (uint32_t i = 0; i < DYNQ_COLUMN_TILE; i++) {
    const int32_t sum = (int16_t)words[i], offset = (int32_t)words[i] >> 16;
    int32_t total = dots[i] - middle + ((zero * sum) >> DYNQ_SUM_SHIFT(bits)) + upper * offset;
    total += (lower * offset) >> 8;
    if (bias != 0) {
      total += ((inputs * offset + 128) >> 8) * bias;
    }
    dots[i] = total;
  }
}

static inline void columns(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,
                           dynq_signal_t *output, uint32_t bits, dynq_scalar_dots_t *find_dots) {
  const uint32_t tile_bytes = bits == 8   ? 4u * layer->inputs
                              : bits == 4 ? DYNQ_ROUND_UP(layer->inputs, 4u) * 2u
                                          : DYNQ_ROUND_UP(layer->inputs, 8u);
  const uint8_t *weights = layer->weights;
  const uint32_t *words = layer->columns, relu = layer->relu;
  const int32_t inputs = layer->inputs, bias = DYNQ_SCALAR_CODE_BIAS(bits);
  const int32_t middle = (frame->code_sum + inputs * bias) * (1 << (bits - 1u));
  const dynq_unit_t unit = dynq_unit(frame->step);
  uint32_t *y = output->values;
  for (uint32_t left = layer->outputs; left > 0;) {
    int32_t dots[DYNQ_SCALAR_TILES * DYNQ_COLUMN_TILE], *totals = dots;
    uint32_t tiles = find_dots(scratch, weights, layer->inputs, (left + 3u) / DYNQ_COLUMN_TILE, dots);
    weights += tiles * tile_bytes;
    for (; tiles > 0; tiles--, totals += DYNQ_COLUMN_TILE, words += 2u * DYNQ_COLUMN_TILE) {
      const uint32_t count = left < DYNQ_COLUMN_TILE ? left : DYNQ_COLUMN_TILE;
      totals_of(frame, words + DYNQ_COLUMN_TILE, inputs, middle, bits, totals);
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
  static int32_t find_codes_w##bits(const dynq_dense_t *layer, const void *x, const dynq_frame_t *frame,               \
                                    void *scratch) {                                                                   \
    return find_codes(layer, x, frame, scratch, DYNQ_SCALAR_CODE_BIAS(bits));                                          \
  }                                                                                                                    \
  static void columns_w##bits(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,               \
                              dynq_signal_t *output) {                                                                 \
    columns(layer, frame, scratch, output, bits, dynq_scalar_dots_w##bits);                                            \
  }                                                                                                                    \
  DYNQ_DENSE(bits, find_codes_w##bits, columns_w##bits)
KERNEL(8)
KERNEL(4)
KERNEL(2)
#endif
