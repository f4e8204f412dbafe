/* An operator that remembers, written as the library's own are: y[N] is the sum of every x[N] since the last reset. */
#ifndef RUNNING_SUM_H_
#define RUNNING_SUM_H_

#include "dynq_tflm.h"

namespace dynq {

struct RunningSum {
  static constexpr char kName[] = "DYNQ_TEST_RUNNING_SUM";
  static const TFLMRegistration *Registration();
};

} // namespace dynq

#endif
