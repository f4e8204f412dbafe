/* The operator DYNQ_FULLY_CONNECTED for TensorFlow Lite Micro. All that a user's firmware includes:
 *
 *   tflite::MicroMutableOpResolver<1> resolver;
 *   if (dynq::AddFullyConnected(resolver) != kTfLiteOk) ...
 *
 * Inputs: features int8 or float32 [1, K]; weights uint8; columns float32; optionally the input's range float32 [2].
 * Outputs: float32 [1, N]; optionally its range float32 [2]. Options: dynq_options.h. docs/tflm.md has the whole
 * contract. */
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

constexpr char kFullyConnected[] = "DYNQ_FULLY_CONNECTED";

/* The registration, constant for the life of the program. */
const TFLMRegistration *FullyConnectedRegistration();

/* Why prepare last refused an operator: the tensor or option and the reason. nullptr when none was refused since the
 * program started. It works in builds that strip TFLM's own messages too. */
const char *FullyConnectedError();

template <typename Resolver> TfLiteStatus AddFullyConnected(Resolver &resolver) {
  return resolver.AddCustom(kFullyConnected, FullyConnectedRegistration());
}

/* nullptr when the bytes are a whole file of this project and not a bit of them has changed (its seal fits), or what is
 * wrong. Call it before GetModel(): TFLM follows a file's offsets unchecked, and prepare does not sum up the weights.
 */
const char *CheckModel(const void *file, size_t bytes);

} // namespace dynq

#endif
