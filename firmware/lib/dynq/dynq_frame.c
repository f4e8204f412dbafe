#include "dynq_frame.h"

#include "dynq_variant.h"

#if !defined(DYNQ_VARIANT_MVE) && !defined(DYNQ_VARIANT_CORTEX_M4_DSP)
void dynq_scan(const float *x, uint32_t n, dynq_range_t *range) {
  int32_t low = INT32_MAX, high = INT32_MIN;
  for (uint32_t k = 0; k < n; k++) {
    int32_t key = dynq_key(dynq_bits(x[k]));
    low = key < low ? key : low;
    high = key > high ? key : high;
  }
  range->low = dynq_float((uint32_t)dynq_key((uint32_t)low));
  range->high = dynq_float((uint32_t)dynq_key((uint32_t)high));
}
#endif

int dynq_frame_from_range(const dynq_range_t *range, dynq_frame_t *frame) {
  float low = range->low, high = range->high;
  /* low <= high, so these two bound both magnitudes; a NaN fails either */
  if (!(low > -DYNQ_MAX_INPUT && high < DYNQ_MAX_INPUT)) {
    return 0;
  }
  float span = high - low;
  frame->clamp = 0;
  if (span < DYNQ_MIN_RANGE) {
    frame->scale = 0.0f;
    frame->offset = low;
    frame->inverse = 0.0f;
    return 1;
  }
  const float middle = low * 0.5f + high * 0.5f;
  const float inverse = 254.0f / span;
  frame->scale = span / 254.0f;
  frame->offset = middle;
  frame->inverse = inverse;
#if defined(DYNQ_VARIANT_SCALAR)
  frame->largest = high > -low ? high : -low;
#endif
  /* subtracting, multiplying and rounding are monotone: no code lies outside those of low and high */
  frame->clamp = dynq_round((low - middle) * inverse) < -DYNQ_CODE_LIMIT ||
                 dynq_round((high - middle) * inverse) > DYNQ_CODE_LIMIT;
  return 1;
}
