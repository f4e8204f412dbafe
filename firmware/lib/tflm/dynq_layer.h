/* What operators of one signal in and one out share: prepare and invoke, around what a layer says of itself. */
#ifndef DYNQ_LAYER_H_
#define DYNQ_LAYER_H_

#include "dynq_signal.h"

namespace dynq {

/* What a layer needs, as its options and constants have it. */
struct Plan {
  uint32_t inputs, outputs;
  size_t state_bytes, scratch_bytes;
  dynq_step_t step;
};

/* The operator of a Layer, which has
 *   FileOptions, kVersion  the struct of its options, and its version
 *   kInputs                how many inputs it has, without the range
 *   layer                  what its kernel is given
 *   Configure()            fills `layer` and a Plan from checked options and the constants; nullptr, or what is wrong
 */
template <typename Operator, typename Layer> class LayerOperator {
public:
  static const TFLMRegistration *Registration() {
    static const TFLMRegistration registration = {InitData<Data>,   nullptr, Prepare, Invoke,
                                                  ResetState<Data>, 0,       nullptr};
    return &registration;
  }

private:
  struct Data {
    Options options;
    State state;
    Features features;
    Result result;
    Layer layer;
    dynq_step_t step;
    int scratch;
  };

  static const char *Check(TfLiteContext *context, TfLiteNode *node, Data *data, Plan *plan) {
    if (data == nullptr) {
      return kArenaTooSmall;
    }
    typename Layer::FileOptions options;
    const char *error = CheckCounts(node, Layer::kInputs);
    if (error == nullptr) {
      error = data->options.Read(Layer::kVersion, &options);
    }
    if (error == nullptr) {
      error = data->layer.Configure(context, node, options, plan);
    }
    if (error == nullptr) {
      error = data->features.Check(context, node, plan->inputs, Layer::kInputs);
    }
    if (error == nullptr) {
      error = data->result.Check(context, node, plan->outputs);
    }
    if (error == nullptr) {
      data->step = plan->step;
      error = plan->state_bytes != 0 ? data->state.Allocate(context, plan->state_bytes) : nullptr;
    }
    return error;
  }

  static TfLiteStatus Prepare(TfLiteContext *context, TfLiteNode *node) {
    auto *data = static_cast<Data *>(node->user_data);
    Plan plan{};
    if (Accept(Operator::kName, Check(context, node, data, &plan)) != kTfLiteOk) {
      return kTfLiteError;
    }
    return GetMicroContext(context)->RequestScratchBufferInArena(plan.scratch_bytes, &data->scratch);
  }

  static TfLiteStatus Invoke(TfLiteContext *context, TfLiteNode *node) {
    const auto *data = static_cast<const Data *>(node->user_data);
    const dynq_signal_t x = data->features.Read(context, node);
    const dynq_signal_t *const inputs[] = {&x};
    dynq_signal_t y = data->result.Begin(context, node);
    void *scratch = GetMicroContext(context)->GetScratchBuffer(data->scratch);
    data->step(&data->layer.layer, inputs, &y, data->state.get(), scratch);
    data->result.End(context, node, y);
    return kTfLiteOk;
  }
};

} // namespace dynq

#endif
