/* One layer: range, codes, columns. The kernels proper are the variant's. */
#include "dynq_frame.h"

static void invalid_output(const dynq_layer_t *layer, float *y, dynq_range_t *y_range) {
  const uint32_t nan = DYNQ_NAN_BITS;
  for (uint32_t j = 0; j < layer->outputs; j++) {
    memcpy(&y[j], &nan, sizeof nan); /* as bits: moving it through an FPU must not matter */
  }
  if (y_range != NULL) {
    memcpy(&y_range->low, &nan, sizeof nan);
    memcpy(&y_range->high, &nan, sizeof nan);
  }
}

void dynq_layer_f32(const dynq_layer_t *layer, const float *x, const dynq_range_t *x_range, float *y,
                    dynq_range_t *y_range, void *scratch) {
  dynq_range_t scanned;
  dynq_frame_t frame;
  if (x_range == NULL) {
    dynq_scan(x, layer->inputs, &scanned);
    x_range = &scanned;
  }
  if (!dynq_frame_from_range(x_range, &frame)) {
    invalid_output(layer, y, y_range);
    return;
  }
  frame.code_sum = dynq_codes(layer, x, &frame, scratch);
  dynq_columns(layer, &frame, scratch, y, y_range);
}

void dynq_layer_s8(const dynq_layer_t *layer, const int8_t *x, float scale, int32_t zero_point, float *y,
                   dynq_range_t *y_range, void *scratch) {
  dynq_frame_t frame;
  frame.scale = scale;
  frame.offset = -(scale * (float)zero_point);
  frame.code_sum = dynq_codes(layer, x, NULL, scratch);
  dynq_columns(layer, &frame, scratch, y, y_range);
}
