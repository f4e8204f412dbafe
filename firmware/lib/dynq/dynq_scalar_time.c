/* Filters, means and sums on cores without DSP instructions or FPU. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_SCALAR)
#include "dynq_history.h"
#include "dynq_soft.h"

void dynq_history_codes(const float *x, uint32_t n, int32_t exponent, uint32_t zero, uint8_t *codes) {
  for (uint32_t c = 0; c < n; c++) {
    const uint32_t bits = dynq_bits(x[c]), code = dynq_soft_rint(bits, exponent);
    codes[c] = (uint8_t)((int32_t)bits < 0 ? zero - code : zero + code);
  }
}

static void store(const int32_t *totals, uint32_t c, uint32_t channels, const dynq_unit_t *unit, const uint32_t *words,
                  uint32_t relu, uint32_t *y) {
  const uint32_t left = channels - c;
  dynq_soft_outputs(unit, words, totals, left < DYNQ_CHANNEL_TILE ? left : DYNQ_CHANNEL_TILE, relu, y + c);
}

static inline int32_t shifted(uint8_t code, uint32_t shift, int32_t zero) {
  return (int32_t)((uint32_t)code << shift) - zero;
}

void dynq_filter_channels(const dynq_filter_t *layer, const dynq_window_t *window, dynq_signal_t *output) {
  const dynq_unit_t unit = dynq_unit(window->unit);
  const dynq_past_t *end = window->frames + window->count;
  const int8_t *taps = layer->taps;
  for (uint32_t c = 0; c < layer->channels; c += DYNQ_CHANNEL_TILE) {
    int32_t totals[DYNQ_CHANNEL_TILE], p = 0, q = 0, r = 0, s = 0;
    for (const dynq_past_t *frame = window->frames; frame < end; frame++, taps += DYNQ_CHANNEL_TILE) {
      if (frame->shift != DYNQ_NO_SHIFT) {
        const uint8_t *codes = frame->codes + c;
        const uint32_t shift = frame->shift;
        const int32_t zero = frame->zero;
        p += taps[0] * shifted(codes[0], shift, zero);
        q += taps[1] * shifted(codes[1], shift, zero);
        r += taps[2] * shifted(codes[2], shift, zero);
        s += taps[3] * shifted(codes[3], shift, zero);
      }
    }
    totals[0] = p;
    totals[1] = q;
    totals[2] = r;
    totals[3] = s;
    store(totals, c, layer->channels, &unit, layer->parameters + c, layer->relu, output->values);
  }
  if (output->ranged) {
    dynq_scan(output->values, layer->channels, &output->range);
  }
}

void dynq_mean_channels(const dynq_mean_t *layer, const dynq_window_t *window, dynq_signal_t *output) {
  const uint32_t words[DYNQ_CHANNEL_TILE] = {layer->share, layer->share, layer->share, layer->share};
  const dynq_unit_t unit = dynq_unit(window->unit);
  int32_t zero;
  const dynq_past_t *end = window->frames + dynq_history_group(window, &zero);
  for (uint32_t c = 0; c < layer->channels; c += DYNQ_CHANNEL_TILE) {
    uint32_t p = (uint32_t)-zero, q = p, r = p, s = p;
    for (const dynq_past_t *frame = window->frames; frame < end;) {
      const uint32_t shift = frame->shift;
      uint32_t even = 0, odd = 0; /* channels 0 and 2, 1 and 3: in halves of a word */
      do {
        const uint32_t four = *(const uint32_t *)(const void *)(frame->codes + c);
        even += four & 0x00ff00ffu;
        odd += four >> 8 & 0x00ff00ffu;
        frame++;
      } while (frame < end && frame->shift == shift);
      p += (even & 0xffffu) << shift;
      q += (odd & 0xffffu) << shift;
      r += (even >> 16) << shift;
      s += (odd >> 16) << shift;
    }
    const int32_t totals[DYNQ_CHANNEL_TILE] = {(int32_t)p, (int32_t)q, (int32_t)r, (int32_t)s};
    store(totals, c, layer->channels, &unit, words, 0, output->values);
  }
  if (output->ranged) {
    dynq_scan(output->values, layer->channels, &output->range);
  }
}

void dynq_add_channels(const dynq_add_t *layer, const float *a, const float *b, dynq_signal_t *output) {
  uint32_t *y = output->values;
  for (uint32_t c = 0; c < layer->channels; c++) {
    const uint32_t value = dynq_soft_add(dynq_bits(a[c]), dynq_bits(b[c]));
    y[c] = layer->relu ? dynq_relu(value) : value;
  }
  if (output->ranged) {
    dynq_scan(output->values, layer->channels, &output->range);
  }
}
#endif
