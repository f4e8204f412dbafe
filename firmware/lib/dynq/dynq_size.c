/* Sizes of packed data, so that a caller can check what a file says before a kernel reads it. */
#include "dynq.h"

static uint32_t tile_bytes(uint32_t inputs, uint32_t bits) {
#if defined(DYNQ_VARIANT_REFERENCE)
  return DYNQ_REFERENCE_COLUMN_BYTES(inputs, bits);
#elif defined(DYNQ_VARIANT_SCALAR)
  const uint32_t per_step = bits == 8 ? 1 : bits == 4 ? 4 : 8; /* inputs, in one word at 8 bits, in two otherwise */
  return (inputs + per_step - 1) / per_step * (bits == 8 ? 4 : 8);
#elif defined(DYNQ_VARIANT_CORTEX_M4_DSP)
  return (bits == 2 ? DYNQ_M4_W2_BLOCKS(inputs) * DYNQ_M4_W2_STEPS(inputs) : DYNQ_M4_STEPS(inputs) * (bits / 2)) * 8;
#else
  return (inputs + 15) / 16 * 8 * bits;
#endif
}

static int is_width(uint32_t width) {
  return width >= 1 && width <= DYNQ_MAX_WIDTH;
}

size_t dynq_weight_bytes(uint32_t inputs, uint32_t outputs, uint32_t bits) {
  const int known = bits == 8 || bits == 4 || bits == 2;
  if (!known || !is_width(inputs) || !is_width(outputs)) {
    return 0;
  }
  return (size_t)(DYNQ_ROUND_UP(outputs, DYNQ_COLUMN_TILE) / DYNQ_COLUMN_TILE) * tile_bytes(inputs, bits);
}

size_t dynq_column_bytes(uint32_t outputs) {
  return is_width(outputs) ? DYNQ_ROUND_UP(outputs, DYNQ_COLUMN_TILE) * 2u * sizeof(uint32_t) : 0;
}

size_t dynq_tap_bytes(uint32_t channels, uint32_t taps) {
  return is_width(channels) && taps >= 1 && taps <= DYNQ_MAX_TAPS ? DYNQ_ROUND_UP(channels, DYNQ_CHANNEL_TILE) * taps
                                                                  : 0;
}

size_t dynq_filter_parameter_bytes(uint32_t channels) {
  return is_width(channels) ? DYNQ_ROUND_UP(channels, DYNQ_CHANNEL_TILE) * sizeof(uint32_t) : 0;
}
