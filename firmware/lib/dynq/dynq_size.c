/* Sizes of packed data and states, so that a caller can check what a file says before a kernel reads it. */
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

static size_t history_bytes(uint32_t channels, uint32_t count, uint32_t frames) {
  if (!is_width(channels) || count < 1 || count > DYNQ_MAX_TAPS || frames > DYNQ_MAX_STATE_BYTES) {
    return 0;
  }
  const uint32_t bytes = DYNQ_HISTORY_BYTES(channels, frames);
  return bytes <= DYNQ_MAX_STATE_BYTES ? bytes : 0;
}

size_t dynq_filter_state_bytes(uint32_t channels, uint32_t taps, uint32_t dilation) {
  const int known = taps <= DYNQ_MAX_TAPS && dilation >= 1 && dilation <= DYNQ_MAX_STATE_BYTES;
  return known ? history_bytes(channels, taps, (taps - 1u) * dilation + 1u) : 0;
}

size_t dynq_mean_state_bytes(uint32_t channels, uint32_t frames) {
  return history_bytes(channels, frames, frames);
}
