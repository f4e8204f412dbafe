/* CMSIS-NN's fully-connected kernels as steps of layers, for a bench that is given its sources (python -m lab.bench
 * --cmsis-nn DIR). int8 in, int8 out; the descriptor is a dense layer's, whose columns are int32 [4][outputs]: bias
 * with the input's offset times the weights' sum (an argument of the Helium kernels), bias, multipliers, shifts. */
#include <arm_nnfunctions.h>

#include "peer.h"

#define INPUT_OFFSET 20 /* lab/bench/peers.py knows it */

typedef struct {
  const int8_t *weights;
  int32_t *sums, *bias, *multipliers, *shifts;
  cmsis_nn_dims input, filter, biases, output;
  cmsis_nn_fc_params parameters;
} call_t;

static call_t call_of(const dynq_dense_t *layer) {
  const int32_t n = layer->outputs, k = layer->inputs;
  int32_t *columns = (int32_t *)(uintptr_t)layer->columns;
  return (call_t){
      .weights = layer->weights,
      .sums = columns,
      .bias = columns + n,
      .multipliers = columns + 2 * n,
      .shifts = columns + 3 * n,
      .input = {1, 1, 1, k},
      .filter = {k, 1, 1, n},
      .biases = {1, 1, 1, n},
      .output = {1, 1, 1, n},
      .parameters = {INPUT_OFFSET, 0, 0, {-128, 127}},
  };
}

void peer_dense_s8(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                   void *scratch) {
  const call_t call = call_of(layer);
  const cmsis_nn_context context = {call.sums, 0};
  const cmsis_nn_per_channel_quant_params quantization = {call.multipliers, call.shifts};
  (void)state;
  (void)scratch;
  (void)arm_fully_connected_per_channel_s8(&context, &call.parameters, &quantization, &call.input, inputs[0]->values,
                                           &call.filter, call.weights, &call.biases, call.bias, &call.output,
                                           output->values);
}

void peer_dense_s4(const void *layer, const dynq_signal_t *const inputs[], dynq_signal_t *output, void *state,
                   void *scratch) {
  const call_t call = call_of(layer);
  const cmsis_nn_context context = {call.sums, 0};
  const cmsis_nn_per_tensor_quant_params quantization = {call.multipliers[0], call.shifts[0]};
  (void)state;
  (void)scratch;
  (void)arm_fully_connected_s4(&context, &call.parameters, &quantization, &call.input, inputs[0]->values, &call.filter,
                               call.weights, &call.biases, call.bias, &call.output, output->values);
}
