/* DYNQ_FULLY_CONNECTED: a matrix over one vector. */
#include "dynq_layer.h"

/* Weight bits that there are kernels for, added up: an image for one model needs those of its layers alone. */
#ifndef DYNQ_TFLM_WIDTHS
#define DYNQ_TFLM_WIDTHS (8 + 4 + 2)
#endif

namespace dynq {
namespace {

dynq_step_t KernelOf(uint32_t bits) {
  if ((DYNQ_TFLM_WIDTHS & 8) != 0 && bits == 8) {
    return dynq_dense_w8;
  }
  if ((DYNQ_TFLM_WIDTHS & 4) != 0 && bits == 4) {
    return dynq_dense_w4;
  }
  if ((DYNQ_TFLM_WIDTHS & 2) != 0 && bits == 2) {
    return dynq_dense_w2;
  }
  return nullptr;
}

enum Input { kFeatures, kWeights, kColumns, kRange };

struct DenseLayer {
  using FileOptions = dynq_fully_connected_options_t;
  static constexpr uint16_t kVersion = DYNQ_FULLY_CONNECTED_VERSION;
  static constexpr int kInputs = kRange;

  dynq_dense_t layer;

  const char *Configure(TfLiteContext *context, TfLiteNode *node, const FileOptions &options, Plan *plan) {
    if (options.relu > 1) {
      return "options: relu is neither 0 nor 1";
    }
    const size_t weight_bytes = dynq_weight_bytes(options.inputs, options.outputs, options.bits);
    const dynq_step_t step = KernelOf(options.bits);
    if (weight_bytes == 0 || step == nullptr) {
      return "options: no kernel for these bits, inputs and outputs";
    }
    const Tensor weights = Tensor::Input(context, node, kWeights);
    const Tensor columns = Tensor::Input(context, node, kColumns);
    if (!weights.IsConstant(kTfLiteUInt8, weight_bytes)) {
      return "input 1 (weights): not constant, 16-byte aligned uint8 of the packed size";
    }
    if (!columns.IsConstant(kTfLiteUInt32, dynq_column_bytes(options.outputs))) {
      return "input 2 (columns): not constant, 16-byte aligned uint32 of 2 per column";
    }
    layer.weights = weights.get()->data.raw;
    layer.columns = reinterpret_cast<const uint32_t *>(columns.get()->data.raw);
    layer.inputs = options.inputs;
    layer.outputs = options.outputs;
    layer.relu = options.relu;
    *plan = {options.inputs, options.outputs, 0, DYNQ_DENSE_SCRATCH_BYTES(options.inputs), step};
    return nullptr;
  }
};

} // namespace

const TFLMRegistration *FullyConnected::Registration() {
  return LayerOperator<FullyConnected, DenseLayer>::Registration();
}

} // namespace dynq
