#include "dynq_float.h"

/* Cores with a variant of their own find it in assembly, or by vectors. */
#if defined(DYNQ_VARIANT_REFERENCE) || (defined(DYNQ_VARIANT_SCALAR) && !defined(__ARM_ARCH_ISA_THUMB))
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

void dynq_invalid(dynq_signal_t *output, uint32_t count) {
  const uint32_t nan = DYNQ_NAN_BITS;
  uint8_t *values = output->values;
  for (uint32_t j = 0; j < count; j++) {
    memcpy(values + 4 * j, &nan, sizeof nan); /* as bits: moving it through an FPU must not matter */
  }
  memcpy(&output->range.low, &nan, sizeof nan);
  memcpy(&output->range.high, &nan, sizeof nan);
}
