/* Runs a keyword spotter in TensorFlow Lite Micro and prints its logits. Beside this sketch belong the files kws_tflite.*
 * of an export for the engine tflm. */
#include <Arduino.h>

#include "dynq_tflm.h"
#include "kws_tflite.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/schema/schema_generated.h"

using namespace dynq; // TFLM's names, wherever its version keeps them

alignas(16) static uint8_t arena[KWS_ARENA_BYTES];
static kws::OpResolver resolver;
static MicroInterpreter *interpreter;

static void stop(const char *reason) {
  Serial.println(reason);
  for (;;) {
  }
}

void setup() {
  Serial.begin(115200);
  const char *damage = CheckModel(kws_tflite, sizeof kws_tflite);
  if (damage != nullptr) {
    stop(damage);
  }
  if (kws::AddOperators(resolver) != kTfLiteOk) {
    stop("an operator could not be registered");
  }
  static MicroInterpreter made(tflite::GetModel(kws_tflite), resolver, arena, sizeof arena);
  interpreter = &made;
  if (interpreter->AllocateTensors() != kTfLiteOk) {
    stop(OperatorError() != nullptr ? OperatorError() : "the arena is too small");
  }
}

void loop() {
  TfLiteTensor *input = interpreter->input(0);
  for (size_t i = 0; i < input->bytes; i++) {
    input->data.int8[i] = static_cast<int8_t>(i % 101 - 50); // put the front end's features here
  }
  if (interpreter->Invoke() != kTfLiteOk) {
    stop("the interpreter failed");
  }
  const TfLiteTensor *output = interpreter->output(0);
  for (size_t i = 0; i < output->bytes / sizeof(float); i++) {
    Serial.println(output->data.f[i], 6);
  }
  delay(1000);
}
