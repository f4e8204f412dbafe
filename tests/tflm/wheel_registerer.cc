/* Registers the operators with the interpreter of a `tflite-micro` wheel, which finds this function by its name. */
#include "dynq_tflm.h"
#include "running_sum.h"
#include "tflm_abi.h"

namespace tflite {
using namespace micro; /* where the C types are, or else they are global */

/* The start of the wheel's op resolver: a table of registrations and how many of them are taken. */
class PythonOpsResolver {
public:
  virtual ~PythonOpsResolver();

  TfLiteStatus AddCustom(const char *name, const TFLMRegistration *registration) {
    constexpr int32_t kCustom = 32; /* BuiltinOperator_CUSTOM */
    if (length_ >= kCapacity) {
      return kTfLiteError;
    }
    registrations_[length_] = *registration;
    registrations_[length_].builtin_code = kCustom;
    registrations_[length_].custom_name = name;
    length_++;
    return kTfLiteOk;
  }

private:
  static constexpr unsigned kCapacity = 200;
  TFLMRegistration registrations_[kCapacity];
  unsigned length_;
};

} // namespace tflite

extern "C" bool DynqRegister(tflite::PythonOpsResolver *resolver) {
  using namespace tflite::micro;
  return dynq::AddDynqOperators(*resolver) == kTfLiteOk &&
         dynq::OperatorList<dynq::RunningSum>::AddTo(*resolver) == kTfLiteOk;
}

extern "C" const char *DynqError() {
  return dynq::OperatorError();
}
