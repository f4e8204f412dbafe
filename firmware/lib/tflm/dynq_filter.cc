/* DYNQ_FILTER: a filter over time. Its past frames are in the arena's persistent part. */
#include "dynq_signal.h"

namespace dynq {
namespace {

enum Input { kFeatures, kTaps, kParameters, kRange };

struct Data {
  Options options;
  State state;
  Features features;
  Result result;
  dynq_filter_t layer;
  int scratch;
};

const char *CheckConstants(TfLiteContext *context, TfLiteNode *node, const dynq_filter_options_t &options,
                           dynq_filter_t *layer) {
  const Tensor taps = Tensor::Input(context, node, kTaps);
  const Tensor parameters = Tensor::Input(context, node, kParameters);
  if (!taps.IsConstant(kTfLiteInt8, dynq_tap_bytes(options.channels, options.taps))) {
    return "input 1 (taps): not constant, 16-byte aligned int8 of the packed size";
  }
  if (!parameters.IsConstant(kTfLiteUInt32, dynq_filter_parameter_bytes(options.channels))) {
    return "input 2 (parameters): not constant, 16-byte aligned uint32 of 1 per channel";
  }
  layer->taps = taps.get()->data.int8;
  layer->parameters = reinterpret_cast<const uint32_t *>(parameters.get()->data.raw);
  layer->channels = options.channels;
  layer->count = options.taps;
  layer->dilation = options.dilation;
  layer->relu = static_cast<uint8_t>(options.relu);
  return nullptr;
}

const char *Check(TfLiteContext *context, TfLiteNode *node, Data *data) {
  if (data == nullptr) {
    return kArenaTooSmall;
  }
  dynq_filter_options_t options;
  const char *error = CheckCounts(node, kRange);
  if (error == nullptr) {
    error = data->options.Read(DYNQ_FILTER_VERSION, &options);
  }
  if (error != nullptr) {
    return error;
  }
  const size_t state_bytes = dynq_filter_state_bytes(options.channels, options.taps, options.dilation);
  if (state_bytes == 0 || options.relu > 1) {
    return "options: no such filter";
  }
  error = data->features.Check(context, node, options.channels, kRange);
  if (error == nullptr) {
    error = CheckConstants(context, node, options, &data->layer);
  }
  if (error == nullptr) {
    error = data->result.Check(context, node, options.channels);
  }
  return error != nullptr ? error : data->state.Allocate(context, state_bytes);
}

TfLiteStatus Prepare(TfLiteContext *context, TfLiteNode *node) {
  auto *data = static_cast<Data *>(node->user_data);
  if (Accept(Filter::kName, Check(context, node, data)) != kTfLiteOk) {
    return kTfLiteError;
  }
  return GetMicroContext(context)->RequestScratchBufferInArena(DYNQ_WINDOW_SCRATCH_BYTES(data->layer.count),
                                                               &data->scratch);
}

TfLiteStatus Invoke(TfLiteContext *context, TfLiteNode *node) {
  const auto *data = static_cast<const Data *>(node->user_data);
  const dynq_signal_t x = data->features.Read(context, node);
  const dynq_signal_t *const inputs[] = {&x};
  dynq_signal_t y = data->result.Begin(context, node);
  dynq_filter(&data->layer, inputs, &y, data->state.get(), GetMicroContext(context)->GetScratchBuffer(data->scratch));
  data->result.End(context, node, y);
  return kTfLiteOk;
}

} // namespace

const TFLMRegistration *Filter::Registration() {
  static const TFLMRegistration registration = {InitData<Data>, nullptr, Prepare, Invoke, ResetState<Data>, 0, nullptr};
  return &registration;
}

} // namespace dynq
