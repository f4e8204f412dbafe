#include "dynq_history.h"

/* A frame's exponent is stored so that a zeroed state holds zero frames. */
#define EXPONENT_BIAS 128
#define EMPTY 0u
#define INVALID 255u
#define MAX_SHIFT 7u

/* A frame's exponent, in the low half, and its zero. */
typedef uint16_t tag_t;
#define TAG(exponent, zero) ((tag_t)((exponent) | (zero) << 8))
#define EXPONENT(tag) ((tag) & 255u)

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
    return TAG(INVALID, 0u);
  }
  if (magnitude < DYNQ_MIN_MAGNITUDE_BITS) {
    return TAG(EMPTY, 0u);
  }
  return dynq_bits(range->low) > 0x80000000u ? TAG(((magnitude + 0x10000u) >> 23) - 133u + EXPONENT_BIAS, 128u)
                                             : TAG(((magnitude + 0x8000u) >> 23) - 134u + EXPONENT_BIAS, 0u);
}

void dynq_history_push(void *state, uint32_t channels, uint32_t frames, const dynq_signal_t *input) {
  history_t *history = state;
  const uint32_t slot = history->newest + 1u < frames ? history->newest + 1u : 0u;
  uint8_t *codes = codes_of(history, channels, frames, slot);
  tag_t tag;
  if (input->is_codes) {
    const uint8_t *values = input->values;
    tag = TAG(EXPONENT_BIAS, (uint32_t)(input->codes.zero_point + 128));
    for (uint32_t c = 0; c < channels; c++) {
      codes[c] = values[c] ^ 0x80u;
    }
  } else {
    tag = tag_of(&input->range);
    if (EXPONENT(tag) != EMPTY && EXPONENT(tag) != INVALID) {
      dynq_history_codes(input->values, channels, (int32_t)EXPONENT(tag) - EXPONENT_BIAS, tag >> 8, codes);
    }
  }
  history->tags[slot] = tag;
  history->newest = slot;
}

/* Notes every `dilation`th frame from a slot downwards, first with its tag for a shift; returns the
 * largest exponent. */
static inline uint32_t note(const uint8_t *codes, const tag_t *tags, uint32_t slot, uint32_t stride, uint32_t dilation,
                            dynq_past_t *past, const dynq_past_t *end, uint32_t largest) {
  const uint32_t back = dilation * stride;
  uint32_t at = slot * stride;
  for (; past < end; past++) {
    const uint32_t tag = tags[slot];
    past->codes = codes + at;
    past->shift = tag;
    largest = EXPONENT(tag) > largest ? EXPONENT(tag) : largest;
    at -= back;
    slot -= dilation;
  }
  return largest;
}

int dynq_history_window(const void *state, uint32_t channels, uint32_t frames, uint32_t dilation, float scale,
                        void *scratch, dynq_window_t *window) {
  const history_t *history = state;
  const uint32_t stride = DYNQ_HISTORY_STRIDE(channels), newest = history->newest;
  const uint32_t count = (frames - 1u) / dilation + 1u, straight = newest / dilation + 1u; /* the rest lies above */
  const uint8_t *codes = codes_of(history, channels, frames, 0);
  dynq_past_t *past = scratch, *const end = past + count, *const turn = straight < count ? past + straight : end;
  window->frames = past;
  window->count = count;
  uint32_t largest = note(codes, history->tags, newest, stride, dilation, past, turn, EMPTY), zeros = 0;
  largest = note(codes, history->tags, newest + frames - straight * dilation, stride, dilation, turn, end, largest);
  if (largest == INVALID) {
    return 0;
  }
  /* scale * 2^(exponent - 7), as bits: features have exponent 0, floats the scale 1 */
  window->unit = largest == EMPTY ? 0.0f : dynq_float(dynq_bits(scale) + ((largest - EXPONENT_BIAS - MAX_SHIFT) << 23));
  const uint32_t lowest = (largest == EMPTY ? INVALID : largest) - MAX_SHIFT; /* an empty frame is far below */
  for (; past < end; past++) {
    const uint32_t tag = past->shift, shift = EXPONENT(tag) - lowest;
    past->shift = shift <= MAX_SHIFT ? shift : DYNQ_NO_SHIFT;
    past->zero = shift <= MAX_SHIFT ? (int32_t)((tag >> 8) << shift) : 0;
    zeros |= (uint32_t)past->zero;
  }
  window->zeros = zeros;
  return 1;
}

uint32_t dynq_history_group(const dynq_window_t *window, int32_t *zero) {
  dynq_past_t *frames = window->frames;
  uint32_t counted = 0;
  *zero = 0;
  for (uint32_t i = 0; i < window->count; i++) {
    const dynq_past_t frame = frames[i];
    uint32_t at = i;
    for (; at > 0 && frames[at - 1u].shift > frame.shift; at--) {
      frames[at] = frames[at - 1u];
    }
    frames[at] = frame;
    counted += frame.shift != DYNQ_NO_SHIFT;
    *zero += frame.zero;
  }
  return counted;
}
