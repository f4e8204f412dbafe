/* Mel bands and their int8 codes. */
#include "frontend_fft.h"

#include <float.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16 /* 16: half precision is native too, as on Cortex-M55 */
#error "float32 arithmetic must round to float32: on 32-bit x86 build with -msse2 -mfpmath=sse"
#endif

/* The triangles of neighbouring bands add up to 1: over one segment, what rises in a band falls in the band before. */
void frontend_power(const frontend_config_t *config, const int16_t *pcm, float *scratch, float *power) {
  frontend_power_spectrum(config, pcm, scratch);
  const float *bin = scratch + 2 * config->first_bin;
  const float *weight = config->rising;
  float rising_before = 0.0f;
  for (uint32_t segment = 0; segment <= config->bands; segment++) {
    float rising = 0.0f, falling = 0.0f;
    for (uint32_t n = config->segment_bins[segment]; n > 0; n--) {
      const float part = *weight++ * *bin;
      rising += part;
      falling += *bin - part;
      bin += 2;
    }
    if (segment > 0)
      power[segment - 1] = rising_before + falling;
    rising_before = rising;
  }
}

/* round(2^15 * log2(1 + i/32)) */
static const uint16_t log2_table[33] = {0,     1455,  2866,  4236,  5568,  6863,  8124,  9352,  10549, 11716, 12855,
                                        13968, 15055, 16117, 17156, 18173, 19168, 20143, 21098, 22034, 22952, 23852,
                                        24736, 25604, 26455, 27292, 28114, 28922, 29717, 30498, 31267, 32024, 32768};

/* log2 of a positive float in steps of 2^-15: exponent, and the table between the mantissa's leading 5 bits. */
static int32_t log2_q15(uint32_t bits) {
  const int32_t exponent = (int32_t)(bits >> 23) - 127;
  const uint32_t mantissa = bits & 0x7fffff, index = mantissa >> 18, fraction = mantissa & 0x3ffff;
  const uint32_t low = log2_table[index], high = log2_table[index + 1];
  return exponent * 32768 + (int32_t)(low + ((high - low) * (fraction >> 2) >> 16));
}

void frontend_encode(const float *power, int8_t *codes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &power[i], sizeof bits);
    if (bits >> 31)
      bits = 0; /* powers are sums of squares; a sign can only be that of -0 or a NaN */
    const int32_t octaves = log2_q15(bits) - FRONTEND_ZERO_OCTAVE * 32768;
    const int32_t code = (octaves * FRONTEND_STEPS_PER_OCTAVE_X2 + 32768) >> 16;
    codes[i] = (int8_t)(code < -127 ? -127 : code > 127 ? 127 : code);
  }
}
