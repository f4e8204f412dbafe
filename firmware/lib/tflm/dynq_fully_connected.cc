/* DYNQ_FULLY_CONNECTED for TensorFlow Lite Micro: checks everything once in prepare, then calls the kernel library. */
#include <cstdint>
#include <cstring>

#include "dynq.h"
#include "dynq_options.h"
#include "dynq_seal.h"
#include "dynq_tflm.h"
#include "tensorflow/lite/micro/kernels/kernel_util.h"
#include "tensorflow/lite/micro/micro_context.h"
#include "tensorflow/lite/micro/micro_log.h"

namespace dynq {
namespace {

constexpr size_t kAlignment = 16; /* of weights: what the strictest kernel variant needs */

enum Input { kFeatures, kWeights, kColumns, kInputRange };
enum Output { kResult, kOutputRange };

struct OpData {
  const char *options;
  size_t option_bytes;
  dynq_layer_t layer;
  float input_scale;
  int32_t input_zero_point;
  int scratch;
  bool int8_input;
  bool has_input_range;
  bool has_output_range;
};

const char *last_error = nullptr;

/* A tensor as prepare sees it, given back at the end of the scope. */
class Tensor {
public:
  Tensor(TfLiteContext *context, TfLiteNode *node, Input index)
      : context_(GetMicroContext(context)), tensor_(context_->AllocateTempInputTensor(node, index)) {}
  Tensor(TfLiteContext *context, TfLiteNode *node, Output index)
      : context_(GetMicroContext(context)), tensor_(context_->AllocateTempOutputTensor(node, index)) {}
  ~Tensor() {
    if (tensor_ != nullptr) {
      context_->DeallocateTempTfLiteTensor(tensor_);
    }
  }
  Tensor(const Tensor &) = delete;
  Tensor &operator=(const Tensor &) = delete;

  const TfLiteTensor *get() const {
    return tensor_;
  }
  /* In the arena: writable, and aligned by the interpreter. A file could make any tensor a constant. */
  bool IsComputed(TfLiteType type, size_t bytes) const {
    return Is(type, bytes) && tensor_->allocation_type != kTfLiteMmapRo;
  }
  /* Constant, so that what prepare checked is what invoke reads. */
  bool IsConstant(TfLiteType type, size_t bytes) const {
    return Is(type, bytes) && tensor_->allocation_type == kTfLiteMmapRo && tensor_->data.raw != nullptr &&
           reinterpret_cast<uintptr_t>(tensor_->data.raw) % kAlignment == 0;
  }

private:
  bool Is(TfLiteType type, size_t bytes) const {
    return tensor_ != nullptr && tensor_->type == type && tensor_->bytes == bytes;
  }

