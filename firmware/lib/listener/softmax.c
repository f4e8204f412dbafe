#include "softmax.h"

#include <stdint.h>
#include <string.h>

#define LOWEST -86.0f /* below it the exponential is taken for 0: it would come near the subnormal numbers */

/* e^x for x <= 0: 2^n e^r with |r| <= ln(2) / 2, and the Taylor polynomial of e^r to the seventh power, whose error is
 * below 2^-27. ln(2) is split so that n times its first part is exact. */
static float exponential(float x) {
  if (x < LOWEST) {
    return 0.0f;
  }
  const int32_t n = (int32_t)(x * 0x1.715476p+0f - 0.5f);
  const float r = (x - (float)n * 0x1.62ep-1f) - (float)n * 0x1.0bfbe8p-15f;
  float sum = 0x1.a01a02p-13f;
  sum = sum * r + 0x1.6c16c2p-10f;
  sum = sum * r + 0x1.111112p-7f;
  sum = sum * r + 0x1.555556p-5f;
  sum = sum * r + 0x1.555556p-3f;
  sum = sum * r + 0x1p-1f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;
  const uint32_t bits = (uint32_t)(n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return sum * power;
}

/* Of a logit less the highest one: where that is neither 0 nor below, it is NaN, or infinity less itself. */
static float of_difference(float x) {
  return x <= 0.0f ? exponential(x) : x - x;
}

void listener_softmax(const float *logits, unsigned count, float *probabilities) {
  float most = logits[0];
  float sum = 0.0f;
  for (unsigned i = 1; i < count; i++) {
    most = logits[i] > most ? logits[i] : most;
  }
  for (unsigned i = 0; i < count; i++) {
    probabilities[i] = of_difference(logits[i] - most);
    sum += probabilities[i];
  }
  for (unsigned i = 0; i < count; i++) {
    probabilities[i] /= sum;
  }
}

void listener_softmax_of_pairs(const float *logits, unsigned count, float *probabilities) {
  unsigned best = 0;
  float nothing = 0.0f; /* or, with a NaN or an infinity among them, NaN: it spoils all that it is added to */
  for (unsigned i = 0; i < count; i++) {
    nothing += logits[i] - logits[i];
    best = logits[i] > logits[best] ? i : best;
  }
  float second = best > 0 ? logits[0] : logits[count - 1];
  for (unsigned i = 0; i < count; i++) {
    second = i != best && logits[i] > second ? logits[i] : second;
  }
  const float most = logits[best];
  for (unsigned i = 0; i < count; i++) {
    const float e = of_difference((i == best ? second : logits[i]) - most);
    probabilities[i] = (i == best ? 1.0f : e) / (1.0f + e) + nothing;
  }
}
