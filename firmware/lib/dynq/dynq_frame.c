#include "dynq_frame.h"

#include "dynq_variant.h"

#if !defined(DYNQ_VARIANT_MVE)
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

dynq_frame_kind_t dynq_frame_from_range(const dynq_range_t *range, dynq_frame_t *frame) {
  float low = range->low, high = range->high;
  /* low <= high, so these two bound both magnitudes; a NaN fails either */
  if (!(low > -DYNQ_MAX_INPUT && high < DYNQ_MAX_INPUT)) {
    return DYNQ_FRAME_INVALID;
  }
  float span = high - low;
  if (span < DYNQ_MIN_RANGE) {
    *frame = (dynq_frame_t){.scale = 0.0f, .offset = low};
    return DYNQ_FRAME_CONSTANT;
  }
  float middle = low * 0.5f + high * 0.5f;
  float inverse = 254.0f / span;
  *frame = (dynq_frame_t){
      .scale = span / 254.0f, .offset = middle, .inverse = inverse, .largest = high > -low ? high : -low};
  /* subtracting, multiplying and rounding are monotone: no code lies outside those of low and high */
  frame->clamp = dynq_round((low - middle) * inverse) < -DYNQ_CODE_LIMIT ||
                 dynq_round((high - middle) * inverse) > DYNQ_CODE_LIMIT;
  return DYNQ_FRAME_VARIES;
}
