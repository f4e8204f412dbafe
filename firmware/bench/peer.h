/* Kernels of others in the same runner, by int8 or int4 weights; see peer_cmsis_nn.c. */
#ifndef BENCH_PEER_H_
#define BENCH_PEER_H_

#include "dynq_layers.h"

void peer_dense_s8(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                   void *scratch);
void peer_dense_s4(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                   void *scratch);

#endif
