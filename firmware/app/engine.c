/* Rows to steps, whichever engine runs them. */
#include "engine.h"

#include <string.h>

#include "engine_backend.h"
#include "kws_model.h"

enum { CLIP_ROWS = KWS_INPUTS / KWS_BANDS, LAST = KWS_LAYERS - 1 };

uint32_t engine_ticks[KWS_LAYERS];
static const char *problem = "not started";

const char *engine_init(void) {
  problem = engine_backend_start();
  engine_reset();
  return problem;
}

void engine_reset(void) {
  if (!problem) {
    dynq_network_reset(&kws_network);
    engine_backend_reset();
  }
}

const char *engine_step(const int8_t *row, float *logits, bool *done) {
  const float *output = NULL;
  *done = false;
  if (problem || !dynq_network_push(&kws_network, row, 1)) {
    return problem;
  }
  const char *error = engine_backend_run(LAST, &output);
  if (!error) {
    memcpy(logits, output, KWS_LABELS * sizeof *logits);
    *done = true;
  }
  return error;
}

/* A clip whose last step ends with layer `last`. Where no layer keeps anything, only the last step counts. */
static const char *run_clip(const int8_t *clip, uint16_t last, const float **output) {
  const uint32_t rows = KWS_STATE_BYTES > 0 ? KWS_STRIDE : CLIP_ROWS;
  const char *error = problem;
  engine_reset();
  for (uint32_t row = 0; row < CLIP_ROWS && !error; row += rows) {
    dynq_network_push(&kws_network, clip + row * KWS_BANDS, rows);
    error = engine_backend_run(row + rows < CLIP_ROWS ? LAST : last, output);
  }
  return error;
}

const char *engine_invoke(const int8_t *features, float *logits) {
  const float *output = NULL;
  const char *error = run_clip(features, LAST, &output);
  if (!error) {
    memcpy(logits, output, KWS_LABELS * sizeof *logits);
  }
  return error;
}

const float *engine_layer_output(const int8_t *features, uint16_t index) {
  const float *output = NULL;
  return run_clip(features, index, &output) ? NULL : output;
}

uint16_t engine_layer_count(void) {
  return KWS_LAYERS;
}

engine_layer_t engine_layer(uint16_t index) {
  const dynq_node_t *node = &kws_network.nodes[index];
  return (engine_layer_t){node->name, node->outputs, engine_ticks[index]};
}
