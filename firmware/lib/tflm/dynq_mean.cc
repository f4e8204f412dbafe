/* DYNQ_MEAN: the mean over time. Its past frames are in the arena's persistent part. */
#include "dynq_signal.h"

namespace dynq {
namespace {

enum Input { kFeatures, kRange };

struct Data {
  Options options;
  State state;
  Features features;
  Result result;
  dynq_mean_t layer;
  int scratch;
};

const char *Check(TfLiteContext *context, TfLiteNode *node, Data *data) {
  if (data == nullptr) {
    return kArenaTooSmall;
  }
  dynq_mean_options_t options;
  const char *error = CheckCounts(node, kRange);
  if (error == nullptr) {
    error = data->options.Read(DYNQ_MEAN_VERSION, &options);
  }
  if (error != nullptr) {
    return error;
  }
  const size_t state_bytes = dynq_mean_state_bytes(options.width, options.frames);
  if (state_bytes == 0) {
    return "options: no such mean";
  }
  data->layer = {options.width, options.frames, options.share};
  error = data->features.Check(context, node, options.width, kRange);
  if (error == nullptr) {
    error = data->result.Check(context, node, options.width);
  }
  return error != nullptr ? error : data->state.Allocate(context, state_bytes);
}

TfLiteStatus Prepare(TfLiteContext *context, TfLiteNode *node) {
  auto *data = static_cast<Data *>(node->user_data);
  if (Accept(Mean::kName, Check(context, node, data)) != kTfLiteOk) {
    return kTfLiteError;
  }
  return GetMicroContext(context)->RequestScratchBufferInArena(DYNQ_WINDOW_SCRATCH_BYTES(data->layer.frames),
                                                               &data->scratch);
}

TfLiteStatus Invoke(TfLiteContext *context, TfLiteNode *node) {
  const auto *data = static_cast<const Data *>(node->user_data);
  const dynq_signal_t x = data->features.Read(context, node);
  const dynq_signal_t *const inputs[] = {&x};
  dynq_signal_t y = data->result.Begin(context, node);
  dynq_mean(&data->layer, inputs, &y, data->state.get(), GetMicroContext(context)->GetScratchBuffer(data->scratch));
  data->result.End(context, node, y);
  return kTfLiteOk;
}

} // namespace

const TFLMRegistration *Mean::Registration() {
  static const TFLMRegistration registration = {InitData<Data>, nullptr, Prepare, Invoke, ResetState<Data>, 0, nullptr};
  return &registration;
}

} // namespace dynq
