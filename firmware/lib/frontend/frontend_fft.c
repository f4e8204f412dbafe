/* 512 real samples as 256 complex ones (even samples real, odd ones imaginary), four radix-4 passes in place, then the
 * split into the real spectrum. Radix 4 takes a quarter fewer operations than radix 2 and half the passes over memory.
 * The window table carries the split's factor 1/2. */
#include "frontend_fft.h"

#define POINTS (FRONTEND_FFT_SIZE / 2)
#define QUARTER (POINTS / 4)

typedef struct {
  float re, im;
} complex_t;

static inline complex_t add(complex_t a, complex_t b) {
  return (complex_t){a.re + b.re, a.im + b.im};
}

static inline complex_t sub(complex_t a, complex_t b) {
  return (complex_t){a.re - b.re, a.im - b.im};
}

static inline complex_t mul(complex_t a, complex_t b) {
  return (complex_t){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* exp(-2 pi i k / 512): -sin(x) = cos(x + pi/2), so one table serves both parts. k < 384. */
static inline complex_t twiddle(const float *cosine, uint32_t k) {
  return (complex_t){cosine[k], cosine[k + FRONTEND_FFT_SIZE / 4]};
}

static inline void butterfly(complex_t *z, uint32_t stride, complex_t a, complex_t b, complex_t c, complex_t d) {
  const complex_t even = add(a, c), odd = sub(a, c), sum = add(b, d), difference = sub(b, d);
  z[0] = add(even, sum);
  z[stride] = (complex_t){odd.re + difference.im, odd.im - difference.re};
  z[2 * stride] = sub(even, sum);
  z[3 * stride] = (complex_t){odd.re - difference.im, odd.im + difference.re};
}

static inline complex_t windowed(const frontend_config_t *config, const int16_t *pcm, uint32_t point) {
  const uint32_t i = 2 * point;
  complex_t z = {0.0f, 0.0f};
  if (i < config->window_samples)
    z.re = (float)pcm[i] * config->window[i];
  if (i + 1 < config->window_samples)
    z.im = (float)pcm[i + 1] * config->window[i + 1];
  return z;
}

/* The first pass has no twiddles and reads the samples in digit-reversed order, so that the rest runs in place. */
static void first_pass(const frontend_config_t *config, const int16_t *pcm, complex_t *z) {
  for (uint32_t b = 0; b < QUARTER; b++) {
    const uint32_t n = (b & 3) << 4 | (b & 12) | b >> 4;
    butterfly(z + 4 * b, 1, windowed(config, pcm, n), windowed(config, pcm, n + QUARTER),
              windowed(config, pcm, n + 2 * QUARTER), windowed(config, pcm, n + 3 * QUARTER));
  }
}

static void transform(const float *cosine, complex_t *z) {
  for (uint32_t stride = 4; stride < POINTS; stride *= 4) {
    const uint32_t step = FRONTEND_FFT_SIZE / 4 / stride;
    for (uint32_t k = 0; k < stride; k++) {
      const complex_t w1 = twiddle(cosine, k * step);
      const complex_t w2 = twiddle(cosine, 2 * k * step);
      const complex_t w3 = twiddle(cosine, 3 * k * step);
      for (complex_t *at = z + k; at < z + POINTS; at += 4 * stride)
        butterfly(at, stride, at[0], mul(at[stride], w1), mul(at[2 * stride], w2), mul(at[3 * stride], w3));
    }
  }
}

static inline float norm(complex_t a) {
  return a.re * a.re + a.im * a.im;
}

void frontend_power_spectrum(const frontend_config_t *config, const int16_t *pcm, float *spectrum) {
  complex_t *z = (complex_t *)spectrum;
  first_pass(config, pcm, z);
  transform(config->cosine, z);
  for (uint32_t k = 1; k < POINTS / 2; k++) {
    const complex_t a = z[k], b = {z[POINTS - k].re, -z[POINTS - k].im};
    const complex_t even = add(a, b), odd = sub(a, b);
    const complex_t turned = mul((complex_t){odd.im, -odd.re}, twiddle(config->cosine, k));
    z[k].re = norm(add(even, turned));
    z[POINTS - k].re = norm(sub(even, turned)); /* of the conjugate: the same power */
  }
  z[POINTS / 2].re = 4.0f * norm(z[POINTS / 2]);
}
