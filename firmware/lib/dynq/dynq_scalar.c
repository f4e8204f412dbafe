/* Dense layers on cores without DSP instructions or FPU: Cortex-M0, M0+, M3. Portable C.
 *
 * 4 and 2 bits: one 32-bit multiplication serves two columns, as x * (q_a + 2^16 q_b) = x q_a + 2^16 x q_b. Each half
 * of the sum starts in its middle, and is taken out before it can leave 16 bits.
 *
 * Floats are soft here: a frame's codes are found with integers, and only codes near a rounding tie, or frames whose
 * range is small beside their values, go through float arithmetic. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR)
#include "dynq_frame.h"
#include "dynq_soft.h"

const char *dynq_variant(void) {
  return "scalar";
}

/* ---- Codes. A position x / step is the product of two significands, shifted by their exponents: in fixed point with
 * FRACTION bits, too small by less than ERROR, which includes what the float product may be rounded up by. */
#define FRACTION 14
#define ONE (1u << FRACTION)
#define FIXED_ZERO 160 /* frames whose zero is farther away go through float arithmetic */
#if defined(__ARM_ARCH_6M__)
/* significands of 16 bits: |position| < 288, and less than 2^-15 of it is lost twice */
#define ERROR 290u
#define UPPER_PRODUCT(a, b) (((a) >> 16) * ((b) >> 16))
#else
#define ERROR 4u
#define UPPER_PRODUCT(a, b) ((uint32_t)((uint64_t)(a) * (b) >> 32))
#endif

static inline uint32_t top_significand(uint32_t bits) {
  return bits << 8 | 0x80000000u;
}

static int32_t codes_fixed(const uint32_t *x, uint32_t inputs, const dynq_frame_t *frame, int8_t *codes) {
  const uint32_t inverse = dynq_bits(frame->inverse), factor = top_significand(inverse);
  /* position * 2^FRACTION = product >> (shift - exponent of x) */
  const uint32_t shift = 284u - FRACTION - (inverse >> 23);
  const int32_t zero = frame->zero;
  int32_t sum = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    const uint32_t bits = x[k], by = shift - (bits >> 23 & 255u);
    const uint32_t position = (by < 32u ? UPPER_PRODUCT(top_significand(bits), factor) >> by : 0u) + ONE / 2u;
    int32_t code = (int32_t)(position >> FRACTION);
    code = ((int32_t)bits < 0 ? -code : code) - zero;
    if (((position + ERROR) & (ONE - 1u)) < 2u * ERROR) {
      code = dynq_code(dynq_float(bits), frame->inverse, DYNQ_ROUNDER - (float)zero);
    }
    codes[k] = (int8_t)code;
    sum += code;
  }
  return sum;
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

typedef struct {
  int32_t column[DYNQ_COLUMN_TILE];
} dots_t;

/* |sum| <= 255 * 127 * 4096 < 2^31 */
#define ADD_INPUT(position)                                                                                            \
  do {                                                                                                                 \
    int32_t x = codes[position];                                                                                       \
    a += w[4 * position] * x;                                                                                          \
    b += w[4 * position + 1] * x;                                                                                      \
    c += w[4 * position + 2] * x;                                                                                      \
    d += w[4 * position + 3] * x;                                                                                      \
  } while (0)

static __attribute__((noinline)) dots_t dots_w8(const int8_t *codes, const uint8_t **weights, uint32_t inputs) {
  const uint8_t *w = *weights;
  const int8_t *end = codes + inputs;
  int32_t a = 0, b = 0, c = 0, d = 0;
  for (const int8_t *stop = codes + (inputs & ~3u); codes < stop; codes += 4, w += 16) {
    ADD_INPUT(0);
    ADD_INPUT(1);
    ADD_INPUT(2);
    ADD_INPUT(3);
  }
  for (; codes < end; codes++, w += 4) {
    ADD_INPUT(0);
  }
  *weights = w;
  return (dots_t){{a, b, c, d}};
}

/* Two sums in halves. |sum of a block| <= 15 * 127 * 16 < 2^15, and 3 * 127 * 64 < 2^15. */
#define HALVES 0x80008000u
#define W4_BLOCK 16u
#define W2_BLOCK 64u

/* The mask hides from the compiler, or it would rather shift first than AND with a shifted operand. */
#define OPAQUE(mask) __asm("" : "+r"(mask))
#define ADD_PAIRS(position)                                                                                            \
  do {                                                                                                                 \
    uint32_t x = (uint32_t)(int32_t)codes[position];                                                                   \
    ab += (mask & wab >> (position * (16 / STEP))) * x;                                                                \
    cd += (mask & wcd >> (position * (16 / STEP))) * x;                                                                \
  } while (0)

