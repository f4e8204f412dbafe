/* Cores without DSP instructions or FPU: Cortex-M0, M0+, M3. Portable C.
 *
 * 4 and 2 bits: one 32-bit multiplication serves two columns, as x * (q_a + 2^16 q_b) = x q_a + 2^16 x q_b. Each half
 * of the sum starts in its middle, and is taken out before it can leave 16 bits.
 *
 * Floats are soft here: a frame's codes are found with integers, and only codes near a rounding tie, or frames whose
 * range is small beside their values, go through float arithmetic. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR)
#include "dynq_frame.h"
#include "dynq_packing.h"

const char *dynq_variant(void) {
  return "scalar";
}

size_t dynq_scratch_bytes(uint32_t inputs) {
  return DYNQ_SCRATCH_BYTES(inputs);
}

static uint32_t exponent_of(float value) {
  return dynq_bits(value) >> 23 & 255u;
}

/* A float as an integer in units of 2^(exponent - 156), truncated; exponent is at least the value's own, and at least
 * 32, so that a denormal becomes 0. */
static inline int32_t fixed(uint32_t bits, uint32_t exponent) {
  uint32_t shift = exponent - (bits >> 23 & 255u);
  uint32_t magnitude = ((bits << 6 & 0x1fffffc0u) | 0x20000000u) >> (shift < 31u ? shift : 31u);
  return (int32_t)bits < 0 ? -(int32_t)magnitude : (int32_t)magnitude;
}

/* (x - m) * v in fixed point with FRACTION bits: (d * v's significand) >> 25 >> shift. Its error stays below 8 units:
 * two of truncated operands at most 2 * 2^(267 - 254 - 29) * 2^14 = 1 unit each, 2 of truncated results, and 2^-16 for
 * what the float arithmetic that it stands for rounds. Closer to a tie than TIE units, that arithmetic decides. */
#define FRACTION 14
#define TIE 16u
#define MAX_EXPONENTS 267u
#define MIN_EXPONENTS 250u

static int32_t codes_fixed(const float *x, uint32_t inputs, const dynq_frame_t *frame, uint32_t exponent,
                           int8_t *codes) {
  const uint32_t shift = MAX_EXPONENTS - exponent - exponent_of(frame->inverse);
  const int32_t middle = fixed(dynq_bits(frame->offset), exponent);
  const int32_t factor = (int32_t)((dynq_bits(frame->inverse) & 0x7fffffu) | 0x800000u) << 7;
  int32_t sum = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    int32_t distance = fixed(dynq_bits(x[k]), exponent) - middle;
    int32_t z = ((int32_t)((int64_t)distance * factor >> 32) >> shift) + (1 << (FRACTION - 1));
    int32_t code = z >> FRACTION;
    if ((((uint32_t)z + TIE) & ((1u << FRACTION) - 1u)) < 2u * TIE) {
      code = dynq_round((x[k] - frame->offset) * frame->inverse);
    }
    codes[k] = (int8_t)code;
    sum += code;
  }
  return sum;
}

static int32_t codes_float(const float *x, uint32_t inputs, const dynq_frame_t *frame, int8_t *codes) {
  int32_t sum = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    int32_t code = dynq_clamp(dynq_round((x[k] - frame->offset) * frame->inverse));
    codes[k] = (int8_t)code;
    sum += code;
  }
  return sum;
}

static int32_t codes_s8(const int8_t *x, uint32_t inputs, int8_t *codes) {
  int32_t sum = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    int32_t code = x[k] < -DYNQ_CODE_LIMIT ? -DYNQ_CODE_LIMIT : x[k];
    codes[k] = (int8_t)code;
    sum += code;
  }
  return sum;
}

