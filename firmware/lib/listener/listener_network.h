/* A listener's model that is a network of the kernel library (../dynq). */
#ifndef LISTENER_NETWORK_H_
#define LISTENER_NETWORK_H_

#include <stdbool.h>
#include <string.h>

#include "dynq_network.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A listener_step_t; `network` is a dynq_network_t. Nothing goes wrong in it. */
static inline const char *listener_network_step(void *network, const int8_t *row, float *logits, bool *done) {
  dynq_network_t *own = (dynq_network_t *)network;
  const float *output = dynq_network_step(own, row);
  *done = output != NULL;
  if (*done) {
    memcpy(logits, output, own->nodes[own->node_count - 1].outputs * sizeof *logits);
  }
  return NULL;
}

#ifdef __cplusplus
}
#endif
#endif
