/* The engine that runs the model's .tflite in TensorFlow Lite Micro's interpreter. */
#include "engine.h"

#include <cstring>
#include <new>

#include "board.h"
#include "dynq_tflm.h"
#include "kws_model.h"
#include "kws_tflite.h" /* generated: the file, its operators and the arena's size */
#include "tensorflow/lite/micro/kernels/kernel_util.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/schema/schema_generated.h"

/* Bytes of the arena that the interpreter is given. The search for the smallest arena lowers it in the linked image and
 * sees whether the engine still starts. */
extern "C" {
extern const volatile uint32_t kws_arena_limit;
const volatile uint32_t kws_arena_limit = KWS_ARENA_BYTES;
}

namespace {

using namespace dynq; /* brings TFLM's names, wherever they live */

alignas(16) uint8_t arena[KWS_ARENA_BYTES];
alignas(MicroInterpreter) uint8_t interpreter_memory[sizeof(MicroInterpreter)];
alignas(kws::OpResolver) uint8_t resolver_memory[sizeof(kws::OpResolver)];
MicroInterpreter *interpreter;
const char *problem = "not started";

uint32_t ticks[KWS_LAYERS];
uint16_t running;            /* layer that runs now */
int32_t wanted = -1;         /* layer whose output is to be kept, or -1 */
float kept[KWS_MAX_OUTPUTS]; /* outputs share memory in the arena: later layers overwrite them */

/* An operator with a clock around it. */
template <typename Operator> struct Timed {
  static constexpr const char *kName = Operator::kName;

  static const TFLMRegistration *Registration() {
    static TFLMRegistration registration;
    registration = *Operator::Registration();
    registration.invoke = Invoke;
    return &registration;
  }

  static TfLiteStatus Invoke(TfLiteContext *context, TfLiteNode *node) {
    const uint32_t start = board_ticks();
    const TfLiteStatus status = Operator::Registration()->invoke(context, node);
    const uint16_t layer = running++;
    if (wanted < 0) {
      ticks[layer] = board_ticks() - start;
    } else if (wanted == layer) {
      const TfLiteEvalTensor *output = GetEvalOutput(context, node, 0);
      memcpy(kept, output->data.f, kws_model.layers[layer].outputs * sizeof(float));
    }
    return status;
  }
};

const char *Start() {
  const char *damage = CheckModel(kws_tflite, sizeof kws_tflite);
  if (damage != nullptr) {
    return damage;
  }
  auto *resolver = new (resolver_memory) kws::OpResolver();
  if (kws::AddOperators<Timed>(*resolver) != kTfLiteOk) {
    return "an operator could not be registered";
  }
  const uint32_t size = kws_arena_limit < sizeof arena ? kws_arena_limit : sizeof arena;
  interpreter = new (interpreter_memory) MicroInterpreter(tflite::GetModel(kws_tflite), *resolver, arena, size);
  if (interpreter->AllocateTensors() != kTfLiteOk) {
    return OperatorError() != nullptr ? OperatorError() : "the arena is too small";
  }
  const TfLiteTensor *input = interpreter->input(0);
  const TfLiteTensor *output = interpreter->output(0);
  if (input == nullptr || input->type != kTfLiteInt8 || input->bytes != KWS_INPUTS || output == nullptr ||
      output->type != kTfLiteFloat32 || output->bytes != KWS_LABELS * sizeof(float)) {
    return "the model's input or output is not what the image was built for";
  }
  return nullptr;
}

const char *Run(const int8_t *features) {
  if (problem != nullptr) {
    return problem;
  }
  memcpy(interpreter->input(0)->data.int8, features, KWS_INPUTS);
  running = 0;
  return interpreter->Invoke() == kTfLiteOk ? nullptr : "the interpreter failed";
}

} // namespace

const char *engine_init(void) {
  problem = Start();
  return problem;
}

engine_info_t engine_info(void) {
  const uint32_t used = problem == nullptr ? static_cast<uint32_t>(interpreter->arena_used_bytes()) : 0;
  return engine_info_t{"tflm", used, sizeof arena};
}

const char *engine_invoke(const int8_t *features, float *logits) {
  wanted = -1;
  const char *error = Run(features);
  if (error == nullptr) {
    memcpy(logits, interpreter->output(0)->data.f, KWS_LABELS * sizeof(float));
  }
  return error;
}

uint16_t engine_layer_count(void) {
  return kws_model.layer_count;
}

engine_layer_t engine_layer(uint16_t index) {
  return engine_layer_t{kws_model.layer_names[index], kws_model.layers[index].outputs, ticks[index]};
}

const float *engine_layer_output(const int8_t *features, uint16_t index) {
  wanted = index;
  return Run(features) == nullptr ? kept : nullptr;
}
