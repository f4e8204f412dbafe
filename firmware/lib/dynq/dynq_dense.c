#include "dynq_layers.h"

void dynq_dense_step(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                     void *scratch) {
  const dynq_signal_t *x = inputs[0];
  (void)state;
  if (x->is_codes) {
    dynq_layer_s8(layer, x->values, x->codes.scale, x->codes.zero_point, output->values, &output->range, scratch);
  } else {
    dynq_layer_f32(layer, x->values, &x->range, output->values, &output->range, scratch);
  }
}