static __attribute__((noinline)) dots_t dots_w4(const int8_t *codes, const uint8_t **weights, uint32_t inputs) {
  const uint32_t *w = (const uint32_t *)(const void *)*weights;
  const int8_t *end = codes + ((inputs + 3u) & ~3u);
  uint32_t a = 0, b = 0, c = 0, d = 0, mask = 0x000f000fu;
  OPAQUE(mask);
  while (codes < end) {
    const int8_t *stop = end - codes > (int32_t)W4_BLOCK ? codes + W4_BLOCK : end;
    uint32_t ab = HALVES, cd = HALVES;
    for (; codes < stop; codes += 4) {
      uint32_t wab = *w++, wcd = *w++;
#define STEP 4
      ADD_PAIRS(0);
      ADD_PAIRS(1);
      ADD_PAIRS(2);
      ADD_PAIRS(3);
#undef STEP
    }
    a += (ab & 0xffffu) - 0x8000u;
    b += (ab >> 16) - 0x8000u;
    c += (cd & 0xffffu) - 0x8000u;
    d += (cd >> 16) - 0x8000u;
  }
  *weights = (const uint8_t *)w;
  return (dots_t){{(int32_t)a, (int32_t)b, (int32_t)c, (int32_t)d}};
}

static __attribute__((noinline)) dots_t dots_w2(const int8_t *codes, const uint8_t **weights, uint32_t inputs) {
  const uint32_t *w = (const uint32_t *)(const void *)*weights;
  const int8_t *end = codes + ((inputs + 7u) & ~7u);
  uint32_t a = 0, b = 0, c = 0, d = 0, mask = 0x00030003u;
  OPAQUE(mask);
  while (codes < end) {
    const int8_t *stop = end - codes > (int32_t)W2_BLOCK ? codes + W2_BLOCK : end;
    uint32_t ab = HALVES, cd = HALVES;
    for (; codes < stop; codes += 8) {
      uint32_t wab = *w++, wcd = *w++;
#define STEP 8
      ADD_PAIRS(0);
      ADD_PAIRS(1);
      ADD_PAIRS(2);
      ADD_PAIRS(3);
      ADD_PAIRS(4);
      ADD_PAIRS(5);
      ADD_PAIRS(6);
      ADD_PAIRS(7);
#undef STEP
    }
    a += (ab & 0xffffu) - 0x8000u;
    b += (ab >> 16) - 0x8000u;
    c += (cd & 0xffffu) - 0x8000u;
    d += (cd >> 16) - 0x8000u;
  }
  *weights = (const uint8_t *)w;
  return (dots_t){{(int32_t)a, (int32_t)b, (int32_t)c, (int32_t)d}};
}

/* ---- Outputs. Fields are stored unsigned: the sums start with what they lack. */
static inline void columns(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,
                           dynq_signal_t *output, uint32_t bits,
                           dots_t (*find_dots)(const int8_t *, const uint8_t **, uint32_t)) {
  const uint8_t *weights = layer->weights;
  const uint32_t *words = layer->columns, relu = layer->relu;
  const int32_t middle = frame->code_sum * (1 << (bits - 1u));
  const dynq_unit_t unit = dynq_unit(frame->step);
  uint32_t *y = output->values;
  for (uint32_t j = 0; j < layer->outputs;
       j += DYNQ_COLUMN_TILE, words += 2 * DYNQ_COLUMN_TILE, y += DYNQ_COLUMN_TILE) {
    const uint32_t left = layer->outputs - j;
    dots_t dots = find_dots(scratch, &weights, layer->inputs);
    for (uint32_t i = 0; i < DYNQ_COLUMN_TILE; i++) {
      dots.column[i] = dynq_total(dots.column[i] - middle, frame, words[DYNQ_COLUMN_TILE + i], DYNQ_SUM_SHIFT(bits));
    }
    dynq_soft_outputs(&unit, words, dots.column, left < DYNQ_COLUMN_TILE ? left : DYNQ_COLUMN_TILE, relu, y);
  }
  if (output->ranged) {
    dynq_scan(output->values, layer->outputs, &output->range);
  }
}

#define KERNEL(bits)                                                                                                   \
  static void columns_w##bits(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,               \
                              dynq_signal_t *output) {                                                                 \
    columns(layer, frame, scratch, output, bits, dots_w##bits);                                                        \
  }                                                                                                                    \
  DYNQ_DENSE(bits, find_codes, columns_w##bits)
KERNEL(8)
KERNEL(4)
KERNEL(2)
#endif
