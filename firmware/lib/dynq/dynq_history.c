#include "dynq_history.h"

/* A frame's exponent is stored so that a zeroed state holds zero frames. */
#define EXPONENT_BIAS 128
#define EMPTY 0u
#define INVALID 255u
#define MAX_SHIFT 7

typedef struct {
  uint8_t exponent;
  uint8_t zero;
} tag_t;

typedef struct {
  uint32_t newest; /* slot */
  tag_t tags[];
} history_t;

static uint8_t *codes_of(const history_t *history, uint32_t channels, uint32_t frames, uint32_t slot) {
  return (uint8_t *)history->tags + DYNQ_HISTORY_TAG_BYTES(frames) + slot * DYNQ_HISTORY_STRIDE(channels);
}

/* Exponent and zero of a float vector, by the bits of its largest magnitude: what is added keeps it from rounding
 * beyond the last code. */
static tag_t tag_of(const dynq_range_t *range) {
  const uint32_t magnitude = dynq_magnitude(range);
  if (magnitude >= DYNQ_MAX_MAGNITUDE_BITS) {
    return (tag_t){INVALID, 0};
  }
  if (magnitude < DYNQ_MIN_MAGNITUDE_BITS) {
    return (tag_t){EMPTY, 0};
  }
  return dynq_bits(range->low) > 0x80000000u
             ? (tag_t){(uint8_t)(((magnitude + 0x10000u) >> 23) - 133u + EXPONENT_BIAS), 128}
             : (tag_t){(uint8_t)(((magnitude + 0x8000u) >> 23) - 134u + EXPONENT_BIAS), 0};
}

void dynq_history_push(void *state, uint32_t channels, uint32_t frames, const dynq_signal_t *input) {
  history_t *history = state;
  const uint32_t slot = history->newest + 1u < frames ? history->newest + 1u : 0u;
  uint8_t *codes = codes_of(history, channels, frames, slot);
  tag_t tag;
  if (input->is_codes) {
    const uint8_t *values = input->values;
    tag = (tag_t){EXPONENT_BIAS, (uint8_t)(input->codes.zero_point + 128)};
    for (uint32_t c = 0; c < channels; c++) {
      codes[c] = values[c] ^ 0x80u;
    }
  } else {
    tag = tag_of(&input->range);
    if (tag.exponent != EMPTY && tag.exponent != INVALID) {
      dynq_history_codes(input->values, channels, (int32_t)tag.exponent - EXPONENT_BIAS, tag.zero, codes);
    }
  }
  history->tags[slot] = tag;
  history->newest = slot;
}

int dynq_history_window(const void *state, uint32_t channels, uint32_t frames, uint32_t dilation, float scale,
                        void *scratch, dynq_window_t *window) {
  const history_t *history = state;
  dynq_past_t *past = scratch;
  const uint32_t count = (frames - 1u) / dilation + 1u;
  uint32_t largest = EMPTY, slot = history->newest;
  window->frames = past;
  window->count = count;
  window->zeros = 0;
  for (uint32_t i = 0; i < count; i++) {
    const tag_t tag = history->tags[slot];
    past[i].codes = codes_of(history, channels, frames, slot);
    past[i].shift = tag.exponent;
    past[i].zero = tag.zero;
    largest = tag.exponent > largest ? tag.exponent : largest;
    slot = slot >= dilation ? slot - dilation : slot + frames - dilation;
  }
  if (largest == INVALID) {
    return 0;
  }
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t below = largest - past[i].shift;
    const int counts = past[i].shift != EMPTY && below <= MAX_SHIFT;
    past[i].shift = counts ? MAX_SHIFT - below : DYNQ_NO_SHIFT;
    past[i].zero = counts ? past[i].zero << past[i].shift : 0;
    window->zeros |= (uint32_t)past[i].zero;
  }
  /* scale * 2^(exponent - 7), as bits: features have exponent 0, floats the scale 1 */
  window->unit = largest == EMPTY ? 0.0f : dynq_float(dynq_bits(scale) + ((largest - EXPONENT_BIAS - MAX_SHIFT) << 23));
  return 1;
}
