/* Power spectrum of one windowed frame; internal to the front end. */
#ifndef FRONTEND_FFT_H_
#define FRONTEND_FFT_H_

#include "frontend.h"

/* Leaves the power of bin k, 1 <= k <= 255, in spectrum[2 * k]. Bins 0 and 256 are not computed: no band reaches them.
 */
void frontend_power_spectrum(const frontend_config_t *config, const int16_t *pcm, float *spectrum);

#endif
