/* The project's operators for TensorFlow Lite Micro. All that a user's firmware includes:
 *
 *   tflite::MicroMutableOpResolver<dynq::kOperatorCount> resolver;
 *   if (dynq::AddDynqOperators(resolver) != kTfLiteOk) ...
 *
 * docs/tflm.md has the whole contract. */
#ifndef DYNQ_TFLM_H_
#define DYNQ_TFLM_H_

#include <cstddef>

#include "tensorflow/lite/micro/micro_common.h"

namespace tflite {
namespace micro {}
} // namespace tflite

namespace dynq {

/* TFLM kept its C types in the global namespace and its classes in tflite until autumn 2026, and has had all of them in
 * tflite::micro since. With both in view the same source compiles against either. */
using namespace tflite;
using namespace tflite::micro;

/* Each operator is a type: the name by which a model calls it, and what TFLM calls, constant for the life of the
 * program.
 *
 * Inputs: features int8 or float32 [1, K]; weights uint8; columns uint32; optionally the input's range float32 [2].
 * Outputs: float32 [1, N]; optionally its range float32 [2]. Options: dynq_options.h. */
struct FullyConnected {
  static constexpr char kName[] = "DYNQ_FULLY_CONNECTED";
  static const TFLMRegistration *Registration();
};

/* Inputs: features as above; taps int8; parameters uint32; optionally the features' range. Outputs: as above. */
struct Filter {
  static constexpr char kName[] = "DYNQ_FILTER";
  static const TFLMRegistration *Registration();
};

/* Inputs: features as above, optionally their range. Outputs: as above. */
struct Mean {
  static constexpr char kName[] = "DYNQ_MEAN";
  static const TFLMRegistration *Registration();
};

/* Inputs: two float32 [1, N]. Outputs: as above. */
struct Add {
  static constexpr char kName[] = "DYNQ_ADD";
  static const TFLMRegistration *Registration();
};

/* Adds operators to a resolver: these types, or others of the same shape around them. */
template <typename... Operators> struct OperatorList {
  static constexpr unsigned kCount = sizeof...(Operators);

  template <typename Resolver> static TfLiteStatus AddTo(Resolver &resolver) {
    const bool all = ((resolver.AddCustom(Operators::kName, Operators::Registration()) == kTfLiteOk) && ...);
    return all ? kTfLiteOk : kTfLiteError;
  }
};

/* Every operator that there is. An image for one model is smaller with the list that was generated for it. */
using AllOperators = OperatorList<FullyConnected, Filter, Mean, Add>;
constexpr unsigned kOperatorCount = AllOperators::kCount;

template <typename Resolver> TfLiteStatus AddDynqOperators(Resolver &resolver) {
  return AllOperators::AddTo(resolver);
}

/* For templates that can put something around operators, as the generated ones can: nothing. */
template <typename Operator> using AsIs = Operator;

/* Which operator prepare last refused, and why: its name, the tensor or option, the reason. nullptr when none was
 * refused since the program started. It works in builds that strip TFLM's own messages too. */
const char *OperatorError();

/* nullptr when the bytes are a whole file of this project and not a bit of them has changed (its seal fits), or what is
 * wrong. Call it before GetModel(): TFLM follows a file's offsets unchecked, and prepare does not sum up the weights.
 */
const char *CheckModel(const void *file, size_t bytes);

} // namespace dynq

#endif
