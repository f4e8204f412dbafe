#include "dynq_network.h"

#include <string.h>

void dynq_network_reset(dynq_network_t *network) {
  memset(network->window, 0, (size_t)network->rows * network->bands);
  for (uint16_t i = 0; i < network->node_count; i++) {
    const dynq_node_t *node = &network->nodes[i];
    if (node->state) {
      memset(node->state, 0, node->state_bytes);
    }
  }
  network->due = 0;
}

int dynq_network_push(dynq_network_t *network, const int8_t *rows, uint32_t count) {
  const size_t bands = network->bands;
  const uint32_t taken = count < network->rows ? count : network->rows;
  const size_t kept = (network->rows - taken) * bands;
  memmove(network->window, network->window + taken * bands, kept);
  memcpy(network->window + kept, rows + (count - taken) * bands, taken * bands);
  network->due = (uint16_t)((network->due + count) % network->stride);
  return network->due == 0;
}

void dynq_network_node(dynq_network_t *network, uint16_t index) {
  const dynq_node_t *node = &network->nodes[index];
  const dynq_signal_t *inputs[DYNQ_MAX_SOURCES];
  for (unsigned i = 0; i < DYNQ_MAX_SOURCES; i++) {
    inputs[i] = &network->signals[node->sources[i]];
  }
  node->step(node->layer, inputs, &network->signals[index + 1], node->state, network->scratch);
}

const float *dynq_network_step(dynq_network_t *network, const int8_t *row) {
  if (!dynq_network_push(network, row, 1)) {
    return NULL;
  }
  for (uint16_t i = 0; i < network->node_count; i++) {
    dynq_network_node(network, i);
  }
  return network->signals[network->node_count].values;
}
