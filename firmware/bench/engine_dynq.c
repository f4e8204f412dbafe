/* The network of a generated kws_model.c: an inference is a step, and takes the rows since the last one. */
#include "engine.h"
#include "kws_model.h"

int engine_start(uint32_t arena_bytes) {
  dynq_network_reset(&kws_network);
  return arena_bytes == 0;
}

const void *engine_run(const int8_t *input, uint32_t bytes) {
  const float *output = 0;
  for (uint32_t at = 0; at < bytes; at += kws_network.bands) {
    output = dynq_network_step(&kws_network, input + at);
  }
  return output;
}
