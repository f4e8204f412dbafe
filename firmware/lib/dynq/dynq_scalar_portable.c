/* Codes and dot products of the scalar variant in C: what the assembly for Arm cores is held to, where sanitizers
 * watch. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR) && !defined(__ARM_ARCH_ISA_THUMB)
#include "dynq_scalar.h"

/* sum <= 255 * 255 * 4096 < 2^31 */
uint32_t dynq_scalar_dots_w8(const void *codes, const void *weights, uint32_t inputs, uint32_t tiles, int32_t *dots) {
  const uint8_t *w = weights, *c = codes;
  (void)tiles;
  memset(dots, 0, DYNQ_COLUMN_TILE * sizeof *dots);
  for (uint32_t k = 0; k < inputs; k++, w += DYNQ_COLUMN_TILE) {
    for (uint32_t i = 0; i < DYNQ_COLUMN_TILE; i++) {
      dots[i] += w[(DYNQ_COLUMN_TILE - i) % DYNQ_COLUMN_TILE] * c[k];
    }
  }
  return 1;
}

/* A word holds the fields of several inputs for one column in each half. One multiplication serves both, as x * (q_a +
 * 2^16 q_b) = x q_a + 2^16 x q_b. Each half of the sum starts in its middle, and is taken out after a block, before it
 * can leave 16 bits: |sum| <= 15 * 128 * 16 < 2^15, and 3 * 128 * 64 < 2^15. */
static uint32_t dots_in_pairs(const int8_t *codes, const uint32_t *w, uint32_t inputs, int32_t *dots, uint32_t bits) {
  const uint32_t per_word = 16u / bits, block = bits == 4 ? 16u : 64u, mask = bits == 4 ? 0x000f000fu : 0x00030003u;
  memset(dots, 0, DYNQ_COLUMN_TILE * sizeof *dots);
  for (uint32_t k = 0; k < inputs;) {
    uint32_t sums[2] = {0x80008000u, 0x80008000u};
    do {
      for (uint32_t i = 0; i < per_word; i++, k++) {
        sums[0] += (w[0] >> (i * bits) & mask) * (uint32_t)(int32_t)codes[k];
        sums[1] += (w[1] >> (i * bits) & mask) * (uint32_t)(int32_t)codes[k];
      }
      w += 2;
    } while (k < inputs && k % block != 0);
    for (uint32_t i = 0; i < DYNQ_COLUMN_TILE; i++) {
      dots[i] += (int32_t)(sums[i / 2u] >> (16u * (i % 2u)) & 0xffffu) - 0x8000;
    }
  }
  return 1;
}

uint32_t dynq_scalar_dots_w4(const void *codes, const void *weights, uint32_t inputs, uint32_t tiles, int32_t *dots) {
  (void)tiles;
  return dots_in_pairs(codes, weights, inputs, dots, 4);
}

uint32_t dynq_scalar_dots_w2(const void *codes, const void *weights, uint32_t inputs, uint32_t tiles, int32_t *dots) {
  (void)tiles;
  return dots_in_pairs(codes, weights, inputs, dots, 2);
}

int32_t dynq_scalar_codes(int8_t *codes, const float *x, uint32_t inputs, const dynq_scalar_rounding_t *rounding) {
  const uint32_t fraction = (1u << DYNQ_SCALAR_FRACTION) - 1u;
  int32_t sum = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    const uint32_t bits = dynq_bits(x[k]), by = rounding->shift - (bits >> 23 & 255u);
    const uint32_t product = (uint32_t)((uint64_t)(bits << 8 | 0x80000000u) * rounding->factor >> 32);
    const int32_t magnitude = (int32_t)(by < 32u ? product >> by : 0u);
    const int32_t position = ((int32_t)bits < 0 ? ~magnitude : magnitude) + rounding->added;
    const int near_tie = ((uint32_t)position & fraction) < 2u * DYNQ_SCALAR_ERROR;
    const int32_t code = near_tie ? dynq_scalar_exact_code(bits, rounding) : position >> DYNQ_SCALAR_FRACTION;
    codes[k] = (int8_t)code;
    sum += code;
  }
  return sum;
}
#endif
