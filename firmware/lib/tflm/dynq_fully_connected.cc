/* DYNQ_FULLY_CONNECTED: checks everything once in prepare, then calls the kernel library. */
#include <cstring>

#include "dynq_layers.h"
#include "dynq_operator.h"

namespace dynq {
namespace {

enum Input { kFeatures, kWeights, kColumns, kInputRange };
enum Output { kResult, kOutputRange };

struct Data {
  Options options;
  dynq_dense_t layer;
  dynq_step_t step;
  dynq_codes_t codes;
  int scratch;
  bool int8_input;
  bool has_input_range;
  bool has_output_range;
};

/* What docs/method.md lets the scale of features be, so that kernels multiply it exactly. */
bool IsScale(float scale) {
  uint32_t bits;
  memcpy(&bits, &scale, sizeof bits);
  return scale >= 0x1p-16f && scale <= 0x1p16f && (bits & 0x1fffu) == 0;
}

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

const char *CheckFeatures(const Tensor &features, uint32_t inputs, Data *data) {
  data->int8_input = features.IsComputed(kTfLiteInt8, inputs);
  if (!data->int8_input && !features.IsComputed(kTfLiteFloat32, inputs * sizeof(float))) {
    return "input 0 (features): not computed int8 or float32 of the length in the options";
  }
  if (data->int8_input) {
    data->codes = {features.get()->params.scale, features.get()->params.zero_point};
    if (!IsScale(data->codes.scale) || data->codes.zero_point < -128 || data->codes.zero_point > 127) {
      return "input 0 (features): no usable scale and zero point";
    }
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
  const int inputs = node->inputs != nullptr ? node->inputs->size : 0;
  const int outputs = node->outputs != nullptr ? node->outputs->size : 0;
  if (inputs < 3 || inputs > 4) {
    return "inputs: neither 3 nor 4";
  }
  if (outputs < 1 || outputs > 2) {
    return "outputs: neither 1 nor 2";
  }
  dynq_fully_connected_options_t options;
  const char *error = CheckOptions(data->options, &options);
  if (error == nullptr) {
    error = CheckFeatures(Tensor::Input(context, node, kFeatures), options.inputs, data);
  }
  if (error == nullptr) {
    error = CheckConstants(context, node, options, &data->layer);
  }
  if (error != nullptr) {
    return error;
  }
  data->step = options.bits == 8 ? dynq_dense_w8 : options.bits == 4 ? dynq_dense_w4 : dynq_dense_w2;
  data->has_input_range = inputs == 4;
  data->has_output_range = outputs == 2;
  if (data->has_input_range &&
      (data->int8_input || !Tensor::Input(context, node, kInputRange).IsComputed(kTfLiteFloat32, 8))) {
    return "input 3 (range): not 2 computed float32 beside float32 features";
  }
  if (!Tensor::Output(context, node, kResult).IsComputed(kTfLiteFloat32, options.outputs * sizeof(float))) {
    return "output 0 (result): not computed float32 of the length in the options";
  }
  if (data->has_output_range && !Tensor::Output(context, node, kOutputRange).IsComputed(kTfLiteFloat32, 8)) {
    return "output 1 (range): not 2 computed float32";
  }
  return nullptr;
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
  dynq_signal_t x{}, y{};
  const dynq_signal_t *const inputs[] = {&x};
  if (data->int8_input) {
    x.values = GetEvalInput(context, node, kFeatures)->data.int8;
    x.codes = data->codes;
    x.is_codes = 1;
  } else {
    float *values = GetEvalInput(context, node, kFeatures)->data.f;
    x.values = values;
    if (data->has_input_range) {
      memcpy(&x.range, GetEvalInput(context, node, kInputRange)->data.f, sizeof x.range);
    } else {
      dynq_scan(values, data->layer.inputs, &x.range);
    }
  }
  y.values = GetEvalOutput(context, node, kResult)->data.f;
  y.ranged = data->has_output_range;
  data->step(&data->layer, inputs, &y, nullptr, GetMicroContext(context)->GetScratchBuffer(data->scratch));
  if (data->has_output_range) {
    memcpy(GetEvalOutput(context, node, kOutputRange)->data.f, &y.range, sizeof y.range);
  }
  return kTfLiteOk;
}

} // namespace

const TFLMRegistration *FullyConnected::Registration() {
  static const TFLMRegistration registration = {InitData<Data>, nullptr, Prepare, Invoke, nullptr, 0, nullptr};
  return &registration;
}

} // namespace dynq
