/* The engine that runs the model's .tflite in TensorFlow Lite Micro's interpreter. */
#include "engine_backend.h"

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
bool started;

uint16_t running;            /* layer that runs now */
uint16_t wanted;             /* layer whose output is to be kept */
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
    engine_ticks[layer] = board_ticks() - start;
    if (wanted == layer) {
      const TfLiteEvalTensor *output = GetEvalOutput(context, node, 0);
      memcpy(kept, output->data.f, kws_network.nodes[layer].outputs * sizeof(float));
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
  if (input == nullptr || input->type != kTfLiteInt8 || input->bytes != KWS_WINDOW_BYTES || output == nullptr ||
      output->type != kTfLiteFloat32 || output->bytes != KWS_LABELS * sizeof(float)) {
    return "the model's input or output is not what the image was built for";
  }
  return nullptr;
}

} // namespace

const char *engine_backend_start(void) {
  const char *problem = Start();
  started = problem == nullptr;
  return problem;
}

engine_info_t engine_info(void) {
  const uint32_t used = started ? static_cast<uint32_t>(interpreter->arena_used_bytes()) : 0;
  return engine_info_t{"tflm", used, sizeof arena};
}

void engine_backend_reset(void) {
  if (KWS_STATE_BYTES > 0) { /* it also looks at every tensor */
    interpreter->Reset();
  }
}

const char *engine_backend_run(uint16_t last, const float **output) {
  memcpy(interpreter->input(0)->data.int8, kws_network.window, KWS_WINDOW_BYTES);
  running = 0;
  wanted = last;
  *output = kept;
  return interpreter->Invoke() == kTfLiteOk ? nullptr : "the interpreter failed";
}
