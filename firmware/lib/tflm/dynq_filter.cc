/* DYNQ_FILTER: a filter over time. Its past frames are in the arena's persistent part. */
#include "dynq_layer.h"

namespace dynq {
namespace {

enum Input { kFeatures, kTaps, kParameters, kRange };

struct FilterLayer {
  using FileOptions = dynq_filter_options_t;
  static constexpr uint16_t kVersion = DYNQ_FILTER_VERSION;
  static constexpr int kInputs = kRange;

  dynq_filter_t layer;

  const char *Configure(TfLiteContext *context, TfLiteNode *node, const FileOptions &options, Plan *plan) {
    const size_t state_bytes = dynq_filter_state_bytes(options.channels, options.taps, options.dilation);
    if (state_bytes == 0 || options.relu > 1) {
      return "options: no such filter";
    }
    const Tensor taps = Tensor::Input(context, node, kTaps);
    const Tensor parameters = Tensor::Input(context, node, kParameters);
    if (!taps.IsConstant(kTfLiteInt8, dynq_tap_bytes(options.channels, options.taps))) {
      return "input 1 (taps): not constant, 16-byte aligned int8 of the packed size";
    }
    if (!parameters.IsConstant(kTfLiteUInt32, dynq_filter_parameter_bytes(options.channels))) {
      return "input 2 (parameters): not constant, 16-byte aligned uint32 of 1 per channel";
    }
    layer.taps = taps.get()->data.int8;
    layer.parameters = reinterpret_cast<const uint32_t *>(parameters.get()->data.raw);
    layer.channels = options.channels;
    layer.count = options.taps;
    layer.dilation = options.dilation;
    layer.relu = static_cast<uint8_t>(options.relu);
    *plan = {options.channels, options.channels, state_bytes, DYNQ_WINDOW_SCRATCH_BYTES(options.taps), dynq_filter};
    return nullptr;
  }
};

} // namespace

const TFLMRegistration *Filter::Registration() {
  return LayerOperator<Filter, FilterLayer>::Registration();
}

} // namespace dynq
