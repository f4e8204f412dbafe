/* Portable C, as plain as it can be: the kernels that the fast variants are compared with. */
#include "dynq_variant.h"

#if defined(DYNQ_VARIANT_REFERENCE)
#include "dynq_frame.h"
#include "dynq_packing.h"

const char *dynq_variant(void) {
  return "reference";
}

/* scratch: int8 codes[K] */
size_t dynq_scratch_bytes(uint32_t inputs) {
  return DYNQ_SCRATCH_BYTES(inputs);
}

int32_t dynq_codes(const dynq_layer_t *layer, const void *x, const dynq_frame_t *frame, void *scratch) {
  int8_t *codes = scratch;
  int32_t sum = 0;
  for (uint32_t k = 0; k < layer->inputs; k++) {
    int32_t code =
        frame ? dynq_round((((const float *)x)[k] - frame->offset) * frame->inverse) : ((const int8_t *)x)[k];
    codes[k] = (int8_t)dynq_clamp(code);
    sum += codes[k];
  }
  return sum;
}

/* |dot| <= 255 * 127 * 4096 < 2^31 */
static int32_t dot_w8(const uint8_t *column, const int8_t *codes, uint32_t inputs) {
  int32_t dot = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    dot += column[k] * codes[k];
  }
  return dot;
}

static int32_t dot_w4(const uint8_t *column, const int8_t *codes, uint32_t inputs) {
  int32_t dot = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    dot += ((column[k / 2] >> (k % 2 * 4)) & 15) * codes[k];
  }
  return dot;
}

static int32_t dot_w2(const uint8_t *column, const int8_t *codes, uint32_t inputs) {
  int32_t dot = 0;
  for (uint32_t k = 0; k < inputs; k++) {
    dot += ((column[k / 4] >> (k % 4 * 2)) & 3) * codes[k];
  }
  return dot;
}

void dynq_columns(const dynq_layer_t *layer, const dynq_frame_t *frame, const void *scratch, float *y,
                  dynq_range_t *y_range) {
  const uint8_t *column = layer->weights;
  const uint32_t stride = DYNQ_REFERENCE_COLUMN_BYTES(layer->inputs, layer->bits);
  const float product = frame->scale * (float)frame->code_sum;
  for (uint32_t j = 0; j < layer->outputs; j++, column += stride) {
    const float *p = layer->columns + 4 * j;
    int32_t dot = layer->bits == 8   ? dot_w8(column, scratch, layer->inputs)
                  : layer->bits == 4 ? dot_w4(column, scratch, layer->inputs)
                                     : dot_w2(column, scratch, layer->inputs);
    float value = dynq_affine(frame, product, dot, p[0], p[1], p[2], p[3]);
    y[j] = layer->relu && value < 0.0f ? 0.0f : value;
  }
  if (y_range != NULL) {
    dynq_scan(y, layer->outputs, y_range);
  }
}
#endif
