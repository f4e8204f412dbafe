/* Filters, means and sums on cortex_m4_dsp; the loops are in the .S beside this. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_CORTEX_M4_DSP)
#include "dynq_cortex_m4_dsp.h"

#define UNROLLED_FRAMES 3u

void dynq_history_codes(const float *x, uint32_t n, int32_t exponent, uint32_t zero, uint8_t *codes) {
  const dynq_m4_rounding_t rounding = {dynq_float((uint32_t)(127 - exponent) << 23), DYNQ_ROUNDER + (float)zero, 0.0f};
  const uint32_t whole = n & ~3u;
  dynq_m4_history_codes(x, whole, codes, &rounding);
  for (uint32_t c = whole; c < n; c++) {
    codes[c] = (uint8_t)dynq_code(x[c], rounding.inverse, rounding.rounder);
  }
}

/* With zeros in both halves of a word where there are any. */
static dynq_m4_window_t job_of(const dynq_window_t *window, const dynq_signal_t *output, uint32_t channels) {
  for (uint32_t i = 0; window->zeros != 0 && i < window->count; i++) {
    window->frames[i].zero *= 0x10001;
  }
  return (dynq_m4_window_t){.frames = window->frames,
                            .end = window->frames + window->count,
                            .y = output->values,
                            .channels = channels,
                            .unit = window->unit,
                            .skip = UNROLLED_FRAMES - 1u - (window->count - 1u) % UNROLLED_FRAMES};
}

void dynq_filter_channels(const dynq_filter_t *layer, const dynq_window_t *window, dynq_signal_t *output) {
  dynq_m4_window_t job = job_of(window, output, layer->channels);
  job.taps = layer->taps;
  job.parameters = layer->parameters;
  (window->zeros ? dynq_m4_filter_zeros : dynq_m4_filter)(&job);
  uint32_t *y = output->values;
  for (uint32_t c = 0; layer->relu && c < layer->channels; c++) {
    y[c] = dynq_relu(y[c]);
  }
  if (output->ranged) {
    dynq_scan(output->values, layer->channels, &output->range);
  }
}

void dynq_mean_channels(const dynq_mean_t *layer, const dynq_window_t *window, dynq_signal_t *output) {
  const uint32_t share[4] = {layer->share, layer->share, layer->share, layer->share};
  dynq_m4_window_t job = job_of(window, output, layer->channels);
  job.parameters = share;
  (window->zeros ? dynq_m4_mean_zeros : dynq_m4_mean)(&job);
  if (output->ranged) {
    dynq_scan(output->values, layer->channels, &output->range);
  }
}

void dynq_add_channels(const dynq_add_t *layer, const float *a, const float *b, dynq_signal_t *output) {
  const uint32_t high = (layer->relu ? dynq_m4_add_relu : dynq_m4_add)(a, b, output->values, layer->channels);
  if (output->ranged) {
    dynq_m4_range(layer->relu, high, layer->channels, output);
  }
}
#endif
