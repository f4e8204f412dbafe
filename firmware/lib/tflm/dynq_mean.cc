/* DYNQ_MEAN: the mean over time. Its past frames are in the arena's persistent part. */
#include "dynq_layer.h"

namespace dynq {
namespace {

struct MeanLayer {
  using FileOptions = dynq_mean_options_t;
  static constexpr uint16_t kVersion = DYNQ_MEAN_VERSION;
  static constexpr int kInputs = 1;

  dynq_mean_t layer;

  const char *Configure(TfLiteContext *, TfLiteNode *, const FileOptions &options, Plan *plan) {
    const size_t state_bytes = dynq_mean_state_bytes(options.width, options.frames);
    if (state_bytes == 0) {
      return "options: no such mean";
    }
    layer = {options.width, options.frames, options.share};
    *plan = {options.width, options.width, state_bytes, DYNQ_WINDOW_SCRATCH_BYTES(options.frames), dynq_mean};
    return nullptr;
  }
};

} // namespace

const TFLMRegistration *Mean::Registration() {
  return LayerOperator<Mean, MeanLayer>::Registration();
}

} // namespace dynq
