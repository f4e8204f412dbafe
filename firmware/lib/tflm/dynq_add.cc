/* DYNQ_ADD: the sum of two layers' outputs. */
#include "dynq_signal.h"

namespace dynq {
namespace {

struct Data {
  Options options;
  Result result;
  dynq_add_t layer;
};

const char *Check(TfLiteContext *context, TfLiteNode *node, Data *data) {
  if (data == nullptr) {
    return kArenaTooSmall;
  }
  if (node->inputs == nullptr || node->inputs->size != 2) {
    return "inputs: not 2";
  }
  dynq_add_options_t options;
  const char *error = CheckCounts(node, 2);
  if (error == nullptr) {
    error = data->options.Read(DYNQ_ADD_VERSION, &options);
  }
  if (error != nullptr) {
    return error;
  }
  if (options.width < 1 || options.width > DYNQ_MAX_WIDTH || options.relu > 1) {
    return "options: no such sum";
  }
  data->layer = {options.width, options.relu};
  for (int i = 0; i < 2; i++) {
    if (!Tensor::Input(context, node, i).IsComputed(kTfLiteFloat32, options.width * sizeof(float))) {
      return "an input: not computed float32 of the length in the options";
    }
  }
  return data->result.Check(context, node, options.width);
}

TfLiteStatus Prepare(TfLiteContext *context, TfLiteNode *node) {
  return Accept(Add::kName, Check(context, node, static_cast<Data *>(node->user_data)));
}

TfLiteStatus Invoke(TfLiteContext *context, TfLiteNode *node) {
  const auto *data = static_cast<const Data *>(node->user_data);
  dynq_signal_t a{}, b{}, y = data->result.Begin(context, node);
  a.values = GetEvalInput(context, node, 0)->data.f;
  b.values = GetEvalInput(context, node, 1)->data.f;
  const dynq_signal_t *const inputs[] = {&a, &b};
  dynq_add(&data->layer, inputs, &y, nullptr, nullptr);
  data->result.End(context, node, y);
  return kTfLiteOk;
}

} // namespace

const TFLMRegistration *Add::Registration() {
  static const TFLMRegistration registration = {InitData<Data>, nullptr, Prepare, Invoke, nullptr, 0, nullptr};
  return &registration;
}

} // namespace dynq
