/* What operators read and write: vectors, each with its range where the graph has a tensor for it. */
#ifndef DYNQ_SIGNAL_H_
#define DYNQ_SIGNAL_H_

#include "dynq_layers.h"
#include "dynq_operator.h"

namespace dynq {

/* nullptr, or what is wrong: an operator has `inputs` inputs, or one more for the range of the first, and one output or
 * two. */
const char *CheckCounts(const TfLiteNode *node, int inputs);

/* The first input, int8 codes or float32; its range, if any, is the last one. */
class Features {
public:
  /* nullptr, or what is wrong. `count`: of values. `range`: index of the input that would be the range. */
  const char *Check(TfLiteContext *context, TfLiteNode *node, uint32_t count, int range);
  dynq_signal_t Read(TfLiteContext *context, TfLiteNode *node) const;

private:
  dynq_codes_t codes_;
  uint16_t count_;
  uint8_t range_; /* 0: the operator looks for it */
  bool int8_;
};

/* The first output, float32; its range, if any, is the second. */
class Result {
public:
  const char *Check(TfLiteContext *context, TfLiteNode *node, uint32_t count);
  dynq_signal_t Begin(TfLiteContext *context, TfLiteNode *node) const;
  void End(TfLiteContext *context, TfLiteNode *node, const dynq_signal_t &result) const;

private:
  bool ranged_;
};

} // namespace dynq

#endif
