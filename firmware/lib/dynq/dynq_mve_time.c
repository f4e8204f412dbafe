/* Filters, means and sums on mve: eight channels at a time, in lanes of 16 bits. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_MVE)
#include "dynq_mve.h"

void dynq_history_codes(const float *x, uint32_t n, int32_t exponent, uint32_t zero, uint8_t *codes) {
  const float inverse = dynq_float((uint32_t)(127 - exponent) << 23), rounder = DYNQ_ROUNDER + (float)zero;
  for (int32_t left = (int32_t)n; left > 0; left -= 4, x += 4, codes += 4) {
    const mve_pred16_t real = vctp32q((uint32_t)left);
    const float32x4_t value = vaddq_n_f32(vmulq_n_f32(vldrwq_z_f32(x, real), inverse), rounder);
    vstrbq_p_u32(codes, vreinterpretq_u32_f32(value), real);
  }
}

/* Even and odd channels of eight. */
typedef struct {
  int32x4_t even;
  int32x4_t odd;
} totals_t;

static inline int16x8_t values_of(const dynq_past_t *frame, uint32_t channel) {
  const uint16x8_t codes = vldrbq_u16(frame->codes + channel);
  return vsubq_n_s16(vreinterpretq_s16_u16(vshlq_r_u16(codes, (int32_t)frame->shift)), (int16_t)frame->zero);
}

/* Puts the totals in order and stores them; of words there are as many as of channels, or the same for all. */
static inline void store(totals_t totals, uint32_t channel, uint32_t channels, float unit, const uint32_t *words,
                         uint32_t each, int32x4_t floor, float *y) {
  int32_t ordered[8];
  const uint32x4_t even = vidupq_n_u32(0, 2);
  vstrwq_scatter_shifted_offset_s32(ordered, even, totals.even);
  vstrwq_scatter_shifted_offset_s32(ordered + 1, even, totals.odd);
  for (uint32_t half = 0; half < 8 && channel + half < channels; half += 4) {
    const int32x4_t value = dynq_mve_affine(unit, vld1q_u32(words + each * half), vld1q_s32(ordered + half));
    vstrwq_p_s32((int32_t *)(void *)(y + channel + half), vmaxq_s32(value, floor), vctp32q(channels - channel - half));
  }
}

void dynq_filter_channels(const dynq_filter_t *layer, const dynq_window_t *window, dynq_signal_t *output) {
  const int8_t *taps = layer->taps;
  const int32x4_t floor = vdupq_n_s32(layer->relu ? 0 : INT32_MIN);
  for (uint32_t c = 0; c < layer->channels; c += 8) {
    totals_t totals = {vdupq_n_s32(0), vdupq_n_s32(0)};
    for (uint32_t i = 0; i < window->count; i++, taps += 8) {
      const int16x8_t values = values_of(&window->frames[i], c), tap = vldrbq_s16(taps);
      totals.even = vaddq_s32(totals.even, vmullbq_int_s16(values, tap));
      totals.odd = vaddq_s32(totals.odd, vmulltq_int_s16(values, tap));
    }
    store(totals, c, layer->channels, window->unit, layer->parameters + c, 1, floor, output->values);
  }
  if (output->ranged) {
    dynq_scan(output->values, layer->channels, &output->range);
  }
}

void dynq_mean_channels(const dynq_mean_t *layer, const dynq_window_t *window, dynq_signal_t *output) {
  const uint32_t words[4] = {layer->share, layer->share, layer->share, layer->share};
  for (uint32_t c = 0; c < layer->channels; c += 8) {
    totals_t totals = {vdupq_n_s32(0), vdupq_n_s32(0)};
    for (uint32_t i = 0; i < window->count; i++) {
      const int16x8_t values = values_of(&window->frames[i], c);
      totals.even = vaddq_s32(totals.even, vmovlbq_s16(values));
      totals.odd = vaddq_s32(totals.odd, vmovltq_s16(values));
    }
    store(totals, c, layer->channels, window->unit, words, 0, vdupq_n_s32(INT32_MIN), output->values);
  }
  if (output->ranged) {
    dynq_scan(output->values, layer->channels, &output->range);
  }
}

void dynq_add_channels(const dynq_add_t *layer, const float *a, const float *b, dynq_signal_t *output) {
  const int32x4_t floor = vdupq_n_s32(layer->relu ? 0 : INT32_MIN);
  int32_t *y = output->values;
  for (int32_t left = layer->channels; left > 0; left -= 4, a += 4, b += 4, y += 4) {
    const mve_pred16_t real = vctp32q((uint32_t)left);
    const float32x4_t sum = vaddq_f32(vldrwq_z_f32(a, real), vldrwq_z_f32(b, real));
    vstrwq_p_s32(y, vmaxq_s32(vreinterpretq_s32_f32(sum), floor), real);
  }
  if (output->ranged) {
    dynq_scan(output->values, layer->channels, &output->range);
  }
}
#endif