  MicroContext *context_;
  TfLiteTensor *tensor_;
};

const char *ReadOptions(const OpData &data, dynq_fully_connected_options_t *options) {
  const char *error =
      dynq_options_read(data.options, data.option_bytes, DYNQ_FULLY_CONNECTED_VERSION, options, sizeof *options);
  if (error != nullptr) {
    return error;
  }
  if (options->relu > 1) {
    return "options: relu is neither 0 nor 1";
  }
  if (options->rows != 1 || options->stride != 1) {
    return "options: rows or stride is not 1";
  }
  if (dynq_weight_bytes(options->inputs, options->outputs, options->bits) == 0) {
    return "options: no kernel for these bits, inputs and outputs";
  }
  return nullptr;
}

const char *CheckFeatures(const Tensor &features, uint32_t inputs, OpData *data) {
  data->int8_input = features.IsComputed(kTfLiteInt8, inputs);
  if (!data->int8_input && !features.IsComputed(kTfLiteFloat32, inputs * sizeof(float))) {
    return "input 0 (features): not computed int8 or float32 of the length in the options";
  }
  if (data->int8_input) {
    data->input_scale = features.get()->params.scale;
    data->input_zero_point = features.get()->params.zero_point;
    if (!(data->input_scale > 0) || data->input_scale - data->input_scale != 0 || data->input_zero_point < -128 ||
        data->input_zero_point > 127) {
      return "input 0 (features): no usable scale and zero point";
    }
  }
  return nullptr;
}

const char *CheckConstants(TfLiteContext *context, TfLiteNode *node, const dynq_fully_connected_options_t &options,
                           OpData *data) {
  const size_t weight_bytes = dynq_weight_bytes(options.inputs, options.outputs, options.bits);
  const size_t column_bytes = dynq_column_bytes(options.outputs);
  const Tensor weights(context, node, kWeights);
  const Tensor columns(context, node, kColumns);
  if (!weights.IsConstant(kTfLiteUInt8, weight_bytes)) {
    return "input 1 (weights): not constant, 16-byte aligned uint8 of the packed size";
  }
  if (!columns.IsConstant(kTfLiteFloat32, column_bytes)) {
    return "input 2 (columns): not constant, 16-byte aligned float32 of 4 per column";
  }
  data->layer.weights = weights.get()->data.raw;
  data->layer.columns = reinterpret_cast<const float *>(columns.get()->data.raw);
  data->layer.inputs = options.inputs;
  data->layer.outputs = options.outputs;
  data->layer.bits = options.bits;
  data->layer.relu = options.relu;
  return nullptr;
}

const char *Check(TfLiteContext *context, TfLiteNode *node, OpData *data) {
  if (data == nullptr) {
    return "arena: too small";
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
  const char *error = ReadOptions(*data, &options);
  if (error == nullptr) {
    error = CheckFeatures(Tensor(context, node, kFeatures), options.inputs, data);
  }
  if (error == nullptr) {
    error = CheckConstants(context, node, options, data);
  }
  if (error != nullptr) {
    return error;
  }
  data->has_input_range = inputs == 4;
  data->has_output_range = outputs == 2;
  if (data->has_input_range &&
      (data->int8_input || !Tensor(context, node, kInputRange).IsComputed(kTfLiteFloat32, 8))) {
    return "input 3 (range): not 2 computed float32 beside float32 features";
  }
  if (!Tensor(context, node, kResult).IsComputed(kTfLiteFloat32, options.outputs * sizeof(float))) {
    return "output 0 (result): not computed float32 of the length in the options";
  }
  if (data->has_output_range && !Tensor(context, node, kOutputRange).IsComputed(kTfLiteFloat32, 8)) {
    return "output 1 (range): not 2 computed float32";
  }
  return nullptr;
}

void *Init(TfLiteContext *context, const char *buffer, size_t length) {
  void *memory = GetMicroContext(context)->AllocatePersistentBuffer(sizeof(OpData));
  if (memory == nullptr) {
    return nullptr;
  }
  auto *data = static_cast<OpData *>(memory);
  *data = OpData{};
  data->options = buffer;
  data->option_bytes = length;
  return data;
}

TfLiteStatus Prepare(TfLiteContext *context, TfLiteNode *node) {
  auto *data = static_cast<OpData *>(node->user_data);
  const char *error = Check(context, node, data);
  if (error != nullptr) {
    last_error = error;
    MicroPrintf("%s refused: %s", kFullyConnected, error);
    return kTfLiteError;
  }
  return GetMicroContext(context)->RequestScratchBufferInArena(dynq_scratch_bytes(data->layer.inputs), &data->scratch);
}

TfLiteStatus Invoke(TfLiteContext *context, TfLiteNode *node) {
  const auto *data = static_cast<const OpData *>(node->user_data);
  const TfLiteEvalTensor *features = GetEvalInput(context, node, kFeatures);
  float *y = GetEvalOutput(context, node, kResult)->data.f;
  void *scratch = GetMicroContext(context)->GetScratchBuffer(data->scratch);
  dynq_range_t y_range;
  dynq_range_t *y_range_wanted = data->has_output_range ? &y_range : nullptr;
  if (data->int8_input) {
    dynq_layer_s8(&data->layer, features->data.int8, data->input_scale, data->input_zero_point, y, y_range_wanted,
                  scratch);
  } else if (data->has_input_range) {
    const float *range = GetEvalInput(context, node, kInputRange)->data.f;
    const dynq_range_t x_range = {range[0], range[1]};
    dynq_layer_f32(&data->layer, features->data.f, &x_range, y, y_range_wanted, scratch);
  } else {
    dynq_layer_f32(&data->layer, features->data.f, nullptr, y, y_range_wanted, scratch);
  }
  if (data->has_output_range) {
    memcpy(GetEvalOutput(context, node, kOutputRange)->data.f, &y_range, sizeof y_range);
  }
  return kTfLiteOk;
}

} // namespace

const TFLMRegistration *FullyConnectedRegistration() {
  static const TFLMRegistration registration = {Init, nullptr, Prepare, Invoke, nullptr, 0, nullptr};
  return &registration;
}

const char *FullyConnectedError() {
  return last_error;
}

const char *CheckModel(const void *file, size_t bytes) {
  return dynq_seal_check(file, bytes);
}

} // namespace dynq
