#include "softmax.h"

#include <math.h>

void softmax(const float *logits, unsigned count, float *probabilities) {
  float most = logits[0];
  float sum = 0.0f;
  for (unsigned i = 1; i < count; i++) {
    most = logits[i] > most ? logits[i] : most;
  }
  for (unsigned i = 0; i < count; i++) {
    probabilities[i] = expf(logits[i] - most);
    sum += probabilities[i];
  }
  for (unsigned i = 0; i < count; i++) {
    probabilities[i] /= sum;
  }
}
