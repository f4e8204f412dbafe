/* Portable C, as plain as it can be: the kernels that the fast variants are compared with. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_REFERENCE)
#include "dynq_history.h"

const char *dynq_variant(void) {
  return "reference";
}

static int32_t find_codes(const dynq_dense_t *layer, const void *x, const dynq_frame_t *frame, void *scratch) {
  int8_t *codes = scratch;
  int32_t sum = 0;
  for (uint32_t k = 0; k < layer->inputs; k++) {
    codes[k] = frame == NULL
                   ? ((const int8_t *)x)[k]
                   : (int8_t)dynq_code(((const float *)x)[k], frame->inverse, DYNQ_ROUNDER - (float)frame->zero);
    sum += codes[k];
  }
  return sum;
}

/* |dot| <= 255 * 128 * 4096 < 2^31 */
static inline __attribute__((always_inline)) int32_t dot_of(const uint8_t *column, const int8_t *codes, uint32_t inputs,
                                                            uint32_t bits) {
  const uint32_t per_byte = 8u / bits, mask = (1u << bits) - 1u;
  int32_t dot = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    dot += (int32_t)((column[k / per_byte] >> (k % per_byte * bits)) & mask) * codes[k];
  }
  return dot;
}

static float finish(float value, uint8_t relu) {
  return relu && value < 0.0f ? 0.0f : value;
}

static void find_range(uint32_t count, dynq_signal_t *output) {
  if (output->ranged) {
    dynq_scan(output->values, count, &output->range);
  }
}

static inline __attribute__((always_inline)) void columns(const dynq_dense_t *layer, const dynq_frame_t *frame,
                                                          const void *scratch, dynq_signal_t *output, uint32_t bits) {
  const uint8_t *column = layer->weights;
  const uint32_t stride = DYNQ_REFERENCE_COLUMN_BYTES(layer->inputs, bits);
  const int32_t middle = frame->code_sum * (1 << (bits - 1u));
  float *y = output->values;
  for (uint32_t j = 0; j < layer->outputs; j++, column += stride) {
    const uint32_t *word = layer->columns + 2 * j;
    const int32_t dot = dot_of(column, scratch, layer->inputs, bits) - middle;
    y[j] =
        finish(dynq_affine(frame->step, word[0], dynq_total(dot, frame, word[1], DYNQ_SUM_SHIFT(bits))), layer->relu);
  }
  find_range(layer->outputs, output);
}

#define KERNEL(bits)                                                                                                   \
  static void columns_w##bits(const dynq_dense_t *layer, const dynq_frame_t *frame, const void *scratch,               \
                              dynq_signal_t *output) {                                                                 \
    columns(layer, frame, scratch, output, bits);                                                                      \
  }                                                                                                                    \
  DYNQ_DENSE(bits, find_codes, columns_w##bits)
KERNEL(8)
KERNEL(4)
KERNEL(2)

void dynq_history_codes(const float *x, uint32_t n, int32_t exponent, uint32_t zero, uint8_t *codes) {
  const float inverse = dynq_float((uint32_t)(127 - exponent) << 23), rounder = DYNQ_ROUNDER + (float)zero;
  for (uint32_t c = 0; c < n; c++) {
    codes[c] = (uint8_t)dynq_code(x[c], inverse, rounder);
  }
}

void dynq_filter_channels(const dynq_filter_t *layer, const dynq_window_t *window, dynq_signal_t *output) {
  float *y = output->values;
  for (uint32_t c = 0; c < layer->channels; c++) {
    int32_t total = 0;
    for (uint32_t i = 0; i < window->count; i++) {
      total += layer->taps[c * window->count + i] * dynq_past_value(&window->frames[i], c);
    }
    y[c] = finish(dynq_affine(window->unit, layer->parameters[c], total), layer->relu);
  }
  find_range(layer->channels, output);
}

void dynq_mean_channels(const dynq_mean_t *layer, const dynq_window_t *window, dynq_signal_t *output) {
  float *y = output->values;
  for (uint32_t c = 0; c < layer->channels; c++) {
    int32_t total = 0;
    for (uint32_t i = 0; i < window->count; i++) {
      total += dynq_past_value(&window->frames[i], c);
    }
    y[c] = dynq_affine(window->unit, layer->share, total);
  }
  find_range(layer->channels, output);
}

void dynq_add_channels(const dynq_add_t *layer, const float *a, const float *b, dynq_signal_t *output) {
  float *y = output->values;
  for (uint32_t c = 0; c < layer->channels; c++) {
    y[c] = finish(a[c] + b[c], layer->relu);
  }
  find_range(layer->channels, output);
}
#endif
