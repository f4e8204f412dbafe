/* Sizes of a layer's packed data, so that a caller can check what a file says before a kernel reads it. */
#include "dynq.h"
#include "dynq_packing.h"

static uint32_t tile_bytes(uint32_t inputs, uint32_t bits) {
#if defined(DYNQ_VARIANT_REFERENCE)
  return DYNQ_REFERENCE_COLUMN_BYTES(inputs, bits);
#elif defined(DYNQ_VARIANT_SCALAR)
  const uint32_t per_step = bits == 8 ? 1 : bits == 4 ? 4 : 8; /* inputs, in one word at 8 bits, in two otherwise */
  return (inputs + per_step - 1) / per_step * (bits == 8 ? 4 : 8);
#elif defined(DYNQ_VARIANT_CORTEX_M4_DSP)
  return (bits == 2 ? DYNQ_M4_W2_BLOCKS(inputs) * DYNQ_M4_W2_STEPS(inputs) : DYNQ_M4_STEPS(inputs) * (bits / 2)) * 8;
#else
  return (inputs + 15) / 16 * 8 * bits;
#endif
}

static uint32_t tiles(uint32_t outputs) {
  return (outputs + DYNQ_COLUMN_TILE - 1) / DYNQ_COLUMN_TILE;
}

size_t dynq_weight_bytes(uint32_t inputs, uint32_t outputs, uint32_t bits) {
  const int known = bits == 8 || bits == 4 || bits == 2;
  if (!known || inputs < 1 || inputs > DYNQ_MAX_WIDTH || outputs < 1 || outputs > DYNQ_MAX_WIDTH) {
    return 0;
  }
  return (size_t)tiles(outputs) * tile_bytes(inputs, bits);
}

size_t dynq_column_bytes(uint32_t outputs) {
  return (size_t)tiles(outputs) * DYNQ_COLUMN_TILE * 4 * sizeof(float);
}
