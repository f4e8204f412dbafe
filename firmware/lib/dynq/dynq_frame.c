/* The frame of a dense layer. Cores without an FPU find it in integers (dynq_soft_frame.c). */
#include "dynq_variant.h"

#if !defined(DYNQ_VARIANT_SCALAR)
#include "dynq_frame.h"

#define LEVELS 253.0f
#define MAX_ZERO 1023.0f
#define LOW_SIGNIFICAND 0x1fffu /* beyond 11 bits */

int dynq_frame_from_range(const dynq_range_t *range, dynq_frame_t *frame) {
  const uint32_t magnitude = dynq_magnitude(range);
  if (magnitude >= DYNQ_MAX_MAGNITUDE_BITS) {
    return 0;
  }
  if (magnitude < DYNQ_MIN_MAGNITUDE_BITS) {
    *frame = (dynq_frame_t){0};
    return 1;
  }
  const float by_range = (range->high - range->low) * (1.0f / LEVELS);
  const float by_magnitude = dynq_float(magnitude) * (1.0f / MAX_ZERO);
  const float least = by_range > by_magnitude ? by_range : by_magnitude;
  frame->step = dynq_float((dynq_bits(least) + LOW_SIGNIFICAND) & ~LOW_SIGNIFICAND);
  frame->inverse = 1.0f / frame->step;
  frame->zero = dynq_round((range->low * frame->inverse + range->high * frame->inverse) * 0.5f);
  return 1;
}
#endif
