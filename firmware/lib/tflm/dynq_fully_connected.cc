/* DYNQ_FULLY_CONNECTED: checks everything once in prepare, then calls the kernel library. */
#include "dynq_signal.h"

namespace dynq {
namespace {

enum Input { kFeatures, kWeights, kColumns, kRange };

struct Data {
  Options options;
  Features features;
  Result result;
  dynq_dense_t layer;
  dynq_step_t step;
  int scratch;
};

const char *CheckOptions(const Options &file, dynq_fully_connected_options_t *options) {
  const char *error = file.Read(DYNQ_FULLY_CONNECTED_VERSION, options);
  if (error != nullptr) {
    return error;
  }
  if (options->relu > 1) {
    return "options: relu is neither 0 nor 1";
  }
  if (dynq_weight_bytes(options->inputs, options->outputs, options->bits) == 0) {
    return "options: no kernel for these bits, inputs and outputs";
  }
  return nullptr;
}

const char *CheckConstants(TfLiteContext *context, TfLiteNode *node, const dynq_fully_connected_options_t &options,
                           dynq_dense_t *layer) {
  const Tensor weights = Tensor::Input(context, node, kWeights);
  const Tensor columns = Tensor::Input(context, node, kColumns);
  if (!weights.IsConstant(kTfLiteUInt8, dynq_weight_bytes(options.inputs, options.outputs, options.bits))) {
    return "input 1 (weights): not constant, 16-byte aligned uint8 of the packed size";
  }
  if (!columns.IsConstant(kTfLiteUInt32, dynq_column_bytes(options.outputs))) {
    return "input 2 (columns): not constant, 16-byte aligned uint32 of 2 per column";
  }
  layer->weights = weights.get()->data.raw;
  layer->columns = reinterpret_cast<const uint32_t *>(columns.get()->data.raw);
  layer->inputs = options.inputs;
  layer->outputs = options.outputs;
  layer->relu = options.relu;
  return nullptr;
}

const char *Check(TfLiteContext *context, TfLiteNode *node, Data *data) {
  if (data == nullptr) {
    return kArenaTooSmall;
  }
  dynq_fully_connected_options_t options;
  const char *error = CheckCounts(node, kRange);
  if (error == nullptr) {
    error = CheckOptions(data->options, &options);
  }
  if (error == nullptr) {
    error = data->features.Check(context, node, options.inputs, kRange);
  }
  if (error == nullptr) {
    error = CheckConstants(context, node, options, &data->layer);
  }
  if (error == nullptr) {
    data->step = options.bits == 8 ? dynq_dense_w8 : options.bits == 4 ? dynq_dense_w4 : dynq_dense_w2;
    error = data->result.Check(context, node, options.outputs);
  }
  return error;
}

TfLiteStatus Prepare(TfLiteContext *context, TfLiteNode *node) {
  auto *data = static_cast<Data *>(node->user_data);
  if (Accept(FullyConnected::kName, Check(context, node, data)) != kTfLiteOk) {
    return kTfLiteError;
  }
  return GetMicroContext(context)->RequestScratchBufferInArena(DYNQ_DENSE_SCRATCH_BYTES(data->layer.inputs),
                                                               &data->scratch);
}

TfLiteStatus Invoke(TfLiteContext *context, TfLiteNode *node) {
  const auto *data = static_cast<const Data *>(node->user_data);
  const dynq_signal_t x = data->features.Read(context, node);
  const dynq_signal_t *const inputs[] = {&x};
  dynq_signal_t y = data->result.Begin(context, node);
  data->step(&data->layer, inputs, &y, nullptr, GetMicroContext(context)->GetScratchBuffer(data->scratch));
  data->result.End(context, node, y);
  return kTfLiteOk;
}

} // namespace

const TFLMRegistration *FullyConnected::Registration() {
  static const TFLMRegistration registration = {InitData<Data>, nullptr, Prepare, Invoke, nullptr, 0, nullptr};
  return &registration;
}

} // namespace dynq