int32_t dynq_codes(const dynq_layer_t *layer, const void *x, const dynq_frame_t *frame, void *scratch) {
  const uint32_t inputs = layer->inputs;
  int8_t *codes = scratch;
  memset(codes + inputs, 0, DYNQ_SCRATCH_BYTES(inputs) - inputs);
  if (frame == NULL) {
    return codes_s8(x, inputs, codes);
  }
  if (frame->inverse != 0.0f && !frame->clamp) {
    const uint32_t exponent = exponent_of(frame->largest), sum = exponent + exponent_of(frame->inverse);
    if (sum <= MAX_EXPONENTS && sum >= MIN_EXPONENTS) {
      return codes_fixed(x, inputs, frame, exponent, codes);
    }
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

static dots_t dots_w8(const int8_t *codes, const uint8_t **weights, uint32_t inputs) {
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

static dots_t dots_w4(const int8_t *codes, const uint8_t **weights, uint32_t inputs) {
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

static dots_t dots_w2(const int8_t *codes, const uint8_t **weights, uint32_t inputs) {
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

#if defined(__thumb2__)
static float multiply(float a, float b) {
  return a * b;
}
#else
/* a * b to the bit, in less than half the time of the library's on a core whose multiplier gives 32 bits. What could be
 * zero, denormal or out of range is left to the library. */
static float multiply(float a, float b) {
  const uint32_t x = dynq_bits(a), y = dynq_bits(b);
  const uint32_t x_exponent = x >> 23 & 255u, y_exponent = y >> 23 & 255u;
  const uint32_t exponent = x_exponent + y_exponent - 127u; /* of a product below 2 */
  if (x_exponent == 0 || y_exponent == 0 || exponent - 1u > 251u) {
    return a * b;
  }
  const uint32_t p = (x & 0x7fffffu) | 0x800000u, q = (y & 0x7fffffu) | 0x800000u;
  const uint32_t low = (p & 0xfffu) * (q & 0xfffu);
  const uint32_t middle = (p >> 12) * (q & 0xfffu) + (p & 0xfffu) * (q >> 12) + (low >> 12);
  uint32_t high = (p >> 12) * (q >> 12) + (middle >> 12); /* the product's bits from 24 up */
  uint32_t rest = middle << 20 | (low & 0xfffu) << 8;     /* those below, left-aligned */
  uint32_t result = (exponent - 1u) << 23;
  if (high < 0x800000u) {
    high = high << 1 | rest >> 31;
    rest <<= 1;
  } else {
    result += 0x800000u;
  }
  high += rest > 0x80000000u || (rest == 0x80000000u && (high & 1u));
  return dynq_float(((x ^ y) & 0x80000000u) | (result + high));
}
#endif

/* dynq_affine() with that multiplication. */
static float affine(const dynq_frame_t *frame, float product, int32_t dot, const float *p) {
  float products = multiply(multiply(frame->scale, p[0]), (float)dot) + multiply(p[4], product);
  return products + (multiply(frame->offset, p[8]) + p[12]);
}

void dynq_columns(const dynq_layer_t *layer, const dynq_frame_t *frame, const void *scratch, float *y,
                  dynq_range_t *y_range) {
  const uint8_t *weights = layer->weights;
  const float *p = layer->columns;
  const float product = frame->scale * (float)frame->code_sum;
  for (uint32_t j = 0; j < layer->outputs; j += DYNQ_COLUMN_TILE, p += 4 * DYNQ_COLUMN_TILE) {
    dots_t dots = layer->bits == 8   ? dots_w8(scratch, &weights, layer->inputs)
                  : layer->bits == 4 ? dots_w4(scratch, &weights, layer->inputs)
                                     : dots_w2(scratch, &weights, layer->inputs);
    for (uint32_t i = 0; i < DYNQ_COLUMN_TILE && j + i < layer->outputs; i++) {
      float value = affine(frame, product, dots.column[i], p + i);
      y[j + i] = layer->relu ? dynq_float(dynq_relu(dynq_bits(value))) : value;
    }
  }
  if (y_range != NULL) {
    dynq_scan(y, layer->outputs, y_range);
  }
}
#endif
