/* A .tflite of built-in operators in TensorFlow Lite Micro: an inference takes its whole input. */
#include "engine.h"

#include <cstring>
#include <new>

#include "dynq_tflm.h"
#include "tensorflow/lite/micro/micro_allocator.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/micro/micro_resource_variable.h"
#include "tensorflow/lite/schema/schema_generated.h"

#include "model.h" /* generated: the file and a resolver with its operators */

namespace {

using namespace dynq; /* brings TFLM's names, wherever they live */

constexpr int kVariables = 8; /* states of a streaming network */

alignas(16) uint8_t arena[ARENA_BYTES];
alignas(MicroInterpreter) uint8_t interpreter_memory[sizeof(MicroInterpreter)];
alignas(kws::OpResolver) uint8_t resolver_memory[sizeof(kws::OpResolver)];
MicroInterpreter *interpreter;

} // namespace

int engine_start(uint32_t arena_bytes) {
  auto *resolver = new (resolver_memory) kws::OpResolver();
  if (arena_bytes > sizeof arena || kws::AddOperators(*resolver) != kTfLiteOk) {
    return 0;
  }
  MicroAllocator *allocator = MicroAllocator::Create(arena, arena_bytes);
  MicroResourceVariables *variables = HAS_VARIABLES ? MicroResourceVariables::Create(allocator, kVariables) : nullptr;
  interpreter = new (interpreter_memory) MicroInterpreter(tflite::GetModel(model), *resolver, allocator, variables);
  return interpreter->AllocateTensors() == kTfLiteOk;
}

const void *engine_run(const int8_t *input, uint32_t bytes) {
  TfLiteTensor *to = interpreter->input(0);
  if (to == nullptr || to->bytes != bytes) {
    return nullptr;
  }
  memcpy(to->data.int8, input, bytes);
  return interpreter->Invoke() == kTfLiteOk ? interpreter->output(0)->data.int8 : nullptr;
}
