/* One call per clip instead of one per window; for the host only. */
#include "frontend.h"

void frontend_power_rows(const frontend_config_t *config, const int16_t *pcm, size_t hops, float *power);

void frontend_power_rows(const frontend_config_t *config, const int16_t *pcm, size_t hops, float *power) {
  float scratch[FRONTEND_SCRATCH_FLOATS];
  for (size_t hop = 0; hop < hops; hop++)
    frontend_power(config, pcm + hop * config->hop_samples, scratch, power + hop * config->bands);
}
