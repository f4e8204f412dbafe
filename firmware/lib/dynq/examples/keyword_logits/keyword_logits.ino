/* Runs a keyword spotter on rows of features and prints its logits. Beside this sketch belong kws_model.h and the files
 * that `python -m pipeline.build export MODEL.tflite --target nano33 --out .` writes; beside this library the libraries
 * `frontend` and `listener`, whose headers they include. */
#include <Arduino.h>

#include <string.h>

#include "kws_model.h"

static int8_t features[KWS_INPUTS];

void setup() {
  Serial.begin(115200);
  if (strcmp(dynq_variant(), KWS_VARIANT) != 0) {
    Serial.println("the model is packed for other kernels");
    for (;;) {
    }
  }
}

void loop() {
  for (int i = 0; i < KWS_INPUTS; i++) {
    features[i] = (int8_t)(i % 101 - 50); /* put the front end's features here */
  }
  const float *logits = NULL;
  dynq_network_reset(&kws_network);
  for (int i = 0; i < KWS_INPUTS; i += KWS_BANDS) {
    logits = dynq_network_step(&kws_network, features + i); /* NULL after a row without a step */
  }
  for (int i = 0; i < kws_model.label_count; i++) {
    Serial.print(kws_model.labels[i]);
    Serial.print(' ');
    Serial.println(logits[i], 6);
  }
  delay(1000);
}
