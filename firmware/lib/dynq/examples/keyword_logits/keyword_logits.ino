/* Runs a keyword spotter on one vector of features and prints its logits. Beside this sketch belong kws_model.h and the
 * files that `python -m pipeline.build export MODEL.tflite --target nano33 --out .` writes. */
#include <Arduino.h>

#include "dynq.h"
#include "kws_model.h"

static int8_t features[KWS_INPUTS];
static float activations[2][KWS_MAX_OUTPUTS];
alignas(16) static uint8_t scratch[4 * KWS_MAX_INPUTS + 64];

/* Runs all layers; returns the logits. A layer leaves the range of its output for the next one. */
static const float *run(const int8_t *input) {
  dynq_range_t range[2];
  for (int i = 0; i < kws_model.layer_count; i++) {
    const dynq_layer_t *layer = &kws_model.layers[i];
    float *output = activations[i % 2];
    if (i == 0) {
      dynq_layer_s8(layer, input, kws_model.input_scale, kws_model.input_zero_point, output, &range[0], scratch);
    } else {
      dynq_layer_f32(layer, activations[(i - 1) % 2], &range[(i - 1) % 2], output, &range[i % 2], scratch);
    }
  }
  return activations[(kws_model.layer_count - 1) % 2];
}

void setup() {
  Serial.begin(115200);
  for (int i = 0; i < kws_model.layer_count; i++) {
    if (dynq_scratch_bytes(kws_model.layers[i].inputs) > sizeof scratch) {
      Serial.println("scratch is too small");
      for (;;) {
      }
    }
  }
}

void loop() {
  for (int i = 0; i < KWS_INPUTS; i++) {
    features[i] = (int8_t)(i % 101 - 50); /* put the front end's features here */
  }
  const float *logits = run(features);
  for (int i = 0; i < kws_model.label_count; i++) {
    Serial.print(kws_model.labels[i]);
    Serial.print(' ');
    Serial.println(logits[i], 6);
  }
  delay(1000);
}
