#include "engine.h"

#include <string.h>

#include "board.h"
#include "dynq_packing.h"
#include "kws_model.h"

/* Layers read one buffer and write the other. */
static _Alignas(16) float activations[2][KWS_MAX_OUTPUTS];
static _Alignas(16) uint8_t scratch[DYNQ_SCRATCH_BYTES(KWS_MAX_INPUTS)];
static uint32_t ticks[KWS_LAYERS];
static const char *problem;

static const char *check(void) {
  if (strcmp(dynq_variant(), KWS_VARIANT) != 0) {
    return "the model is packed for other kernels";
  }
  for (uint16_t i = 0; i < kws_model.layer_count; i++) {
    if (dynq_scratch_bytes(kws_model.layers[i].inputs) > sizeof scratch) {
      return "scratch too small";
    }
  }
  return NULL;
}

const char *engine_init(void) {
  problem = check();
  return problem;
}

engine_info_t engine_info(void) {
  const uint32_t bytes = (uint32_t)(sizeof activations + sizeof scratch);
  return (engine_info_t){"aot", bytes, bytes};
}

/* Runs layers 0..last; the last one writes `output`. The frame's range travels with it, so that no layer scans its
 * input. */
static void run(const int8_t *features, uint16_t last, float *output, uint32_t *layer_ticks) {
  dynq_range_t range[2];
  for (uint16_t i = 0; i <= last; i++) {
    const dynq_layer_t *layer = &kws_model.layers[i];
    float *y = i == last ? output : activations[i & 1];
    const uint32_t start = board_ticks();
    if (i == 0) {
      dynq_layer_s8(layer, features, kws_model.input_scale, kws_model.input_zero_point, y, &range[0], scratch);
    } else {
      dynq_layer_f32(layer, activations[(i - 1) & 1], &range[(i - 1) & 1], y, &range[i & 1], scratch);
    }
    layer_ticks[i] = board_ticks() - start;
  }
}

const char *engine_invoke(const int8_t *features, float *logits) {
  if (!problem) {
    run(features, (uint16_t)(kws_model.layer_count - 1), logits, ticks);
  }
  return problem;
}

uint16_t engine_layer_count(void) {
  return kws_model.layer_count;
}

engine_layer_t engine_layer(uint16_t index) {
  return (engine_layer_t){kws_model.layer_names[index], kws_model.layers[index].outputs, ticks[index]};
}

const float *engine_layer_output(const int8_t *features, uint16_t index) {
  if (problem) {
    return NULL;
  }
  uint32_t unused[KWS_LAYERS];
  float *output = activations[index & 1];
  run(features, index, output, unused);
  return output;
}
