/* Layers that look back in time, and the sum of two signals: what surrounds the variant's kernels. */
#include "dynq_history.h"

static float scale_of(const dynq_signal_t *input) {
  return input->is_codes ? input->codes.scale : 1.0f;
}

void dynq_filter(const void *descriptor, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                 void *scratch) {
  const dynq_filter_t *layer = descriptor;
  const uint32_t frames = (layer->count - 1u) * layer->dilation + 1u;
  dynq_window_t window;
  dynq_history_push(state, layer->channels, frames, inputs[0]);
  if (dynq_history_window(state, layer->channels, frames, layer->dilation, scale_of(inputs[0]), scratch, &window)) {
    dynq_filter_channels(layer, &window, output);
  } else {
    dynq_invalid(output, layer->channels);
  }
}

void dynq_mean(const void *descriptor, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
               void *scratch) {
  const dynq_mean_t *layer = descriptor;
  dynq_window_t window;
  dynq_history_push(state, layer->channels, layer->frames, inputs[0]);
  if (dynq_history_window(state, layer->channels, layer->frames, 1, scale_of(inputs[0]), scratch, &window)) {
    dynq_mean_channels(layer, &window, output);
  } else {
    dynq_invalid(output, layer->channels);
  }
}

void dynq_add(const void *descriptor, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
              void *scratch) {
  (void)state;
  (void)scratch;
  dynq_add_channels(descriptor, inputs[0]->values, inputs[1]->values, output);
}
