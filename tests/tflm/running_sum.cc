#include "running_sum.h"

#include "dynq_operator.h"

namespace dynq {
namespace {

struct SumOptions {
  dynq_options_head_t head;
  uint16_t values;
  uint16_t zero;
};

struct Data {
  Options options;
  State state;
  uint16_t values;
};

const char *Check(TfLiteContext *context, TfLiteNode *node, Data *data) {
  if (data == nullptr) {
    return kArenaTooSmall;
  }
  SumOptions options;
  const char *error = data->options.Read(1, &options);
  if (error != nullptr) {
    return error;
  }
  data->values = options.values;
  if (!Tensor::Input(context, node, 0).IsComputed(kTfLiteFloat32, options.values * sizeof(float))) {
    return "input 0 (values): not float32 of the length in the options";
  }
  return data->state.Allocate(context, options.values * sizeof(float));
}

TfLiteStatus Prepare(TfLiteContext *context, TfLiteNode *node) {
  return Accept(RunningSum::kName, Check(context, node, static_cast<Data *>(node->user_data)));
}

TfLiteStatus Invoke(TfLiteContext *context, TfLiteNode *node) {
  const auto *data = static_cast<const Data *>(node->user_data);
  const float *x = GetEvalInput(context, node, 0)->data.f;
  float *y = GetEvalOutput(context, node, 0)->data.f;
  float *sum = static_cast<float *>(data->state.get());
  for (uint16_t i = 0; i < data->values; i++) {
    y[i] = sum[i] += x[i];
  }
  return kTfLiteOk;
}

} // namespace

const TFLMRegistration *RunningSum::Registration() {
  static const TFLMRegistration registration = {InitData<Data>, nullptr, Prepare, Invoke, ResetState<Data>, 0, nullptr};
  return &registration;
}

} // namespace dynq
