#include "dynq_signal.h"

#include <cstring>

namespace dynq {
namespace {

constexpr int kFeatures = 0;
constexpr int kResult = 0;
constexpr int kResultRange = 1;
constexpr size_t kRangeBytes = 2 * sizeof(float);

/* What docs/method.md lets the scale of features be, so that kernels multiply it exactly. */
bool IsScale(float scale) {
  uint32_t bits;
  memcpy(&bits, &scale, sizeof bits);
  return scale >= 0x1p-16f && scale <= 0x1p16f && (bits & 0x1fffu) == 0;
}

} // namespace

const char *CheckCounts(const TfLiteNode *node, int inputs) {
  const int given = node->inputs != nullptr ? node->inputs->size : 0;
  const int results = node->outputs != nullptr ? node->outputs->size : 0;
  if (given != inputs && given != inputs + 1) {
    return "inputs: too many or too few";
  }
  if (results != 1 && results != 2) {
    return "outputs: neither 1 nor 2";
  }
  return nullptr;
}

const char *Features::Check(TfLiteContext *context, TfLiteNode *node, uint32_t count, int range) {
  const Tensor features = Tensor::Input(context, node, kFeatures);
  int8_ = features.IsComputed(kTfLiteInt8, count);
  if (!int8_ && !features.IsComputed(kTfLiteFloat32, count * sizeof(float))) {
    return "input 0 (features): not computed int8 or float32 of the length in the options";
  }
  if (int8_) {
    codes_ = {features.get()->params.scale, features.get()->params.zero_point};
    if (!IsScale(codes_.scale) || codes_.zero_point < -128 || codes_.zero_point > 127) {
      return "input 0 (features): no usable scale and zero point";
    }
  }
  count_ = static_cast<uint16_t>(count);
  range_ = static_cast<uint8_t>(range < node->inputs->size ? range : 0);
  if (range_ != 0 && (int8_ || !Tensor::Input(context, node, range_).IsComputed(kTfLiteFloat32, kRangeBytes))) {
    return "last input (range): not 2 computed float32 beside float32 features";
  }
  return nullptr;
}

dynq_signal_t Features::Read(TfLiteContext *context, TfLiteNode *node) const {
  dynq_signal_t x{};
  const TfLiteEvalTensor *features = GetEvalInput(context, node, kFeatures);
  if (int8_) {
    x.values = features->data.int8;
    x.codes = codes_;
    x.is_codes = 1;
    return x;
  }
  x.values = features->data.f;
  if (range_ != 0) {
    memcpy(&x.range, GetEvalInput(context, node, range_)->data.f, sizeof x.range);
  } else {
    dynq_scan(features->data.f, count_, &x.range);
  }
  return x;
}

const char *Result::Check(TfLiteContext *context, TfLiteNode *node, uint32_t count) {
  if (!Tensor::Output(context, node, kResult).IsComputed(kTfLiteFloat32, count * sizeof(float))) {
    return "output 0 (result): not computed float32 of the length in the options";
  }
  ranged_ = node->outputs->size == 2;
  if (ranged_ && !Tensor::Output(context, node, kResultRange).IsComputed(kTfLiteFloat32, kRangeBytes)) {
    return "output 1 (range): not 2 computed float32";
  }
  return nullptr;
}

dynq_signal_t Result::Begin(TfLiteContext *context, TfLiteNode *node) const {
  dynq_signal_t y{};
  y.values = GetEvalOutput(context, node, kResult)->data.f;
  y.ranged = ranged_;
  return y;
}

void Result::End(TfLiteContext *context, TfLiteNode *node, const dynq_signal_t &result) const {
  if (ranged_) {
    memcpy(GetEvalOutput(context, node, kResultRange)->data.f, &result.range, sizeof result.range);
  }
}

} // namespace dynq
