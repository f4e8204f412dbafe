/* A network: layers that run one after another, step by step over rows of features. All of it is generated: constants
 * in flash, buffers in RAM (pipeline/export/c_arrays.py). No allocation, no global state. */
#ifndef DYNQ_NETWORK_H_
#define DYNQ_NETWORK_H_

#include "dynq_layers.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DYNQ_MAX_SOURCES 2

typedef struct {
  const char *name;
  dynq_step_t step;
  const void *layer;
  void *state;
  uint16_t state_bytes;
  uint16_t outputs;
  uint8_t sources[DYNQ_MAX_SOURCES]; /* signals it reads; its own output is the signal after its number */
} dynq_node_t;

typedef struct {
  const dynq_node_t *nodes;
  dynq_signal_t *signals; /* [node_count + 1]: the window, then every node's output */
  int8_t *window;         /* [rows * bands], oldest row first */
  void *scratch;
  uint32_t buffer_bytes; /* RAM of activations, window, states and scratch */
  uint16_t node_count;
  uint16_t bands;  /* codes in a row */
  uint16_t rows;   /* that the first layer sees side by side */
  uint16_t stride; /* rows from one step to the next */
  uint16_t due;    /* rows since the last step */
} dynq_network_t;

/* Forgets every row: as if only zeros had come. */
void dynq_network_reset(dynq_network_t *network);

/* Takes the next `count` rows, int8 [count * bands]. Whether a step is due: after every `stride` rows. */
int dynq_network_push(dynq_network_t *network, const int8_t *rows, uint32_t count);

/* Runs one node. A step is all of them in order. */
void dynq_network_node(dynq_network_t *network, uint16_t index);

/* Takes the next row and runs the step that it makes due. The last layer's outputs, or NULL where no step is due. */
const float *dynq_network_step(dynq_network_t *network, const int8_t *row);

#ifdef __cplusplus
}
#endif
#endif
